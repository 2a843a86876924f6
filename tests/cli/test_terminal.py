"""Nothing that comes out of a file or a name may steer a terminal."""
import os
import pty
import re

import gguf_file
import results
import runner
from gguf_file import Gguf
from runner import (ASK, ASK_PICTURE, LM, MODEL, PICTURE, PICTURE_CODE, Case)

# Sets the title, clears the screen, turns the direction of writing, and a C1 control.
EVIL = "a\033]0;owned\007b\033[2Jc\u202ed\u009be\rf\bg"
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Names(Case):
    def check_harmless(self, *results):
        for result in results:
            for text in (result.out, result.err):
                self.assertIsNone(HARMFUL.search(text), result)

    def evil_model(self, **changes):
        g = Gguf(LM)
        g.set("general.name", gguf_file.STRING, EVIL)
        for key, value in changes.items():
            g.set(key.replace("__", "."), gguf_file.STRING, value)
        return g.write(self.files / "model.gguf")

    def test_model_name(self):
        model = self.evil_model()
        result = self.succeed("-m", model, "-n", "1", "-p", "hi", "--json", "-vv")
        self.check_harmless(result)
        self.assertIn("owned", result.json()["model"])
        shown = self.succeed("inspect", "model", "-m", model)
        self.check_harmless(shown)
        self.assertIn("owned", shown.json()["metadata"]["general.name"])
        (self.files / "models").mkdir()
        (self.files / "models" / "m.gguf").symlink_to(model)
        env = {"PUMICE_HOME": self.files}
        listed, machine = self.succeed("models", env=env), self.succeed("models", "--json", env=env)
        self.check_harmless(listed, machine)
        self.assertIn("owned", listed.out)

    def test_model_file_name(self):
        name = EVIL + "\nx.gguf"
        (self.files / name).write_bytes(b"nothing")
        self.check_harmless(self.refuse(MODEL, "owned", "-m", self.files / name, "-p", "hi"))
        self.check_harmless(self.refuse(MODEL, "owned", "-m", "/no/" + name, "-p", "hi"))
        (self.files / "models").mkdir()
        (self.files / "models" / name).symlink_to(LM)
        env = {"PUMICE_HOME": self.files}
        self.check_harmless(self.succeed("models", env=env),
                            self.succeed("models", "--json", env=env))

    def test_names_inside_a_model(self):
        self.check_harmless(self.refuse(MODEL, "owned", "-p", "hi", "-m", self.evil_model(
            general__architecture=EVIL)))
        g = Gguf(LM)
        g.tensor("blk.0.attn_q.weight").name = EVIL
        g.tensor("blk.0.attn_k.weight").type = 77
        path = g.write(self.files / "tensor.gguf")
        self.check_harmless(self.run_program("-p", "hi", "-m", path),
                            self.run_program("inspect", "model", "-m", path))
        g.tensor("blk.0.attn_k.weight").type = g.tensor("blk.1.attn_k.weight").type
        g.tensor(EVIL).type = 77
        path = g.write(self.files / "tensor.gguf")
        self.check_harmless(self.refuse(MODEL, "owned", "-p", "hi", "-m", path))
        self.check_harmless(self.run_program("-p", "hi", "-m", self.evil_model(
            tokenizer__ggml__pre=EVIL)))

    def test_picture_name(self):
        good = self.files / (EVIL + "\n good.png")
        good.write_bytes(PICTURE.read_bytes())
        bad = self.files / (EVIL + "\n bad.png")
        bad.write_bytes(b"nothing")
        self.check_harmless(self.refuse(PICTURE_CODE, "owned", *ASK_PICTURE, "-p", "hi", "-i", bad),
                            self.refuse(PICTURE_CODE, "owned", *ASK_PICTURE, "-p", "hi", "-i",
                                        "/no/" + EVIL))
        result = self.succeed(*ASK_PICTURE, "-p", "hi", "--json", "-i", good)
        self.check_harmless(result)
        self.assertEqual(result.json()["images"][0]["path"], str(good))
        talk = self.succeed(*ASK_PICTURE, "--plain", good, data="/images\nhi\n")
        self.check_harmless(talk)
        self.assertIn("owned", talk.err)

    def test_arguments(self):
        for arguments in ((EVIL,), ("--" + EVIL,), ("-n", EVIL, "-p", "x"), ("inspect", EVIL),
                          ("devices", EVIL), ("--device", EVIL, *ASK, "-p", "x"),
                          ("--chat-template", EVIL, *ASK, "-p", "x"), ("-p", "x", "-m", EVIL),
                          ("--color", EVIL), ("models", "compose", EVIL, EVIL, EVIL)):
            with self.subTest(arguments=arguments):
                result = self.run_program(*arguments)
                self.assertNotEqual(result.code, 0)
                self.check_message(result)
                self.check_harmless(result)

    def test_what_is_typed_in_a_chat(self):
        self.check_harmless(self.succeed(*ASK_PICTURE, "--plain", data=(
            f"/{EVIL}\n/image {EVIL}\n/drop {EVIL}\n").encode()))


