"""What keys and pastes do: completion, browser, histories, searching, moving, writing."""
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chat
import results
from chat import APPLE, QUESTION, SAID

WORDS_ALONE = ("--image-protocol", "none", "-n", "1")


class KeyTest(chat.ChatTest):
    def wait_input(self, t, *rows):
        """Until the input holds these rows and nothing else."""
        expected = [(" › " if i == 0 else "   ") + row for i, row in enumerate(rows)]

        def seen(lines):
            return (lines[-len(rows) - 1:-1] == [row.rstrip() for row in expected] and
                    not lines[-len(rows) - 2].startswith(" ›"))
        return t.wait_until(seen, what=f"the input {rows}")

    def wait_empty(self, t):
        return t.wait_until(lambda lines: lines[-2].startswith((" › Ask,", " › Ask on,")),
                            what="an empty input")

    def clear(self, t):
        t.send("C-u")
        self.wait_empty(t)

    def test_completion_of_commands(self):
        t = self.ready(*WORDS_ALONE)
        t.type("/cop")
        t.send("Tab")
        self.wait_input(t, "/copy")
        self.clear(t)
        t.type("/imag")
        t.send("Tab")
        t.wait_for("│ images ")
        self.wait_input(t, "/image")
        t.send("Tab", "Tab")
        self.wait_input(t, "/images")
        t.send("BTab")
        self.wait_input(t, "/image")
        t.send("Down", "Enter")  # takes the chosen one, and sends nothing
        t.wait_gone("│ images ")
        self.wait_input(t, "/images")
        t.send("Enter")
        t.wait_for("no pictures yet")
        t.type("/e")
        t.send("Tab")
        t.wait_for("│ export ")
        t.type("x")  # goes on into the line
        t.wait_gone("│ export ")
        self.wait_input(t, "/ex")

    def test_completion_of_paths(self):
        folder = self.home / "my pictures"
        folder.mkdir()
        for name in ("a b.ppm", "a c.ppm"):
            shutil.copy(self.square, folder / name)
        t = self.ready(*WORDS_ALONE, cwd=self.home)
        t.type("/image my")
        t.send("Tab")
        self.wait_input(t, "/image my\\ pictures/")
        t.send("Tab")
        t.wait_for("│ a b.ppm ")
        self.wait_input(t, "/image my\\ pictures/a\\")
        t.type("c")
        t.send("Tab")
        self.wait_input(t, "/image my\\ pictures/a\\ c.ppm")
        t.send("Enter")
        t.wait_for("40x40")
        self.wait_input(t, "[picture 1]")
        # Behind a chip, in quotes, and from the home.
        t.type("/image '~/nothing")
        t.send("Tab")
        self.wait_input(t, "[picture 1] /image '~/nothing")
        t.send("C-w")
        t.type("~/my\\ pictures/a\\ b")
        t.send("Tab")
        self.wait_input(t, "[picture 1] /image ~/my\\ pictures/a\\ b.ppm")
        t.send("Enter")
        self.wait_input(t, "[picture 1] [picture 2]")

    def test_words_that_look_like_a_picture(self):
        t = self.ready(*WORDS_ALONE)
        self.ask(t, "[picture 7] is no picture")
        self.assertIn("▌ [picture 7] is no picture", t.text())

    def test_the_browser(self):
        for name in ("a", "a/inner"):
            (self.home / name).mkdir()
        for name in ("one.ppm", "two.ppm", "a/three.ppm"):
            shutil.copy(self.square, self.home / name)
        (self.home / "notes.txt").write_text("not a picture")
        t = self.ready(cwd=self.home, rows=24, cols=80)
        t.send("C-o")
        t.wait_for("› a/")
        t.wait_for("two.ppm")
        self.assertNotIn("notes.txt", t.text())
        t.send("C-t")
        t.wait_for("notes.txt")
        t.type("w")  # of all names only such
        t.wait_gone("one.ppm")
        t.wait_for("› two.ppm")
        t.wait_for("▀▀▀▀▀▀▀▀")  # its preview
        t.send("BSpace", "C-t", "Home", "Enter")
        t.wait_for("three.ppm")
        t.wait_for("› inner/")
        t.send("Left")
        t.wait_for("› a/")
        t.send("C-t", "End", "Enter")
        t.wait_for("error: ")  # not a picture
        self.assertIn("notes.txt", t.text())
        t.send("C-o")
        t.wait_for("─ Choose a picture ─")
        t.type("one")
        t.wait_for("› one.ppm")
        t.send("Enter")
        self.wait_input(t, "[picture 1]")
        t.send("C-o", "Escape")
        t.wait_gone("─ Choose a picture ─")
        self.wait_input(t, "[picture 1]")

    def test_the_history_of_another_run(self):
        t = self.ready(*WORDS_ALONE)
        self.enter(t, "the sea is wide")
        t.wait_for(SAID)
        self.enter(t, "/show")
        t.send("C-d")
        t.wait_end()
        t.close()
        t = self.ready(*WORDS_ALONE)
        t.type("being written")
        t.send("C-r")
        t.wait_for("─ earlier: ")
        t.type("SEA")
        self.wait_input(t, "the sea is wide")
        t.wait_for("─ earlier: SEA ")
        t.send("C-g")
        self.wait_input(t, "being written")
        t.send("Up")
        self.wait_input(t, "/show")
        t.send("Up")
        self.wait_input(t, "the sea is wide")
        t.send("Down", "Down")
        self.wait_input(t, "being written")
        t.send("C-r")
        t.type("sea")
        t.send("Enter")
        t.wait_for(" ▌ the sea is wide")

    def test_moving_and_searching(self):
        t = self.ready(*WORDS_ALONE, rows=10, cols=60)
        for i, word in enumerate(("lighthouse", "harbour", "lighthouse keeper")):
            self.enter(t, f"Question {i}: what is a {word}?")
            t.wait_until(lambda lines, i=i: SAID in "\n".join(lines).partition(f"Question {i}")[2]
                         and "ready" in lines[-1], what="an answer")
        end = t.lines()
        t.send("M-p")
        t.wait_until(lambda lines: lines[0].startswith(" ▌ Question 1"), what="the turn before")
        t.send("M-p")
        t.wait_until(lambda lines: lines[0].startswith(" ▌ Question 0"), what="the turn before")
        t.send("M-n")
        t.wait_until(lambda lines: lines[0].startswith(" ▌ Question 1"), what="the turn after")
        t.send("C-Home")
        t.wait_until(lambda lines: lines[0].startswith(" ▌ Question 0"), what="the beginning")
        t.send("C-End")
        t.wait_until(lambda lines: lines == end, what="the end")
        t.send("PPage")
        t.wait_until(lambda lines: lines != end, what="a page above")
        t.type("/lighthouse")
        t.wait_for("─ search: lighthouse ")
        t.send("Enter")
        for question, key in ((0, "n"), (2, "N"), (0, "N"), (2, "G")):
            t.wait_until(lambda lines, i=question: f"Question {i}" in "\n".join(lines[:7]),
                         what=f"question {question}")
            t.type(key)
        t.wait_until(lambda lines: lines == end, what="the end")
        t.send("PPage")
        t.wait_until(lambda lines: lines != end, what="a page above")
        t.type("/nowhere")
        t.send("Enter")
        t.wait_for('"nowhere" is nowhere in the conversation')
        # With something written letters are letters.
        t.send("C-j")
        t.type("n")
        self.wait_input(t, "", "n")

    def test_new_lines_below(self):
        # Hot, the model rambles.
        t = self.ready("-n", "300", "--temp", "3", "--top-p", "0", "--seed", "1", rows=10, cols=40)
        for _ in range(2):
            self.enter(t, "/show")
        self.enter(t, "Write a long story about the sea.")
        t.wait_for("answering")
        t.send("PPage")
        lines = t.wait_for(" below ")
        above = lines[:7]
        self.assertRegex("\n".join(lines), r"─ \d+ new lines? below ─")
        t.wait_until(lambda now: now[7] != lines[7], what="more new lines")
        self.assertEqual(t.lines()[:7], above)  # not pulled down
        t.send("Escape")  # stops
        t.wait_for("ready")
        self.assertEqual(t.lines()[:7], above)
        t.send("Escape")  # back to the end
        t.wait_gone(" below ")
        t.wait_for(" · stopped")

    def test_chips_are_one_letter(self):
        t = self.ready(APPLE, *WORDS_ALONE)
        t.wait_for("49 tokens")
        t.type("x")
        self.wait_input(t, "[picture 1] x")
        t.send("BSpace", "BSpace")
        self.wait_empty(t)
        t.wait_gone("49 tokens")
        self.enter(t, "/images")
        t.wait_for("no pictures yet")

    def test_pasted_paths(self):
        spaced = self.home / "it's a square.ppm"
        shutil.copy(self.square, spaced)
        quoted = str(spaced).replace("'", "'\\''")
        escaped = str(spaced).replace(" ", "\\ ").replace("'", "\\'")
        uri = "file://" + str(spaced).replace(" ", "%20").replace("'", "%27")
        t = self.ready(*WORDS_ALONE)
        for pasted in (f"'{quoted}'", f'"{spaced}"', escaped, uri, str(spaced), f"{spaced}\n",
                       "~/it's a square.ppm"):
            with self.subTest(pasted=pasted):
                t.paste(pasted)
                self.wait_input(t, "[picture 1]")
                t.wait_for("40x40")
                t.send("BSpace")
                self.wait_empty(t)
        t.paste(f"see {spaced}")
        t.wait_for("› see /")
        self.assertNotIn("[picture", t.text())

    def test_several_lines(self):
        t = self.ready(*WORDS_ALONE)
        t.type("one")
        t.send("M-Enter")
        t.type("two")
        t.send("C-j")
        t.type("three\\")
        t.send("Enter")
        t.type("four")
        self.wait_input(t, "one", "two", "three", "four")
        t.send("C-c")
        self.wait_empty(t)
        t.paste("/help\nis\r\nnot a command\n\n")
        self.wait_input(t, "/help", "is", "not a command", "", "")
        t.send("Enter")
        lines = t.wait_for(SAID)
        self.assertEqual(lines[:3], [" ▌ /help", " ▌ is", " ▌ not a command"])

    def test_editing_as_in_a_shell(self):
        t = self.ready(*WORDS_ALONE)
        t.type("alpha beta")
        for keys, text in (
                (("C-w", "BSpace"), "alpha"), (("C-a", "C-y"), "betaalpha"),
                (("M-d", "C-_"), "betaalpha"), (("C-a", "C-k"), ""),
                (("C-y", "C-e", "C-t"), "betaalpah"), (("C-b", "C-b", "C-u"), "ah"),
                (("C-d", "C-f", "C-h"), ""), (("C-_",), "h"), (("C-_",), "ah"),
                (("M-f", "M-BSpace"), ""), (("C-y", "M-y"), "betaalp")):
            with self.subTest(keys=keys):
                t.send(*keys)
                if text:
                    self.wait_input(t, text)
                else:
                    self.wait_empty(t)

    def test_leaving(self):
        for keys in (("C-d",), ("C-c", "C-c")):
            with self.subTest(keys=keys):
                t = self.ready(*WORDS_ALONE)
                t.type("written")
                self.wait_input(t, "written")
                t.send("Home", "C-d")
                self.wait_input(t, "ritten")
                t.send("C-c")
                self.wait_empty(t)
                t.send(*keys)
                self.assertEqual(t.wait_end(), 0)
                t.close()

    def test_the_last_answer_stays(self):
        t = self.ready(APPLE, "--image-protocol", "none")
        t.wait_for("49 tokens")
        self.ask(t)
        t.send("C-d")
        t.wait_end()
        left = "\n".join(t.lines(history=True))
        self.assertIn("This is a drawing of a fruit.", left)
        self.assertNotIn(QUESTION, left)


if __name__ == "__main__":
    results.main()
