"""What stands where on the screen, row by row, in windows of three sizes."""
import pathlib
import re
import sys
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chat
import results
from chat import APPLE, QUESTION

ANSWER = "This is a drawing of a fruit."
FIGURES = r"1 picture .*· 8 said, \d+ tok/s"
FAMILY = "👩\u200d👩\u200d👧"
COMMANDS = ("help", "image", "images", "drop", "paste", "view", "clear", "new", "regen", "edit",
            "undo", "system", "set", "show", "model", "export", "copy", "editor", "stats", "quit")
# Settings of colours: 30 to 38, 40 to 48, 90 to 97, 100 to 107.
COLORS = re.compile(r"\033\[(?:[\d:]*;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:]|m)")


def cells(line):
    return sum(0 if unicodedata.combining(c) or c == "\u200d" else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class LayoutTest(chat.ChatTest):
    def check_rows(self, lines, expected, status):
        """All rows; patterns where an expected one is not a string."""
        for i, (line, wanted) in enumerate(zip(lines, [*expected, status])):
            with self.subTest(row=i):
                if isinstance(wanted, str):
                    self.assertEqual(line, wanted)
                else:
                    self.assertRegex(line, wanted)
        self.assertEqual(len(lines), len(expected) + 1)

    def check_help(self, t, rows, cols):
        """The popup in the middle, and every command in it, page by page."""
        t.send("F1")
        lines = t.wait_for("─ Help ─")
        top = next(i for i, line in enumerate(lines) if "─ Help ─" in line)
        left = lines[top].index("┌")
        width = lines[top].index("┐") - left + 1
        self.assertEqual(left, (cols - width) // 2)
        seen = []
        for _ in range(60):
            lines = t.lines()
            bottom = next(i for i, line in enumerate(lines) if line[left:left + 1] == "└")
            self.assertLess(bottom, rows - 2)
            for line in lines[top + 1:bottom]:
                self.assertEqual((line[left], line[left + width - 1]), ("│", "│"), line)
                seen.append(line[left + 1:left + width - 1].strip())
            self.assertEqual(lines[bottom][left + width - 1], "┘")
            if "more" not in lines[bottom]:
                break
            t.send("NPage")
            t.wait_until(lambda now: now != lines, what="the next page")
        for name in COMMANDS:
            self.assertTrue(any(re.match(rf"/{name}\b", line) for line in seen), name)
        for words in ("choose a picture", "leave, on an empty line", "forget the last question"):
            self.assertIn(words, " ".join(seen))
        t.send("Escape")
        t.wait_gone("─ Help ─")

    def test_80x24(self):
        t = self.text(APPLE)
        t.wait_for("49 tokens")
        rule = " " + "─" * 78
        half = "▀" * 8
        status = re.compile(r"^ \S.* ready$")
        lines = t.wait_until(lambda lines: lines[-1].endswith("ready"), what="the model")
        self.check_rows(lines, [""] * 16 + [
            rule, f"   {half} 1  apple.png", f"   {half} 240x240", f"   {half} 49 tokens",
            f"   {half}", "", " › [picture 1]"], status)
        picture = [" ▌ " + "▀" * 24] * 12
        asked = [*picture, " ▌ apple.png  240x240, 49 tokens", " ▌", f" ▌ {QUESTION}", "",
                 f"   {ANSWER}", re.compile(rf"^   {FIGURES}$"), "", "", "", rule,
                 " › Ask on, or /help"]
        status = re.compile(r"^ \S.*   \d+ of 4096 used · \d+ tok/s · ready$")
        self.check_rows(self.ask(t), asked, status)
        self.check_help(t, 24, 80)
        # There and back again.
        t.resize(10, 40)
        t.wait_until(lambda lines: lines[7] == " " + "─" * 38, what="a small window")
        t.resize(24, 80)
        lines = t.wait_until(lambda lines: lines[21] == rule, what="the large window")
        self.check_rows(lines, asked, status)

    def test_40x10(self):
        t = self.text(APPLE, rows=10, cols=40)
        t.wait_for("49 tokens")
        rule = " " + "─" * 38
        lines = t.wait_until(lambda lines: lines[-1].endswith("ready"), what="the model")
        self.check_rows(lines, [""] * 6 + [rule, "   1  apple.png  240x240, 49 tokens",
                                           " › [picture 1]"], re.compile(r"^ \S.* ready$"))
        lines = self.ask(t)
        # The figures take two lines or three.
        at = lines.index(f"   {ANSWER}")
        above = [" ▌ apple.png  240x240, 49 tokens", " ▌", f" ▌ {QUESTION}", ""]
        self.assertEqual(lines[:at], above[-at:])
        self.assertRegex(" ".join(line.strip() for line in lines[at + 1:7]), f"^{FIGURES}$")
        self.assertEqual(lines[7:9], [rule, " › Ask on, or /help"])
        self.assertRegex(lines[9], r"^ \S.*   \d+ tok/s · ready$")
        self.check_help(t, 10, 40)
        self.enter(t, "/nonsense")
        t.wait_for("no such command: /help lists them; //…")

    def test_200x60(self):
        t = self.text(APPLE, rows=60, cols=200)
        lines = self.ask_when_ready(t)
        picture = [" ▌ " + "▀" * 24] * 12
        self.check_rows(lines, [
            *picture, " ▌ apple.png  240x240, 49 tokens", " ▌", f" ▌ {QUESTION}", "",
            f"   {ANSWER}", re.compile(rf"^   {FIGURES}$"), *[""] * 39, " " + "─" * 198,
            " › Ask on, or /help"], re.compile(r"^ \S.* {50,}\d+ of 4096 used · .* ready$"))
        self.check_help(t, 60, 200)

    def ask_when_ready(self, t, question=QUESTION):
        t.wait_until(lambda lines: lines[-1].endswith("ready"), what="the model")
        return self.ask(t, question)

    def test_wrapping_and_wide_characters(self):
        t = self.ready("-n", "1", rows=24, cols=40)
        question = "x" * 50 + " " + "猫" * 20 + f" e\u0301 {FAMILY} word" * 4
        lines = self.ask_when_ready(t, question)
        self.assertEqual(lines[:6], [
            " ▌ " + "x" * 36, " ▌ " + "x" * 14 + " " + "猫" * 10,
            " ▌ " + "猫" * 10 + " e\u0301 👩 word e\u0301 👩",
            " ▌ word e\u0301 👩 word e\u0301 👩 word", "", lines[5]])
        for line in lines:
            self.assertLessEqual(cells(line), 40, line)
        # 36 cells of text at most, then the next row.
        t.paste("猫" * 17 + "a")
        t.wait_until(lambda lines: t.cursor() == (22, 38, True), what="the cursor behind 35 cells")
        t.paste("猫")
        lines = t.wait_until(lambda lines: t.cursor() == (22, 5, True), what="a second row")
        self.assertEqual(lines[21:23], [" › " + "猫" * 17 + "a", "   猫"])
        t.send("BSpace", "BSpace")
        t.wait_until(lambda lines: t.cursor() == (22, 37, True), what="one row")

    def test_the_cursor_moves_by_what_a_reader_counts(self):
        t = self.ready("-n", "1")
        for text, column in (("a猫", 6), ("e\u0301", 7), (FAMILY, 9), ("b", 10)):
            t.type(text)
            t.wait_until(lambda lines: t.cursor() == (22, column, True), what=f"{text} typed")
        t.wait_for(" › a猫e\u0301👩b")
        for column in (9, 7, 6, 4, 3):
            t.send("Left")
            t.wait_until(lambda lines: t.cursor() == (22, column, True), what=f"column {column}")
        t.send("End", "BSpace", "BSpace", "BSpace")
        t.wait_until(lambda lines: lines[22] == " › a猫", what="the rest")

    def test_too_small(self):
        small = ["Pumice needs 40 x 10 cells.", "Make the window larger."]
        t = self.text(rows=9, cols=40)
        t.wait_until(lambda lines: lines == small + [""] * 7, what="a sentence")
        self.assertFalse(t.cursor()[2])
        t.type("kept")
        t.resize(10, 40)
        t.wait_until(lambda lines: lines[8] == " › kept", what="the screen")
        t.resize(10, 39)
        t.wait_until(lambda lines: lines == small + [""] * 8, what="a sentence")
        t.resize(1, 5)
        t.wait_until(lambda lines: lines == ["Pumic"], what="as much as there is room for")

    def test_colours(self):
        for arguments, environment, colored in (
                ((), {}, True), ((), {"NO_COLOR": "1"}, False), (("--color", "never"), {}, False),
                (("--color", "always"), {"NO_COLOR": "1"}, True)):
            with self.subTest(arguments=arguments, environment=environment):
                t = self.ready(*arguments, environment=environment, rows=10, cols=40)
                self.enter(t, "/nonsense")
                t.wait_for("no such command")
                styled = "\n".join(t.lines(styles=True))
                self.assertIn("\033[", styled)  # bold, reverse
                self.assertEqual(bool(COLORS.search(styled)), colored)
                t.close()

    def test_any_locale(self):
        for environment in ({"LC_ALL": None, "LANG": None}, {"LC_ALL": "xx_YY.ISO-8859-1"}):
            with self.subTest(environment=environment):
                t = self.text("--no-save", environment=environment, rows=10, cols=40)
                t.wait_for("›")
                t.type("naïve 猫")
                t.wait_until(lambda lines: lines[8] == " › naïve 猫", what="the text")
                self.assertEqual(t.cursor(), (8, 11, True))
                t.close()


if __name__ == "__main__":
    results.main()
