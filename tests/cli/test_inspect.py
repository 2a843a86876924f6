"""inspect: what a file, a text or a picture is made of, as JSON or arrays."""
import json
import math
import struct

import results
from gguf_file import Gguf
from runner import DATA, EYES, FAILED, LM, PICTURE, PICTURE_CODE, USAGE, Case

SYNTH = ("-m", LM)


def floats(path):
    data = path.read_bytes()
    return struct.unpack(f"<{len(data) // 4}f", data)


class InspectModel(Case):
    def test_metadata_and_tensors(self):
        shown = self.succeed("inspect", "model", *SYNTH).json()
        self.assertEqual(shown["chat_template"], {
            "name": "chatml", "reason": "by the chat template in the file"})
        named = self.files / "llava-v1.5.gguf"
        named.write_bytes(LM.read_bytes())
        shown_by_name = self.succeed("inspect", "model", "-m", named).json()
        self.assertEqual(shown_by_name["chat_template"], {
            "name": "vicuna_v1", "reason": "by the file's name"})
        said = self.succeed("-v", "-m", named, "-p", "hi", "-n", 1)
        self.assertIn("chat template vicuna_v1, by the file's name", said.err)
        g = Gguf(LM)
        self.assertEqual(shown["version"], 3)
        self.assertEqual(shown["bytes"], LM.stat().st_size)
        self.assertEqual(list(shown["metadata"]), list(g.pairs))
        self.assertEqual(shown["metadata"]["llama.embedding_length"], 256)
        self.assertEqual([(t["name"]) for t in shown["tensors"]], [t.name for t in g.tensors])

    def test_vision_file(self):
        shown = self.succeed("inspect", "model", "-m", EYES).json()
        self.assertEqual(shown["metadata"]["general.architecture"], "clip")


class InspectTokens(Case):
    def test_prompt_with_pictures(self):
        ids = self.succeed("inspect", "tokens", *SYNTH, "--mmproj", EYES, "-i", PICTURE, "-i",
                           PICTURE, "-p", "hi").json()
        self.assertEqual([i for i in ids if isinstance(i, dict)], [{"image": 64}] * 2)

    def test_raw_prompt(self):
        ids = self.succeed("inspect", "tokens", *SYNTH, "-p", "<|im_end|>", "--raw-prompt").json()
        self.assertNotIn(2, ids)
        self.assertGreater(len(ids), 1)
        self.assertEqual(self.succeed("inspect", "tokens", *SYNTH, "-p", "", "--raw-prompt").json(),
                         [])
        self.refuse(USAGE, "--raw-prompt", "inspect", "tokens", *SYNTH, "-p", "x", "--raw-prompt",
                    "-i", PICTURE)

    def test_vocabulary_only_file(self):
        g = Gguf(LM)
        g.tensors, g.data = [], b""
        path = g.write(self.files / "vocabulary.gguf")
        for text in ("hello there", "12 times 3", "ünïcode"):
            self.assertEqual(
                self.succeed("inspect", "tokens", "-m", path, "-p", text, "--raw-prompt").json(),
                self.succeed("inspect", "tokens", *SYNTH, "-p", text, "--raw-prompt").json())
        self.assertEqual(self.succeed("inspect", "tokens", "-m", path, "-p", "hi").json(),
                         self.succeed("inspect", "tokens", *SYNTH, "-p", "hi").json())

    def test_prompt_is_missing(self):
        self.refuse(USAGE, "-p", "inspect", "tokens", *SYNTH)


