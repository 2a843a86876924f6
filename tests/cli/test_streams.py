"""Standard input, output and error: what goes where, and what happens when one is gone."""
import json
import os
import subprocess
import time

import results
import runner
from runner import (ASK, ASK_PICTURE, FAILED, LM, PICTURE, PICTURE_CODE, PIPE, USAGE, Case)


class Input(Case):
    def tokens(self, *arguments, **how):
        return self.succeed(*ASK, "--json", *arguments, **how).json()["prompt_tokens"]

    def test_picture(self):
        with open(PICTURE, "rb") as f:
            answer = self.succeed(*ASK_PICTURE, "-p", "hi", "-i", "-", "--json", stdin=f).json()
        self.assertEqual(answer["images"][0]["path"], "-")
        self.assertEqual(answer["images"][0]["width"], 150)
        from_pipe = self.succeed(*ASK_PICTURE, "-p", "hi", "-i", "-", "--json",
                                 data=PICTURE.read_bytes()).json()
        self.assertEqual(answer["text"], from_pipe["text"])
        from_file = self.succeed(*ASK_PICTURE, "-p", "hi", "-i", PICTURE, "--json").json()
        self.assertEqual(answer["text"], from_file["text"])

    def test_text_stands_before_the_question(self):
        together = self.tokens("-p", "Some words.\n\nWhat is it?")
        self.assertEqual(self.tokens("-p", "What is it?", data="Some words.\n"), together)
        self.assertLess(self.tokens("-p", "What is it?"), together)

    def test_text_alone_is_a_question(self):
        self.assertEqual(self.tokens("-p", "", data="hello"), self.tokens("-p", "hello\n\n"))

    def test_is_not_read_beside_a_picture(self):
        """A pipe that nobody ends must not be waited for."""
        process = self.start(*ASK_PICTURE, "-i", PICTURE, "-p", "hi")
        self.assertEqual(process.wait(runner.PATIENCE), 0)

    def test_not_utf8(self):
        self.refuse(USAGE, ("standard input", "UTF-8", "-i -"), *ASK, "-p", "hi",
                    data=PICTURE.read_bytes())
        self.refuse(USAGE, "UTF-8", *ASK, "-p", "hi", data=b"zero\0byte")

    def test_too_long(self):
        self.refuse(USAGE, "2048", *ASK, "-p", "hi", data="word " * 100000)

    def test_silent_pipe_is_announced(self):
        process = self.start(*ASK, "-p", "hi")
        start = time.monotonic()
        self.wait_for(process.stderr, b"reading standard input")
        self.assertGreater(time.monotonic() - start, 0.4)
        result = self.finish(process, data=b"words")
        self.assertEqual(result.code, 0, result)
        self.check_answer(result)

    def test_silent_pipe_is_announced_for_a_picture(self):
        process = self.start(*ASK_PICTURE, "-p", "hi", "-i", "-")
        self.wait_for(process.stderr, b"reading standard input")
        self.assertEqual(self.finish(process, data=PICTURE.read_bytes()).code, 0)

    def test_pipe_that_speaks_is_not_announced(self):
        self.assertEqual(self.succeed(*ASK, "-p", "hi", data="words").err, "")

    def test_closed(self):
        closed = ("sh", "-c", 'exec "$@" <&-', "sh")
        self.succeed(*ASK, "-p", "hi", before=closed)
        self.succeed(*ASK, "--plain", before=closed)
        self.refuse(PICTURE_CODE, "empty", *ASK_PICTURE, "-p", "hi", "-i", "-", before=closed)

    def test_folder(self):
        folder = os.open(self.files, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        self.refuse(FAILED, "standard input", *ASK, "-p", "hi", stdin=folder)


class Output(Case):
    def test_answer_ends_in_one_newline(self):
        for n in ("1", "2", "7", "30"):
            result = self.succeed("-m", LM, "-n", n, "--seed", n, "-p", "hi", "--temp", "1.5")
            self.check_answer(result)
            self.assertEqual(result.err, "")

    def test_same_seed_says_the_same(self):
        how = ("-m", LM, "-n", "20", "--temp", "1", "--top-p", "0", "-p", "hi", "--seed")
        first = self.succeed(*how, "7").out
        self.assertEqual(self.succeed(*how, "7").out, first)
        self.assertNotEqual(self.succeed(*how, "8").out, first)

    def test_json_has_the_fields_of_the_design(self):
        number = (int, float)
        fields = {"text": str, "model": str, "device": str, "images": list, "prompt_tokens": int,
                  "cached_tokens": int, "prefill_ms": number, "generated_tokens": int,
                  "generate_ms": number, "stop": str}
        picture = {"path": str, "width": int, "height": int, "tokens": int, "encode_ms": number}
        result = self.succeed(*ASK_PICTURE, "-i", PICTURE, PICTURE, "-p", "hi", "--json")
        self.assertEqual(result.out.count("\n"), 1)
        answer = json.loads(result.out)
        self.assertEqual(list(answer), list(fields))
        for name, kind in fields.items():
            self.assertIsInstance(answer[name], kind, name)
        self.assertEqual(len(answer["images"]), 2)
        for shown in answer["images"]:
            self.assertEqual(list(shown), list(picture))
            for name, kind in picture.items():
                self.assertIsInstance(shown[name], kind, name)
        self.assertEqual(answer["images"][0]["tokens"], 64)
        self.assertEqual(answer["generated_tokens"], 4)
        self.assertEqual(answer["stop"], "length")
        self.assertEqual(answer["cached_tokens"], 0)
        self.assertGreater(answer["prompt_tokens"], 2 * 64)
        self.assertGreater(answer["prefill_ms"], 0)
        self.assertGreater(answer["generate_ms"], 0)
        # The same picture twice is encoded once.
        self.assertGreater(answer["images"][0]["encode_ms"], 0)
        self.assertEqual(answer["images"][1]["encode_ms"], 0)

    def test_json_and_text_agree(self):
        text = self.succeed(*ASK, "-p", "hi").out
        self.assertEqual(self.succeed(*ASK, "-p", "hi", "--json").json()["text"] + "\n", text)

    def test_reader_that_went_away(self):
        for arguments in ((*ASK, "-p", "hi"), ("--help",), ("inspect", "model", "-m", LM),
                          ("devices",), ("-m", LM, "-p", "hi", "-n", "100", "--json")):
            with self.subTest(arguments=arguments):
                read, write = os.pipe()
                os.close(read)
                result = self.run_program(*arguments, stdout=write)
                os.close(write)
                self.assertEqual(result.code, PIPE, result)
                self.assertEqual(result.err, "")

    def test_reader_that_goes_away_in_the_middle(self):
        process = self.start(*self.endless(), "-p", "hi", stdin=subprocess.DEVNULL)
        process.stdout.read(1)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.wait(runner.PATIENCE), PIPE)

    def test_reader_that_went_away_ends_the_chat(self):
        read, write = os.pipe()
        os.close(read)
        result = self.run_program(*ASK, "--plain", data="hi\nyou\n", stdout=write)
        os.close(write)
        self.assertEqual(result.code, PIPE, result)
        self.assertEqual(result.err, "")

    def test_full_disk(self):
        for arguments in ((*ASK, "-p", "hi"), ("--help",), ("--version",), ("models",),
                          (*ASK, "-p", "hi", "--json"), ("devices", "--json")):
            with self.subTest(arguments=arguments):
                with open("/dev/full", "wb") as full:
                    result = self.run_program(*arguments, stdout=full)
                self.assertEqual(result.code, FAILED, result)
                self.check_message(result, "standard output", "no space")

    def test_closed(self):
        result = self.run_program(*ASK, "-p", "hi", before=("sh", "-c", 'exec "$@" >&-', "sh"))
        self.assertEqual(result.code, FAILED, result)
        self.check_message(result, "standard output")


