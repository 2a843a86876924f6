"""A terminal of a given size that tells its text: tmux on a socket of its own.

Python's library only.

    with Tmux([program, "--option"], rows=24, cols=80) as t:
        t.wait_for("ready")
        t.send("hello", "Enter")
"""
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds; nothing that a test waits for takes longer, in a sanitizer either
PAUSE = 0.02   # between two looks
# What the checks tell sanitizers and the validation layer reaches the program.
CHECKS = {name: value for name, value in os.environ.items()
          if name.endswith("SAN_OPTIONS") or name.startswith("VK_")}


def missing():
    """The tools that are not installed, for unittest.skipIf."""
    return [] if shutil.which("tmux") else ["tmux"]


class Tmux:
    """`command` (a list) in a pane of rows x cols; `environment` is added to a small fixed one."""

    def __init__(self, command, rows=24, cols=80, environment=None, cwd=None, true_color=True):
        self.folder = tempfile.TemporaryDirectory(prefix="tmux-")
        folder = pathlib.Path(self.folder.name)
        self.socket = folder / "socket"
        self.status = folder / "status"
        configuration = folder / "configuration"
        configuration.write_text(
            "set -g status off\nset -g escape-time 0\nset -g default-terminal tmux-256color\n"
            "set -g remain-on-exit on\nset -g history-limit 5000\nset -g default-shell /bin/sh\n"
            "set -s set-clipboard on\n")
        env = {"HOME": self.folder.name, "LC_ALL": "C.UTF-8", **CHECKS,
               **({"COLORTERM": "truecolor"} if true_color else {}), **(environment or {})}
        words = ["env", *(f"-u{name}" for name, value in env.items() if value is None),
                 *(f"{name}={value}" for name, value in env.items() if value is not None), *command]
        # The pane's shell notes how the command ended; exec would lose that.
        script = f"{shlex.join(map(str, words))}; echo $? > {shlex.quote(str(self.status))}"
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                            "HOME": self.folder.name, "TMUX_TMPDIR": self.folder.name}
        try:
            self._run("-f", str(configuration), "new-session", "-d", "-x", str(cols),
                      "-y", str(rows), *(["-c", str(cwd)] if cwd else []), script)
        except BaseException:
            self.close()
            raise

    def _run(self, *words):
        done = subprocess.run(["tmux", "-S", str(self.socket), *words], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"tmux {words[0]}: {done.stderr.strip()}")
        return done.stdout

    def close(self):
        """Ends the program and the server."""
        try:
            self._run("kill-server")
        except RuntimeError:
            pass  # it had ended
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- what a person does

    def send(self, *keys):
        """tmux's names of keys ("Enter", "C-c", "M-Enter", "PageUp"), or text typed as it is."""
        for key in keys:
            self._run("send-keys", "--", key)

    def type(self, text):
        """Text that may look like a key's name."""
        self._run("send-keys", "-l", "--", text)

    def feed(self, data):
        """Bytes as the terminal would send them."""
        for at in range(0, len(data), 1000):
            self._run("send-keys", "-H", *(f"{byte:02x}" for byte in data[at:at + 1000]))

    def paste(self, text):
        """As one bracketed paste, if the program asked for these."""
        self._run("set-buffer", "--", text)
        self._run("paste-buffer", "-p", "-r")

    def resize(self, rows, cols):
        self._run("resize-window", "-x", str(cols), "-y", str(rows))

    def signal(self, number):
        """To the program, which the pane's shell started."""
        shell = self.tell("pane_pid")
        children = pathlib.Path(f"/proc/{shell}/task/{shell}/children")
        self.wait_until(lambda _: children.read_text(), what="the program's start")
        for child in children.read_text().split():
            os.kill(int(child), number)

    def hang_up(self):
        self.signal(signal.SIGHUP)

    # ---- what a person sees

    def lines(self, styles=False, history=False):
        """The pane's rows without spaces at their ends; styles: with SGR sequences; history:
        with those that are above it."""
        text = self._run("capture-pane", "-p", *(["-e"] if styles else []),
                         *(["-S", "-"] if history else []))
        return [line.rstrip() for line in text.split("\n")[:-1]]

    def text(self):
        return "\n".join(self.lines())

    def tell(self, variable):
        """One of tmux's variables of the pane, such as "alternate_on"."""
        return self._run("display-message", "-p", f"#{{{variable}}}").strip()

    def record(self):
        """From now on recorded() has the bytes that the program writes."""
        self._run("pipe-pane", f"exec cat > {shlex.quote(self.folder.name)}/recorded")

    def recorded(self):
        path = pathlib.Path(self.folder.name) / "recorded"
        return path.read_bytes() if path.exists() else b""

    def clipboard(self):
        """What the program copied, by OSC 52."""
        return self._run("show-buffer")

    def cursor(self):
        """Row, column and whether it is shown."""
        return int(self.tell("cursor_y")), int(self.tell("cursor_x")), self.tell("cursor_flag") == "1"

    def alternate(self):
        """Whether the alternate screen is on."""
        return self.tell("alternate_on") == "1"

    def wait_until(self, seen, timeout=PATIENCE, what="the screen"):
        """Looks until seen(lines) is true; returns the lines."""
        deadline = time.monotonic() + timeout
        while True:
            lines = self.lines()
            if seen(lines):
                return lines
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come to be as expected:\n" + "\n".join(lines))
            time.sleep(PAUSE)

    def wait_for(self, text, timeout=PATIENCE):
        return self.wait_until(lambda lines: text in "\n".join(lines), timeout, repr(text))

    def wait_gone(self, text, timeout=PATIENCE):
        return self.wait_until(lambda lines: text not in "\n".join(lines), timeout,
                               f"{text!r} to vanish")

    def wait_end(self, timeout=PATIENCE):
        """The program's exit code, as a shell counts (128 and the signal that ended it)."""
        deadline = time.monotonic() + timeout
        while not (self.status.exists() and self.status.read_text().endswith("\n")):
            if time.monotonic() > deadline:
                raise TimeoutError("the program does not end:\n" + self.text())
            time.sleep(PAUSE)
        return int(self.status.read_text())
