"""Runs the program as a person would, and checks what it must keep to.

A test case derives from Case: each test gets an empty home, working folder and TMPDIR, in which the
program may leave nothing (tear_down looks), and `files` for what the test itself makes. Caches go
to a home that all tests share, so that kernels are compiled once.

Environment: PUMICE_TEST_PROGRAM, PUMICE_TEST_DATA, PUMICE_TEST_CLI_HOME (meson sets them), and
PUMICE_TEST_MODEL, PUMICE_TEST_EYES (the default model; `check` sets them).
"""
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import termios
import time
import unittest

from gguf_file import Gguf

PROGRAM = os.environ["PUMICE_TEST_PROGRAM"]
DATA = pathlib.Path(os.environ["PUMICE_TEST_DATA"])
ROOT = DATA.parent.parent
LM = DATA / "synth" / "lm-Q4_0.gguf"
EYES = DATA / "synth" / "eyes-mlp-f16.gguf"
PICTURE = DATA / "synth" / "pic.png"
DEFAULT_MODEL = os.environ.get("PUMICE_TEST_MODEL", "")
DEFAULT_EYES = os.environ.get("PUMICE_TEST_EYES", "")

# No answer of these tests takes longer, however slow the machine.
PATIENCE = 120

OK, FAILED, USAGE, MODEL, PICTURE_CODE, DEVICE, INTERRUPTED, PIPE = 0, 1, 2, 3, 4, 5, 130, 141

needs_default_model = unittest.skipUnless(
    os.path.exists(DEFAULT_MODEL) and os.path.exists(DEFAULT_EYES),
    "PUMICE_TEST_MODEL and PUMICE_TEST_EYES name no files (./check sets them)")

# Before a command: root must keep to file modes as everybody else.
DROP_POWERS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
AS_A_USER = DROP_POWERS if os.geteuid() == 0 else ()


def shared_home():
    """The home with the caches and, if they are given, the default model's files."""
    home = pathlib.Path(os.environ["PUMICE_TEST_CLI_HOME"])
    (home / "models").mkdir(parents=True, exist_ok=True)
    for source, name in ((DEFAULT_MODEL, "SmolLM2-135M-Instruct-pumice.gguf"),
                         (DEFAULT_EYES, "pumice-eyes.gguf")):
        link = home / "models" / name
        if source and os.path.exists(source) and not link.exists():
            working = link.with_name(f".{os.getpid()}-{name}")
            working.symlink_to(os.path.abspath(source))
            working.replace(link)
    return home


def control_terminal(fd):
    """Makes a terminal the one whose Ctrl+C this new session gets."""
    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)


