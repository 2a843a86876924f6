"""Every command of /help does what it says."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chat
import results
from chat import APPLE, PICTURES, QUESTION, SAID

SECOND = "Is it large or small?"
ANSWER = "This is a drawing of a fruit."
WORDS_ALONE = ("--image-protocol", "none", "--seed", "1", "-n", "24")


class CommandTest(chat.ChatTest):
    def chat_about_an_apple(self, *arguments, **how):
        t = self.ready(APPLE, *WORDS_ALONE, *arguments, **{"rows": 40, **how})
        t.wait_for("49 tokens")
        self.ask(t)
        return t

    def says(self, t, line, *words):
        """Enters a line; waits for what it says."""
        self.enter(t, line)
        for word in words:
            t.wait_for(word)

    def shown(self, t):
        """The conversation: what stands above the input."""
        lines = t.lines()
        rule = next(i for i, line in enumerate(lines) if "─────" in line)
        return "\n".join(lines[:rule])

    def test_with_nothing_said_yet(self):
        t = self.ready(*WORDS_ALONE)
        for line, words in (
                ("/images", "no pictures yet: /image PATH attaches one"),
                ("/view", "no pictures yet"), ("/view 1", "no pictures yet"),
                ("/drop", "there is none of that number"), ("/copy", "there is no answer yet"),
                ("/undo", "there is nothing to take back"),
                ("/regen", "there is no answer yet to give again"),
                ("/stats", "0 of 4096 tokens used"), ("/model", "another one: pumice -m FILE"),
                ("/set", "/set theme dark|light|none"), ("/set temp x", "NUMBER"),
                ("/frobnicate now", "no such command: /help lists them"),
                ("/help", "─ Help ─")):
            with self.subTest(line=line):
                self.says(t, line, words)
        t.send("q")
        t.wait_gone("─ Help ─")
        self.enter(t, "/edit")
        t.wait_for("there is nothing to take back")
        self.assertNotIn(" ▌", t.text())  # none of it was a question

    def test_the_last_exchange(self):
        t = self.chat_about_an_apple()
        self.enter(t, "/set temp 2")
        self.enter(t, "/regen")
        again = t.wait_until(
            lambda lines: "ready" in lines[-1] and ANSWER not in "\n".join(lines) and
            SAID in "\n".join(lines), what="another answer")
        self.assertRegex("\n".join(again), r"1 picture \(cached\) · (\d+) tokens \(\d+ cached\)")
        before = self.shown(t)
        self.ask(t, SECOND, answers=2)
        self.says(t, "/undo", "the last exchange is gone")
        self.assertEqual(self.shown(t), before)
        # The answer before it is given again, in its own place.
        self.enter(t, "/regen")
        t.wait_until(lambda lines: "ready" in lines[-1] and self.shown(t) != before and
                     SAID in "\n".join(lines), what="another answer")
        shown = self.shown(t)
        self.assertEqual((shown.count(QUESTION), shown.count(SAID)), (1, 1), shown)
        self.says(t, "/edit", f"› [picture 1] {QUESTION}", "49 tokens")
        self.assertEqual(self.shown(t).strip(), "")
        self.enter(t, "/set temp 0")  # behind the question: sent with it
        t.wait_for(f"▌ {QUESTION}/set temp 0")

    def test_editing_goes_on_with_pictures(self):
        t = self.chat_about_an_apple()
        self.says(t, "/edit", f"› [picture 1] {QUESTION}")
        t.send("C-u")
        t.wait_gone("49 tokens")  # the chip went with the line
        self.enter(t, f"/image {PICTURES / 'sun.png'}")
        t.wait_for("› [picture 1]")
        self.ask(t, "And now?")
        self.says(t, "/images", "1  ", "sun.png  240x240")
        self.assertNotIn("apple.png", t.text())
        # Taken back while another picture waits; and a question without pictures.
        self.enter(t, f"'{APPLE}'")
        t.wait_for("› [picture 2]")
        self.says(t, "/edit", "› [picture 3] [picture 2] And now?")
        self.ask(t, "")
        self.ask(t, SECOND, answers=2)
        self.says(t, "/edit", f"› {SECOND}")
        t.send("C-u")
        self.says(t, f"'{APPLE}'", "› [picture 3]", "49 tokens")

    def test_pictures_are_listed_dropped_and_viewed(self):
        t = self.ready(APPLE, PICTURES / "sun.png", "--image-protocol", "half", rows=40, cols=120)
        t.wait_until(lambda lines: "\n".join(lines).count("49 tokens") == 2, what="two pictures")
        t.wait_for("› [picture 1] [picture 2]")
        self.says(t, "/images", "1  ", "apple.png  240x240  (goes with the next question)",
                  "2  ", "sun.png  240x240  (goes with the next question)")
        self.enter(t, "/move 2 1")
        t.wait_for("› [picture 2] [picture 1]")
        self.says(t, "/move 1 3", "and its place from 1 to 2")
        self.enter(t, "/drop 1")
        t.wait_until(lambda lines: lines[-2].startswith(" › [picture 2]"), what="one chip")
        self.says(t, "/drop 1", "there is none of that number")
        self.says(t, "/view 1", "/view N: the number of a picture")
        self.says(t, "/view 2", "─ Picture ─", "sun.png")
        t.send("Tab")
        t.wait_for("what the model sees: ")
        t.send("Escape")
        t.wait_gone("what the model sees: ")
        self.enter(t, "/drop")
        t.wait_gone("[picture 2]")
        self.says(t, "/view", "no pictures yet")
        self.says(t, "/image", "─ Choose a picture ─")

    def test_settings(self):
        t = self.ready(*WORDS_ALONE, rows=40)
        self.says(t, "/set temp 0.5", "temp is 0.5 now")
        self.says(t, "/set top-p 0.25", "top-p is 0.25 now")
        self.says(t, "/set min-p 0.125", "min-p is 0.125 now")
        self.says(t, "/set repeat-penalty 1.5", "repeat-penalty is 1.5 now")
        self.says(t, "/set images half", "images is half now")
        self.says(t, "/system Be brief.", "system text set")
        self.says(t, "/show", "temp 0.5, top-p 0.25, top-k 0, min-p 0.125, repeat-penalty 1.5, "
                  "seed 1", "pictures as half blocks", "context  4096", "system  Be brief.")
        self.says(t, "/system", "the model's own system text")
        self.says(t, "/show", "system  (the model's own)")
        dark = t.lines(styles=True)
        self.enter(t, "/set theme light")
        light = t.wait_until(lambda _: t.lines(styles=True)[:20] != dark[:20], what="colours")
        self.assertEqual(light[:20], [re.sub(r"\033\[[\d;]*m", "", line) for line in dark[:20]])

    def test_the_system_text_is_heard(self):
        answer = self.one_shot(APPLE, "--system", "Be a pirate.", "-n", "24", "-p", QUESTION)
        t = self.ready(APPLE, *WORDS_ALONE)
        t.wait_for("49 tokens")
        self.says(t, "/system Be a pirate.", "system text set")
        self.assertIn(answer.split("\n", maxsplit=1)[0][:60], "\n".join(self.ask(t)))

    def test_export(self):
        t = self.chat_about_an_apple(cwd=self.home)
        self.says(t, "/export", "written to chat.md")
        self.says(t, f"/export {self.home / 'other.md'}", "written to /")
        written = (self.home / "chat.md").read_text()
        self.assertEqual(written, (self.home / "other.md").read_text())
        for words in (QUESTION, ANSWER, "apple.png"):
            self.assertIn(words, written)
        self.says(t, "/export /nowhere/at/all.md", "error: ", "/nowhere/at/all.md")

    def test_copying(self):
        keeps = "cat > \"$HOME/$(basename \"$0\")\"\n"
        for name in ("xclip", "wl-copy"):
            self.script(name, keeps)
        for variable, name in (("DISPLAY", "xclip"), ("WAYLAND_DISPLAY", "wl-copy")):
            with self.subTest(name=name):
                none = {"DISPLAY": None, "WAYLAND_DISPLAY": None}
                t = self.chat_about_an_apple(
                    environment={**none, **self.with_programs(), variable: "here"})
                self.says(t, "/copy 1", "the answer has no code block 1")
                self.says(t, "/copy", "copied")
                self.assertEqual(t.clipboard(), ANSWER)
                self.assertEqual((self.home / name).read_text(), ANSWER)
                t.close()

    def test_pasting_a_picture(self):
        self.script("wl-paste", "case \"$*\" in *--list-types*) echo text/plain; echo image/png;;\n"
                    f"*'--type image/png'*) cat {APPLE};; esac\n")
        t = self.ready(environment=self.with_programs(WAYLAND_DISPLAY="here", DISPLAY=None))
        t.send("C-v")
        t.wait_for("240x240")
        t.send("BSpace")
        t.wait_gone("240x240")
        self.says(t, "/paste", "240x240", "49 tokens", "› [picture 1]")

    def test_the_editor_outside(self):
        editor = self.script("my editor", "grep -q before \"$2\" && test \"$1\" = -x &&\n"
                             "printf 'one\\n\\n  two\\n' > \"$2\"\n")
        t = self.ready(APPLE, environment={"EDITOR": f"'{editor}' -x", "VISUAL": None})
        t.wait_for("49 tokens")
        t.type("before")
        t.send("C-g")
        t.wait_until(lambda lines: lines[-4:-1] == [" › one", "", "     two"],
                     what="the new text")
        t.wait_gone("49 tokens")  # its chip is not in the text any more
        self.assertTrue(t.alternate())
        t.send("C-c")
        self.says(t, "/editor", "failed", "(status 1): the text is as it was")

    def test_clear_and_new(self):
        t = self.chat_about_an_apple(rows=24)
        for command in ("/clear", "/new"):
            self.enter(t, f"'{APPLE}'")
            t.wait_for("› [picture ")
            self.enter(t, command)
            t.wait_for("› Ask, attach a picture with Ctrl+O, or /help")
            self.assertEqual(self.shown(t).strip(), "")
            self.assertNotIn("apple", t.text())
        self.says(t, "/images", "no pictures yet")
        self.says(t, "/stats", "0 of 4096 tokens used")
        # In the middle of an answer, before its first word.
        self.enter(t, "/clear")
        t.wait_gone("tokens used")
        self.enter(t, "word " * 200)
        t.wait_for("▌ word")
        self.enter(t, "/clear")
        self.says(t, "/stats", "0 of 4096 tokens used")
        t.wait_for("ready")
        self.assertNotIn("word", t.text())
        self.enter(t, "/stats")
        t.wait_until(lambda lines: "\n".join(lines).count("0 of 4096 tokens used") == 2,
                     what="the same figures")

    def test_a_slash_for_the_model(self):
        t = self.ready(*WORDS_ALONE)
        self.enter(t, "//help is what?")
        t.wait_for(" ▌ /help is what?")
        self.assertNotIn("─ Help ─", t.text())
        t.wait_for(SAID)
        self.says(t, "/nonsense", "no such command")
        self.assertNotIn(" ▌ /nonsense", t.text())


if __name__ == "__main__":
    results.main()