class Messages(Case):
    def test_quiet_says_nothing_but_errors(self):
        self.assertEqual(self.succeed(*ASK, "-q", "-p", "hi").err, "")
        result = self.succeed(*ASK_PICTURE, "-q", "--plain", data=f"/image {PICTURE}\n")
        self.assertEqual(result.err, "")
        self.refuse(runner.MODEL, "does not exist", "-q", "-m", "/no/such.gguf", "-p", "hi")

    def test_verbose_says_more(self):
        once = self.succeed(*ASK, "-v", "-p", "hi")
        twice = self.succeed(*ASK, "-vv", "-p", "hi")
        self.assertIn("tokens of prompt", once.err)
        self.assertGreater(twice.err.count("\n"), once.err.count("\n"))
        for line in twice.err.splitlines():
            self.assertTrue(line.startswith("pumice: "), line)
        self.assertEqual(once.out, self.succeed(*ASK, "-p", "hi").out)

    def test_color(self):
        red = "\033[31m"
        self.assertIn(red, self.run_program("-p", "", "--color", "always").err)
        self.assertNotIn(red, self.run_program("-p", "", "--color", "never").err)
        self.assertNotIn(red, self.run_program("-p", "").err)

    def test_closed_standard_error(self):
        result = self.run_program(*ASK, "-p", "hi", before=("sh", "-c", 'exec "$@" 2>&-', "sh"))
        self.assertEqual(result.code, 0, result)
        result = self.run_program("-p", "", before=("sh", "-c", 'exec "$@" 2>&-', "sh"))
        self.assertEqual((result.code, result.out), (USAGE, ""))


class Caches(Case):
    # Vulkan's validation layer has caches of its own.
    no_layer = {"VK_INSTANCE_LAYERS": None, "PUMICE_VALIDATION": None}

    def test_home_gets_caches_and_nothing_else(self):
        self.succeed(*ASK, "-p", "hi", env={"PUMICE_HOME": None, **self.no_layer})
        made = sorted(p.relative_to(self.home).parts for p in self.home.rglob("*"))
        self.assertTrue(made)
        for parts in made:
            self.assertIn(parts[:2], ((".cache",), (".cache", "pumice")))
        for folder in (self.home / ".cache" / "pumice").rglob("*"):
            self.assertEqual(folder.stat().st_mode & 0o022, 0, folder)
        runner.shutil.rmtree(self.home / ".cache")

    def test_xdg_cache_home(self):
        self.succeed(*ASK, "-p", "hi", env={
            "PUMICE_HOME": None, "XDG_CACHE_HOME": self.files, **self.no_layer})
        self.assertEqual([p.name for p in self.files.iterdir()], ["pumice"])

    def test_unwritable_cache_is_no_obstacle(self):
        (self.files / "home").mkdir(mode=0o500)
        self.succeed(*ASK, "-p", "hi", env={"PUMICE_HOME": self.files / "home"},
                     before=runner.AS_A_USER)

    def test_damaged_cache_is_no_obstacle(self):
        home = self.files / "home"
        self.succeed(*ASK, "-p", "hi", env={"PUMICE_HOME": home})
        caches = list((home / "cache").glob("pipelines-*"))
        self.assertTrue(caches)
        for size in (0, 7, 200):
            for path in caches:
                path.write_bytes(b"\xff" * size)
            result = self.succeed(*ASK, "-p", "hi", env={"PUMICE_HOME": home})
            self.assertEqual(result.err, "")


if __name__ == "__main__":
    results.main()