class Answer(Case):
    def test_tokens_that_steer_a_terminal(self):
        """A model whose vocabulary is nothing but escapes: every token of it, and one after it."""
        g = Gguf(LM)
        kind, value = g.pairs["tokenizer.ggml.tokens"]
        g.bytes, g.at = value, 12
        tokens = [g.take_text() for _ in range(1024)]
        # Bytes stand as letters in this kind of vocabulary: escape is U+011B, and so on.
        letter = {0x1b: "\u011b", 0x07: "\u0107", 0x0d: "\u010d", 0x9b: "\u013d"}
        used = set(tokens)
        for i in range(300, 1024):
            new = letter[0x1b] + "]0;owned" + letter[0x07] + letter[0x0d] + f"{i}"
            self.assertNotIn(new, used)
            tokens[i] = new
        new = value[:12] + b"".join(map(gguf_file.text, tokens))
        g.pairs["tokenizer.ggml.tokens"] = (kind, new)
        # Merges of tokens that are gone would be refused.
        g.pairs["tokenizer.ggml.merges"] = (gguf_file.ARRAY, b"\x08\0\0\0" + bytes(8))
        model = g.write(self.files / "model.gguf")
        how = ("-m", model, "-n", "60", "--temp", "2", "--top-p", "0", "--seed", "1", "-p", "hi")
        text = self.succeed(*how)
        self.assertIsNone(HARMFUL.search(text.out), text)
        self.assertIn("owned", text.out)
        machine = self.succeed(*how, "--json")
        self.assertIsNone(HARMFUL.search(machine.out), machine)


class Screen(Case):
    """At a terminal."""

    def on_terminal(self, *arguments, env=None, keys=b""):
        master, slave = pty.openpty()
        process = self.start(*arguments, stdin=slave, stdout=slave, stderr=slave,
                             env=env, start_new_session=True)
        os.close(slave)
        os.write(master, keys)
        seen = b""
        try:
            while True:
                more = os.read(master, 4096)
                if not more:
                    break
                seen += more
        except OSError:
            pass  # the other side is closed
        os.close(master)
        return process.wait(runner.PATIENCE), seen.decode()

    def test_errors_are_red_unless_told_otherwise(self):
        self.assertIn("\033[31m", self.on_terminal("-p", "")[1])
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\033", self.on_terminal("-p", "", env=env)[1])
        self.assertNotIn("\033", self.on_terminal("-p", "", "--color", "never")[1])

    def test_standard_input_at_a_terminal_is_not_read(self):
        code, seen = self.on_terminal(*ASK, "-p", "hi", env={"TERM": "dumb"})
        self.assertEqual(code, 0)
        self.assertNotIn("reading standard input", seen)

    def test_conversation_at_a_dumb_terminal(self):
        code, seen = self.on_terminal(*ASK, "--plain", env={"TERM": "dumb"},
                                      keys=b"hi\n/help\n/quit\n")
        self.assertEqual(code, 0)
        self.assertIn("/help lists the commands", seen)
        self.assertIn("> ", seen)
        self.assertNotIn("\033", seen)

    def test_full_context_offers_to_drop_the_oldest_turns(self):
        lines = ["word " * 20] * 3 + ["", "/quit"]
        code, seen = self.on_terminal(*ASK, "-c", "150", "--plain", env={"TERM": "dumb"},
                                      keys="\n".join(lines).encode() + b"\n")
        self.assertEqual(code, 0)
        self.assertIn("Drop the oldest", seen)


if __name__ == "__main__":
    results.main()
