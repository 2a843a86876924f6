"""What the tests of the full-screen chat share: a home of its own, and the program in a terminal.

Not a test itself.
"""
import contextlib
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import tmux
import xterm

PROGRAM = os.environ["PUMICE_TEST_PROGRAM"]
MODEL, EYES = os.environ.get("PUMICE_TEST_MODEL"), os.environ.get("PUMICE_TEST_EYES")
PICTURES = pathlib.Path(__file__).parents[2] / "assets" / "pictures"
APPLE = PICTURES / "apple.png"
QUESTION = "What is in this picture?"
SAID = " said"  # in the line of figures under an answer that is complete
# In the palette of 256, so that it is shown as it is by pictures of any kind.
COLOR = (215, 0, 95)
# Shared by the programs of a file: what is compiled for the device need not be compiled again.
CACHE = tempfile.TemporaryDirectory(prefix="cache-", ignore_cleanup_errors=True)


def ppm(path, color, width=40, height=40, below=None):
    """Writes a picture of one colour, or with another one in its lower half."""
    half = height // 2 if below else height
    pixels = bytes(color) * width * half + bytes(below or color) * width * (height - half)
    pathlib.Path(path).write_bytes(b"P6 %d %d 255\n" % (width, height) + pixels)


def descendants(pid):
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from descendants(child)


@unittest.skipIf(not MODEL or not EYES, "the default model is not there (./check makes it)")
class ChatTest(unittest.TestCase):
    def setUp(self):
        # A program that is ending may still save its draft.
        folder = tempfile.TemporaryDirectory(prefix="screen-", ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.square = self.home / "square.ppm"
        ppm(self.square, COLOR)
        self.environment = {"HOME": folder.name, "XDG_CACHE_HOME": CACHE.name}

    # ---- starting

    def command(self, *arguments):
        return [PROGRAM, "-m", MODEL, "--mmproj", EYES, "--temp", "0", *map(str, arguments)]

    def start(self, kind, arguments, environment=None, **how):
        terminal = kind(self.command(*arguments),
                        environment={**self.environment, **(environment or {})}, **how)
        self.addCleanup(terminal.close)
        return terminal

    def text(self, *arguments, **how):
        return self.start(tmux.Tmux, arguments, **how)

    def pixels(self, *arguments, **how):
        return self.start(xterm.Xterm, arguments, **how)

    def one_shot(self, *arguments):
        done = subprocess.run(self.command(*arguments), env={**os.environ, **self.environment},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    # ---- what a person does

    def ready(self, *arguments, **how):
        """A program in tmux whose model is loaded."""
        t = self.text(*arguments, **how)
        t.wait_for("ready")
        return t

    @staticmethod
    def enter(t, line):
        t.type(line)
        t.send("Enter")

    def ask(self, t, question=QUESTION, answers=1):
        """Sends a question; returns the screen when so many answers are complete on it."""
        self.enter(t, question)
        return t.wait_until(
            lambda lines: "\n".join(lines).count(SAID) >= answers and "ready" in lines[-1],
            what="an answer")

    # ---- the process

    @staticmethod
    def process(t):
        """The number of the program in a tmux."""
        return next(pid for pid in descendants(int(t.tell("pane_pid")))
                    if os.readlink(f"/proc/{pid}/exe") == os.path.realpath(PROGRAM))

    def rest(self, t):
        """Until the program does nothing any more: what can be worked out ahead has been."""
        stat = pathlib.Path(f"/proc/{self.process(t)}/stat")
        used, since = None, 0

        def idle(_):
            nonlocal used, since
            now = stat.read_text().rpartition(")")[2].split()[11:13]
            if now != used:
                used, since = now, time.monotonic()
            return time.monotonic() - since > 0.5
        t.wait_until(idle, what="a program at rest")

    # ---- files

    def script(self, name, text):
        """A program in a folder of the home, which `with_programs` puts into PATH."""
        folder = self.home / "programs"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path

    def with_programs(self, **more):
        return {"PATH": f"{self.home / 'programs'}:{os.environ['PATH']}", **more}

    def saved(self):
        """What all files below the home hold; one may be renamed meanwhile."""
        held = b""
        for file in self.home.rglob("*"):
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                held += file.read_bytes()
        return held

    def wait_for_file(self, text, timeout=tmux.PATIENCE):
        """Until a file below the home holds the text."""
        wait(lambda: text.encode() in self.saved(), f"a file with {text!r}", timeout)


def wait(holds, what, timeout=tmux.PATIENCE):
    """Until holds() is true; returns what it gave."""
    deadline = time.monotonic() + timeout
    while not (result := holds()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come")
        time.sleep(tmux.PAUSE)
    return result