class Result:
    """What came out: code, out and err (both must be UTF-8)."""

    def __init__(self, arguments, code, out, err):
        self.arguments, self.code = arguments, code
        self.out, self.err = out.decode("utf-8"), err.decode("utf-8")

    def __str__(self):
        return f"pumice {self.arguments}\n-> {self.code}\nout: {self.out!r}\nerr: {self.err!r}"

    def json(self):
        return json.loads(self.out)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pumice-test-"))
        self.addCleanup(shutil.rmtree, self.root, True)
        for name in ("home", "work", "tmp", "files"):
            (self.root / name).mkdir()
            setattr(self, name, self.root / name)

    def tearDown(self):
        left = [p for name in ("home", "work", "tmp") for p in (self.root / name).rglob("*")
                if not p.name.startswith("shader_validation_cache")]  # of Vulkan's own layer
        self.assertEqual(left, [], "the program left something behind")

    # ---- making things

    def write(self, name, data):
        path = self.files / name
        path.write_bytes(data)
        return path

    def endless(self):
        """A model that never ends an answer: its tokens that would are ordinary ones."""
        g = Gguf(LM)
        del g.pairs["tokenizer.ggml.eos_token_id"]
        g.pairs["tokenizer.ggml.tokens"] = tuple(
            value.replace(b"<|im_end|>", b"<|im_xxx|>").replace(b"<|endoftext|>", b"<|xxxoftext|>")
            if isinstance(value, bytes) else value for value in g.pairs["tokenizer.ggml.tokens"])
        return ("-m", g.write(self.files / "endless.gguf"), "--chat-template", "chatml", "-n",
                "1900", "--temp", "3", "--top-p", "0")

    def environment(self, changes):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("PUMICE_", "XDG_")) and k != "NO_COLOR"}
        for keep in ("PUMICE_KERNELS", "PUMICE_VALIDATION"):
            if keep in os.environ:
                env[keep] = os.environ[keep]
        env.update(HOME=str(self.home), TMPDIR=str(self.tmp), TERM="xterm", LC_ALL="C.UTF-8",
                   PUMICE_HOME=str(shared_home()))
        for name, value in changes.items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = str(value)
        return env

    # ---- running

    def start(self, *arguments, env=None, before=(), **how):
        """The process, for tests that talk with it; pipes unless told otherwise. `before`: words
        in front of the program's name."""
        for stream in ("stdin", "stdout", "stderr"):
            how.setdefault(stream, subprocess.PIPE)
        how.setdefault("cwd", self.work)
        how.setdefault("bufsize", 0)  # nothing is held back from who reads next
        process = subprocess.Popen([*before, PROGRAM, *map(self.argument, arguments)],
                                   env=self.environment(env or {}), **how)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def argument(value):
        return value if isinstance(value, bytes) else str(value)

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    def finish(self, process, arguments=(), data=None, out=b""):
        """Waits for the end of a process that start() started. `out`: was read before."""
        more, err = process.communicate(data, timeout=PATIENCE)
        return Result(arguments, process.returncode, out + (more or b""), err or b"")

    def run_program(self, *arguments, data=None, **how):
        """data: for standard input (bytes or text); without it that is empty."""
        if isinstance(data, str):
            data = data.encode()
        if data is None:
            how.setdefault("stdin", subprocess.DEVNULL)
        return self.finish(self.start(*arguments, **how), arguments, data)

    # ---- checking

    def check_message(self, result, *words):
        """One sentence on a line of standard error, safe for a terminal, that has the words."""
        self.assertTrue(result.err.startswith("pumice: "), result)
        self.assertTrue(result.err.endswith("\n"), result)
        self.assertEqual(result.err.count("\n"), 1, result)
        self.assertLess(len(result.err), 900, result)
        self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", result.err), result)
        for word in words:
            self.assertIn(word.lower(), result.err.lower(), result)

    def refuse(self, code, words, *arguments, **how):
        """Runs what must fail: exit code, one sentence with the words, nothing on the output."""
        result = self.run_program(*arguments, **how)
        self.assertEqual(result.code, code, result)
        self.assertEqual(result.out, "", result)
        self.check_message(result, *([words] if isinstance(words, str) else words))
        return result

    def succeed(self, *arguments, **how):
        result = self.run_program(*arguments, **how)
        self.assertEqual(result.code, OK, result)
        return result

    def check_answer(self, result):
        """An answer in text: something, then exactly one newline."""
        self.assertTrue(result.out.endswith("\n"), result)
        self.assertFalse(result.out.endswith("\n\n"), result)

    def wait_for(self, stream, text, seconds=PATIENCE):
        """Reads a pipe of a process until it has said the text; returns what came."""
        os.set_blocking(stream.fileno(), False)
        seen, end = b"", time.monotonic() + seconds
        while text not in seen:
            self.assertLess(time.monotonic(), end, f"{text!r} did not come, only {seen!r}")
            more = stream.read()
            if more == b"":
                self.fail(f"the stream ended without {text!r}: {seen!r}")
            seen += more or b""
            time.sleep(0.01)
        os.set_blocking(stream.fileno(), True)
        return seen


# The small models know no words: a few tokens are enough to see that an answer comes.
ASK = ("-m", LM, "-n", "4", "--temp", "0")
ASK_PICTURE = (*ASK, "--mmproj", EYES)
