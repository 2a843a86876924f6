"""The full-screen chat as a person meets it: what is shown, what keys do, how it is left."""
import json
import pathlib
import re
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chat
import results
from chat import APPLE, COLOR, QUESTION


def near(a, b):
    return all(abs(x - y) <= 4 for x, y in zip(a, b))


class ScreenTest(chat.ChatTest):
    def test_answers_as_the_one_shot_does(self):
        answer = self.one_shot(APPLE, "-p", QUESTION)
        t = self.text(APPLE)
        t.wait_for("49 tokens")
        self.assertIn("[picture 1]", t.text())
        t.type(QUESTION)
        t.send("Enter")
        t.wait_for(" said")  # in the line of figures under the answer
        self.assertIn(answer, t.text())

    def test_takes_keys_while_the_model_loads(self):
        t = self.text()
        t.wait_for("›")
        t.type("naïve 猫")
        t.wait_for("naïve 猫")

    def test_what_is_certain_is_worked_out_ahead(self):
        t = self.ready(APPLE)
        t.wait_for("49 tokens")
        t.type(QUESTION)
        self.rest(t)
        t.send("Enter")
        t.wait_for(chat.SAID)
        figures = next(line for line in t.lines() if chat.SAID in line)
        prompt, cached = map(int, re.search(r"(\d+) tokens \((\d+) cached\)", figures).groups())
        self.assertIn("1 picture (cached)", figures)
        # But for the question itself and what closes it.
        self.assertGreater(cached, 60)
        self.assertLess(prompt - cached, 16)

    def test_a_picture_taken_out_leaves_no_trace(self):
        question = "What is a whale?"
        alone = json.loads(self.one_shot("--json", "-p", question))
        t = self.ready(APPLE)
        t.wait_for("49 tokens")
        self.rest(t)
        t.send("BSpace")
        t.wait_gone("49 tokens")
        t.type(question)
        t.send("Enter")
        t.wait_for(chat.SAID)
        self.assertIn(alone["text"].split("\n")[0][:60], t.text())
        self.assertRegex(t.text(), rf" {alone['prompt_tokens']} tokens ")
        self.assertNotIn("1 picture", t.text())

    def test_a_path_on_its_own_line_attaches(self):
        t = self.text()
        t.wait_for("ready")
        t.type(f"'{APPLE}'")
        t.send("Enter")
        t.wait_for("240x240")
        t.type("/drop 1")
        t.send("Enter")
        t.wait_gone("240x240")

    def test_a_bad_picture_is_one_sentence(self):
        t = self.text()
        t.wait_for("ready")
        t.type("/image /nowhere/x.png")
        t.send("Enter")
        t.wait_for("/nowhere/x.png")
        t.type("hello")
        t.wait_for("hello")

    def test_ctrl_c_stops_an_answer_and_keeps_it(self):
        t = self.text("-n", "4000")
        t.wait_for("ready")
        t.type("Write a very long story about the sea.")
        t.send("Enter")
        t.wait_for("answering")
        t.send("C-c")
        t.wait_for("stopped")

    def test_ctrl_c_leaves_a_search(self):
        t = self.text(APPLE, rows=16)
        t.wait_for("49 tokens")
        t.type(QUESTION)
        t.send("Enter")
        t.wait_for(" said")
        t.send("PPage")
        t.type("/dra")
        t.wait_for("search: dra")
        t.send("C-c")
        t.wait_gone("search:")
        t.send("C-c", "C-c")
        t.wait_end()

    def test_a_notch_of_the_wheel_scrolls_three_rows(self):
        t = self.text(APPLE, rows=13)
        t.wait_for("49 tokens")
        t.type(QUESTION)
        t.send("Enter")
        t.wait_for(" said")

        def row(lines):
            return next((i for i, line in enumerate(lines) if QUESTION in line), -1)
        before = row(t.lines())
        self.assertGreaterEqual(before, 0)
        t.type("\033[<64;5;5M")
        t.wait_until(lambda lines: row(lines) == before + 3, what="a scroll of three rows")

    def test_an_unsent_question_survives_a_crash(self):
        t = self.text()
        t.wait_for("ready")
        t.type("not yet sent")
        self.wait_for_file("not yet sent")
        t.signal(signal.SIGKILL)
        t.wait_end()
        self.text().wait_for("not yet sent")

    def test_no_save_leaves_nothing_of_the_chat(self):
        t = self.text("--no-save")
        t.wait_for("ready")
        t.type("a secret")
        t.wait_for("a secret")
        with self.assertRaises(TimeoutError):
            self.wait_for_file("a secret", 2.5)
        t.send("C-c", "C-d")
        t.wait_end()
        with self.assertRaises(TimeoutError):
            self.wait_for_file("a secret", 0)

    def test_too_small_says_so_and_comes_back(self):
        t = self.text()
        t.wait_for("ready")
        t.type("kept")
        t.resize(5, 20)
        t.wait_gone("ready")
        t.resize(24, 80)
        t.wait_for("ready")
        self.assertIn("kept", t.text())

    def test_a_picture_is_shown_in_its_own_pixels(self):
        x = self.pixels(self.square, rows=30, cols=90)
        x.wait_until(lambda s: s.count(COLOR, 4) >= 40 * 40)
        x.send("What colour is this?\r")
        # Sent, it stands in the transcript, in the upper part of the window.
        shown = x.wait_until(lambda s: s.cell(0, 0, 20, 90).count(COLOR, 4) >= 40 * 40)
        box = shown.box(COLOR, 4)
        inside = shown.part(*box)
        self.assertTrue(near(inside.mean(), COLOR), inside.mean())
        self.assertLessEqual(abs(box[2] - box[3]), shown.height // 30)

    def test_no_picture_where_none_is_wanted(self):
        x = self.pixels(self.square, "--image-protocol", "none", rows=30, cols=90)
        x.send("What colour is this?\r")
        x.wait_still(1)
        self.assertEqual(x.screenshot().count(COLOR, 4), 0)


if __name__ == "__main__":
    results.main()