class InspectArrays(Case):
    def test_pixels(self):
        out = self.files / "pixels.f32"
        shown = self.succeed("inspect", "pixels", "--mmproj", EYES, "-i", PICTURE, "-o", out).json()
        self.assertEqual(shown, {"file": str(out), "shape": [1, 3, 112, 112]})
        golden = next((DATA / "synth" / "gold").glob("*/pixels.f32")).read_bytes()
        values, expected = floats(out), struct.unpack(f"<{len(golden) // 4}f", golden)
        self.assertEqual(len(values), len(expected))
        # The bytes before the normalisation are the same; its last bit may round otherwise.
        self.assertLess(max(abs(a - b) for a, b in zip(values, expected)), 1e-5)

    def test_pixels_need_no_device(self):
        self.succeed("inspect", "pixels", "--mmproj", EYES, "-i", PICTURE, "-o", "/dev/null",
                     env={"VK_DRIVER_FILES": "/nonexistent", "VK_ICD_FILENAMES": None})

    def test_rows(self):
        out = self.files / "rows.f32"
        shown = self.succeed("inspect", "rows", *SYNTH, "--mmproj", EYES, "-i", PICTURE, "-o",
                             out).json()
        self.assertEqual(shown["shape"], [64, 256])
        self.assertEqual(len(floats(out)), 64 * 256)
        self.assertTrue(all(map(math.isfinite, floats(out))))

    def test_logits(self):
        """Of a prompt, of its ids, and with forced ids: one and the same."""
        ids = self.succeed("inspect", "tokens", *SYNTH, "-p", "hi").json()
        by_text, by_ids = self.files / "text.f32", self.files / "ids.f32"
        shown = self.succeed("inspect", "logits", *SYNTH, "-p", "hi", "--force", "[5,6]", "-o",
                             by_text).json()
        self.assertEqual(shown["shape"], [3, 1024])
        self.assertEqual(shown["prompt_tokens"], len(ids))
        self.succeed("inspect", "logits", *SYNTH, "--ids", json.dumps([ids]), "--force", "[5,6]",
                     "-o", by_ids)
        self.assertEqual(by_text.read_bytes(), by_ids.read_bytes())
        # Forced one by one or as a part of the prompt: the same but for rounding.
        self.succeed("inspect", "logits", *SYNTH, "--ids", json.dumps([ids + [5, 6]]), "-o",
                     by_ids)
        forced, whole = floats(by_text)[2 * 1024:], floats(by_ids)
        error = sum((a - b) ** 2 for a, b in zip(forced, whole))
        self.assertLess(error / sum(b * b for b in whole), 1e-6)

    def test_logits_around_a_picture(self):
        ids = self.succeed("inspect", "tokens", *SYNTH, "--mmproj", EYES, "-i", PICTURE, "-p",
                           "hi").json()
        at = ids.index({"image": 64})
        how = ("inspect", "logits", *SYNTH, "--mmproj", EYES, "-i", PICTURE)
        a, b = self.files / "a.f32", self.files / "b.f32"
        self.succeed(*how, "-p", "hi", "-o", a)
        self.succeed(*how, "--ids", json.dumps([ids[:at], ids[at + 1:]]), "-o", b)
        self.assertEqual(a.read_bytes(), b.read_bytes())

    def test_output_is_required(self):
        for command in (("pixels", "--mmproj", EYES, "-i", PICTURE),
                        ("rows", *SYNTH, "--mmproj", EYES, "-i", PICTURE),
                        ("logits", *SYNTH, "-p", "hi")):
            self.refuse(USAGE, "-o", "inspect", *command)

    def test_picture_is_required(self):
        self.refuse(USAGE, "-i", "inspect", "pixels", "--mmproj", EYES, "-o", "x")
        self.refuse(USAGE, "-i", "inspect", "rows", *SYNTH, "--mmproj", EYES, "-o", "x")

    def test_bad_ids(self):
        for ids in ("", "x", "[]", "[1]", "[[1],[2]]", "[[-1]]", "[[1.5]]", "[[99999]]", "[[]]",
                    '[["a"]]', "[[1]", "[[4294967296]]", "{}"):
            with self.subTest(ids=ids):
                self.refuse(USAGE, (), "inspect", "logits", *SYNTH, "--ids", ids, "-o", "x.f32")
        for ids in ("", "x", "[[1]]", "[-1]", "[99999]"):
            with self.subTest(force=ids):
                self.refuse(USAGE, (), "inspect", "logits", *SYNTH, "-p", "hi", "--force", ids,
                            "-o", "x.f32")
        self.refuse(USAGE, ("-p", "--ids"), "inspect", "logits", *SYNTH, "-o", "x.f32")
        self.refuse(USAGE, ("-p", "--ids"), "inspect", "logits", *SYNTH, "-p", "x", "--ids",
                    "[[1]]", "-o", "x.f32")

    def test_more_forced_ids_than_the_context_holds(self):
        self.refuse(USAGE, "context", "inspect", "logits", *SYNTH, "-p", "hi", "-c", "60",
                    "--force", json.dumps([5] * 100), "-o", "x.f32")

    def test_output_that_cannot_be_written(self):
        how = ("inspect", "pixels", "--mmproj", EYES, "-i", PICTURE, "-o")
        for target in ("/no/folder/x.f32", self.files, "/dev/full"):
            self.refuse(FAILED, str(target), *how, target)

    def test_output_is_written_whole_or_not_at_all(self):
        out = self.write("x.f32", b"old")
        how = ("inspect", "pixels", "--mmproj", EYES, "-i", PICTURE, "-o", out)
        limited = ("sh", "-c", 'trap "" XFSZ; ulimit -f 20; exec "$@"', "sh")
        self.refuse(FAILED, "x.f32", *how, before=limited)
        self.assertEqual(out.read_bytes(), b"old")
        self.assertEqual([p.name for p in self.files.iterdir()], ["x.f32"])
        self.succeed(*how)
        self.assertEqual(len(floats(out)), 3 * 112 * 112)

    def test_bad_picture_leaves_the_old_output(self):
        out = self.write("x.f32", b"old")
        self.refuse(PICTURE_CODE, "no such", "inspect", "pixels", "--mmproj", EYES, "-i",
                    "/no/such.png", "-o", out)
        self.assertEqual(out.read_bytes(), b"old")


if __name__ == "__main__":
    results.main()
