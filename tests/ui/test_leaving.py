"""However the chat ends, or pauses, the terminal is as it was, and nothing is lost."""
import ctypes
import os
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chat
import results
import tmux

# The modes of the terminal's line, before and after; no core file of the crashes that are made. The
# pane lives on: of a dead one tmux does not tell the modes.
AROUND = """
ulimit -c 0
rm -f "$HOME/code"
stty -g > "$HOME/before"
"$@" 2> "$HOME/errors"
code=$?
stty -g > "$HOME/after"
echo $code > "$HOME/code"
exec cat
"""
FLAGS = ("alternate_on", "cursor_flag", "mouse_any_flag", "mouse_sgr_flag", "keypad_flag")


def hears(process, thread, number):
    """Whether the thread does not block the signal (a sanitizer's own does)."""
    status = pathlib.Path(f"/proc/{process}/task/{thread}/status").read_text()
    return not int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16) >> (number - 1) & 1


class LeavingTest(chat.ChatTest):
    def run_in_tmux(self, command):
        terminal = tmux.Tmux(command, environment=self.environment)
        self.addCleanup(terminal.close)
        return terminal

    def chat(self, *arguments):
        """The chat, painted but still loading."""
        t = self.run_in_tmux(["sh", "-c", AROUND, "sh", *self.command(*arguments)])
        t.wait_for("›")
        return t

    def wait_end(self, terminal):
        code = self.home / "code"
        terminal.wait_until(lambda _: code.exists() and code.read_text(), what="the end")
        return int(code.read_text())

    def assert_put_back(self, terminal, code):
        self.assertEqual(self.wait_end(terminal), code)
        self.assertEqual([terminal.tell(flag) for flag in FLAGS], ["0", "1", "0", "0", "0"])
        self.assertEqual((self.home / "after").read_text(), (self.home / "before").read_text())

    # ---- by keys

    def test_quit(self):
        t = self.chat()
        t.type("/quit")
        t.send("Enter")
        self.assert_put_back(t, 0)

    def test_ctrl_c_twice(self):
        t = self.chat()
        t.send("C-c")
        t.wait_for("Ctrl+C again leaves")
        t.send("C-c")
        self.assert_put_back(t, 0)

    def test_ctrl_d(self):
        t = self.chat()
        t.send("C-d")
        self.assert_put_back(t, 0)

    def test_the_last_answer_stays_on_the_ordinary_screen(self):
        t = self.chat()
        t.wait_for("ready")
        lines = self.ask(t, "Name a colour.")
        shown = [line.strip() for line in lines[:next(
            i for i, line in enumerate(lines) if " said" in line)] if line.strip()]
        t.send("C-d")
        self.assert_put_back(t, 0)
        self.assertIn(shown[-1], t.text())

    # ---- by signals

    def test_a_signal_ends_it_and_keeps_what_was_written(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(number=number):
                t = self.chat()
                t.type("kept " + number.name)
                t.wait_for("kept " + number.name)
                os.kill(self.process(t), number)
                self.assert_put_back(t, 128 + number)
                t = self.chat()
                t.wait_for("kept " + number.name)
                t.send("C-c", "C-d")
                self.assert_put_back(t, 0)

    def test_a_terminal_that_vanishes_ends_it_and_keeps_what_was_written(self):
        t = self.chat()
        t.type("kept as well")
        t.wait_for("kept as well")
        process = self.process(t)
        t.close()
        deadline = time.monotonic() + tmux.PATIENCE
        while os.path.exists(f"/proc/{process}"):
            self.assertLess(time.monotonic(), deadline, "it does not end")
            time.sleep(tmux.PAUSE)
        self.chat().wait_for("kept as well")

    def test_a_draft_is_without_its_pictures(self):
        t = self.chat(self.square)
        t.wait_for("49 tokens")
        t.type("kept without")
        t.wait_for("[picture 1] kept without")
        os.kill(self.process(t), signal.SIGTERM)
        self.assert_put_back(t, 128 + signal.SIGTERM)
        t = self.chat()
        t.wait_for("kept without")
        self.assertNotIn("[picture", t.text())

    # ---- by crashes

    def test_a_crash(self):
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGQUIT):
            with self.subTest(number=number):
                t = self.chat()
                os.kill(self.process(t), number)
                self.assert_put_back(t, 128 + number)

    def test_a_crash_of_the_engine(self):
        t = self.chat()
        t.wait_for("ready")
        process = self.process(t)
        thread = next(thread for thread in map(int, os.listdir(f"/proc/{process}/task"))
                      if thread != process and hears(process, thread, signal.SIGABRT))
        tgkill = 234
        ctypes.CDLL(None).syscall(tgkill, process, thread, int(signal.SIGABRT))
        self.assert_put_back(t, 128 + signal.SIGABRT)

    def test_a_model_that_cannot_be_loaded(self):
        broken = self.home / "broken.gguf"
        broken.write_bytes(b"GGUF" + bytes(100))
        t = self.run_in_tmux(["sh", "-c", AROUND, "sh", chat.PROGRAM, "-m", str(broken)])
        t.wait_for("no engine")
        self.assertIn("broken.gguf", t.text())
        t.send("C-d")
        self.assert_put_back(t, 0)

    # ---- for a while

    def shell(self):
        """The chat as a job of an interactive shell."""
        t = self.run_in_tmux(["env", "PS1=shell> ", "bash", "--norc", "-i"])
        t.wait_for("shell>")
        t.type(" ".join(self.command()))
        t.send("Enter")
        t.wait_for("›")
        t.wait_for("ready")
        return t

    def assert_alive(self, terminal, word):
        terminal.wait_for("ready")
        terminal.type(word)
        terminal.wait_for(word)
        self.assertEqual(terminal.tell("alternate_on"), "1")
        self.assertRegex(self.modes(terminal), r"-icanon")
        self.assertEqual(len(re.findall(word, terminal.text())), 1)

    def modes(self, terminal):
        return os.popen(f"stty -a < {terminal.tell('pane_tty')}").read()

    def test_suspend_and_resume(self):
        t = self.shell()
        t.type("one")
        t.send("C-z")
        t.wait_until(lambda lines: lines and any(l.startswith("shell>") for l in lines[-24:])
                     and t.tell("alternate_on") == "0", what="the shell")
        self.assertEqual(t.tell("mouse_any_flag"), "0")
        t.type("fg")
        t.send("Enter")
        t.wait_for("one")
        self.assert_alive(t, "two")
        self.assertIn("onetwo", t.text())

    def test_stopped_from_outside_and_continued(self):
        t = self.shell()
        process = self.process(t)
        os.kill(process, signal.SIGSTOP)
        t.wait_for("shell>")
        t.type("fg")
        t.send("Enter")
        self.assert_alive(t, "three")
        t.send("C-c", "C-d")
        t.wait_until(lambda lines: t.tell("alternate_on") == "0")
        self.assertRegex(self.modes(t), r" icanon")


if __name__ == "__main__":
    results.main()
