"""The harness itself: python3 test_harness.py."""
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import results
import tmux
import xterm

RED = (255, 0, 0)
# At row 1, column 2: 20 x 13 pixels of red.
SIXEL = r'\033[?25l\033[2;3H\033P0;1q"1;1;20;13#0;2;100;0;0#0!20~-!20~-!20@\033\\'
PICTURE = ["sh", "-c",
           f"printf '{SIXEL}'; read -r line; printf '%s' \"$line\"; read -r line; exit 3"]
# Says the size whenever it changes.
SIZES = ["sh", "-c", "trap 'stty size' WINCH; stty size; while :; do sleep 0.02; done"]


@unittest.skipIf(xterm.missing(), "not installed: " + " ".join(xterm.missing()))
class XtermTest(unittest.TestCase):
    def test_a_sixel_picture_is_where_it_was_drawn(self):
        with xterm.Xterm(PICTURE) as x:
            self.assertEqual(x.cell, (6, 13))  # of the X server's built-in font
            shot = x.wait_until(lambda s: s.count(RED) == 20 * 13)
            self.assertEqual(shot.box(RED), (2 * 6, 13, 20, 13))
            self.assertEqual(shot.cell(1, 2).mean(), RED)
            self.assertEqual(shot.cell(0, 2).count(xterm.BACKGROUND), 6 * 13)
            self.assertEqual(shot.cell(-1, -1).pixel(5, 12), xterm.BACKGROUND)
            self.assertEqual((shot.width, shot.height), (480, 312))

    def test_the_default_xterm_shows_no_sixels(self):
        with xterm.Xterm(["sh", "-c", f"printf '{SIXEL}x'; read -r line"], sixel=False) as x:
            shot = x.wait_until(lambda s: s.count(xterm.FOREGROUND) > 0)
            self.assertEqual(shot.count(RED), 0)

    def test_keys_arrive_and_the_exit_code_is_seen(self):
        with xterm.Xterm(PICTURE) as x:
            x.wait_until(lambda s: s.count(RED) > 0)
            before = x.wait_still()
            x.send("typed\r")
            x.wait_until(lambda s: s != before)
            x.send(b"\r")
            self.assertEqual(x.wait_end(), 3)

    def test_the_program_learns_of_a_new_size(self):
        with xterm.Xterm(SIZES) as x:
            x.wait_until(lambda s: s.cell(0, 0, 1, 5).count(xterm.FOREGROUND) > 0)
            x.resize(30, 100)
            shot = x.wait_until(lambda s: s.cell(1, 0, 1, 6).count(xterm.FOREGROUND) > 0)
            self.assertEqual((shot.width, shot.height), (600, 390))

    def test_the_font_is_changed_under_the_program(self):
        with xterm.Xterm(SIZES, font="DejaVu Sans Mono", points=10) as x:
            x.wait_still()
            small = x.cell
            x.zoom(14)
            self.assertGreater(x.cell, small)
            self.assertEqual(x.terminal_size(), (24, 80))
            self.assertEqual(x.screenshot().width, 80 * x.cell[0])

    def test_a_signal_ends_the_program(self):
        with xterm.Xterm(["sleep", "100"]) as x:
            x.signal(signal.SIGTERM)
            self.assertEqual(x.wait_end(), -signal.SIGTERM)

    def test_what_does_not_come_is_not_waited_for_long(self):
        with xterm.Xterm(["sleep", "100"]) as x:
            with self.assertRaises(TimeoutError):
                x.wait_until(lambda s: s.count(RED) > 0, timeout=0.2)

    def test_nothing_is_left_running(self):
        with xterm.Xterm(["sleep", "100"]) as x:
            left = x.server, x.xterm, x.program
        for process in left:
            self.assertIsNotNone(process.returncode)
        self.assertFalse(pathlib.Path(x.folder.name).exists())


@unittest.skipIf(tmux.missing(), "not installed: tmux")
class TmuxTest(unittest.TestCase):
    def test_text_keys_and_the_exit_code(self):
        with tmux.Tmux(["sh", "-c", "read -r line; echo \"<$line> $WORD\"; exit 7"],
                       rows=10, cols=40, environment={"WORD": "it's"}) as t:
            t.type("Enter")
            t.send(" C", "Enter")
            t.wait_for("<Enter C> it's")
            self.assertEqual(len(t.lines()), 10)
            self.assertEqual(t.wait_end(), 7)

    def test_the_program_learns_of_a_new_size(self):
        with tmux.Tmux(SIZES, rows=10, cols=40) as t:
            t.wait_for("10 40")
            t.resize(60, 200)
            t.wait_for("60 200")
            self.assertEqual(len(t.lines()), 60)

    def test_alternate_screen_and_cursor(self):
        with tmux.Tmux(["sh", "-c", r"printf '\033[?1049h\033[3;5H\033[?25l.'; read -r line"]) as t:
            t.wait_for(".")
            self.assertTrue(t.alternate())
            self.assertEqual(t.cursor(), (2, 5, False))

    def test_a_paste_is_bracketed(self):
        with tmux.Tmux(["sh", "-c", r"printf '\033[?2004h'; stty -icanon; cat -v"]) as t:
            t.wait_until(lambda lines: True)
            t.send("x")
            t.wait_for("x")
            t.paste("one\ntwo")
            t.wait_for("^[[200~one")
            t.wait_for("two^[[201~")

    def test_bytes_go_in_and_out_as_they_are(self):
        with tmux.Tmux(["sh", "-c", "stty raw -echo; printf go; head -c 5 | od -An -tx1; "
                        r"printf '\342\200\256\033]2;title\007\033]52;c;Y29waWVk\033\\'; "
                        "seq 30; sleep 100"]) as t:
            t.wait_for("go")
            t.record()
            t.feed(b"\0\033\xff\x80a")
            lines = t.wait_for("30")
            self.assertNotIn("go 00 1b ff 80 61", "\n".join(lines))
            self.assertIn("go 00 1b ff 80 61", "\n".join(t.lines(history=True)))
            while b"30" not in t.recorded():
                time.sleep(tmux.PAUSE)
            self.assertIn("\u202e\033]2;title\007".encode(), t.recorded())
            self.assertEqual((t.tell("pane_title").strip(), t.clipboard()), ("title", "copied"))

    def test_a_signal_ends_the_program(self):
        with tmux.Tmux(["sleep", "100"]) as t:
            t.signal(signal.SIGTERM)
            self.assertEqual(t.wait_end(), 128 + signal.SIGTERM)


if __name__ == "__main__":
    results.main()
