"""Whole conversations of pumice --plain, through pipes."""
import json
import struct

import gguf_file
from gguf_file import Gguf
import pictures
import results
import runner
from runner import ASK_PICTURE, LM, PICTURE, Case

CHAT = (*ASK_PICTURE, "--plain")


class Conversation(Case):
    def talk(self, *lines, arguments=(), **how):
        """The answers (one JSON object each) and what was said beside them."""
        result = self.succeed(*CHAT, "--json", *arguments, data="\n".join(lines) + "\n", **how)
        return [json.loads(line) for line in result.out.splitlines()], result.err

    def test_questions_follow_each_other(self):
        answers, err = self.talk("hi", "and you?", "", "   ", "bye")
        self.assertEqual(len(answers), 3)
        self.assertEqual(err, "")
        for before, after in zip(answers, answers[1:]):
            # All but what the question adds is there already: the last token of an answer is the
            # only one that no step has needed.
            held = before["prompt_tokens"] + before["generated_tokens"]
            self.assertGreater(after["prompt_tokens"], held)
            self.assertGreaterEqual(after["cached_tokens"], held - 1)

    def test_text_answers_are_lines(self):
        result = self.succeed(*CHAT, data="hi\nand you?\n")
        self.assertFalse(result.out.startswith("\n"))
        self.check_answer(result)
        self.assertEqual(result.err, "")

    def test_last_line_without_newline_counts(self):
        result = self.succeed(*CHAT, "--json", data="hi")
        self.assertEqual(len(result.out.splitlines()), 1)

    def test_line_that_goes_on(self):
        joined, _ = self.talk("one\\", "two")
        self.assertEqual(len(joined), 1)
        ids = self.succeed("inspect", "tokens", "-m", LM, "-p", "one\ntwo").json()
        self.assertEqual(joined[0]["prompt_tokens"], len(ids))

    def test_carriage_returns_are_no_text(self):
        with_return, _ = self.talk("hi\r")
        without, _ = self.talk("hi")
        self.assertEqual(with_return[0]["prompt_tokens"], without[0]["prompt_tokens"])

    def test_picture_of_the_first_turn_is_not_encoded_again(self):
        answers, err = self.talk(f"/image {PICTURE}", "hi", "and you?")
        self.assertIn("[picture 1: ", err)
        self.assertIn("150x100, 64 tokens]", err)
        first, second = answers
        self.assertGreater(first["images"][0]["encode_ms"], 0)
        self.assertEqual(second["images"][0]["encode_ms"], 0)
        self.assertGreaterEqual(second["cached_tokens"], first["prompt_tokens"])

    def test_pictures_of_the_command_line(self):
        answers, err = self.talk("/images", "hi", "/images", arguments=(PICTURE, "-i", PICTURE))
        self.assertEqual(len(answers[0]["images"]), 2)
        self.assertEqual(err.count("goes with the next question"), 2)
        self.assertEqual(err.count("150x100  64 tokens"), 4)

    def test_images_and_drop(self):
        other = self.write("other.png", pictures.png(20, 10))
        answers, err = self.talk("/images", f"/image {PICTURE}", f"/image {other}", "/images",
                                 "/drop 1", "/images", "hi", "/drop 1", "and you?")
        self.assertIn("no pictures yet", err)
        self.assertEqual([i["width"] for i in answers[0]["images"]], [20])
        self.assertEqual(answers[1]["images"], [])

    def test_tiled_pictures_keep_their_order_and_sizes(self):
        """LLaVA-1.6: each of its own size, several in a turn and over turns, told before sending."""
        g = Gguf(runner.EYES)
        sides = [112, 224, 224, 112, 224, 224]
        g.pairs["clip.vision.image_grid_pinpoints"] = (
            gguf_file.ARRAY, struct.pack("<IQ6i", gguf_file.I32, 6, *sides))
        g.pairs["clip.vision.mm_patch_merge_type"] = (gguf_file.STRING,
                                                      gguf_file.text("spatial_unpad"))
        g.tensors.append(gguf_file.Tensor("model.image_newline", [256], gguf_file.TYPE_F32,
                                          len(g.data), 1024))
        g.data += bytes(1024)
        eyes = g.write(self.files / "eyes.gguf")
        wide, square = PICTURE, self.files / "square.ppm"
        square.write_bytes(b"P6 240 240 255\n" + bytes(3 * 240 * 240))
        answers, err = self.talk("one", f"/image {square}", f"/image {wide}", "/images", "two",
                                 arguments=("--mmproj", eyes, wide, square))
        for line, tokens in (("150x100", 168), ("240x240", 336)):
            self.assertRegex(err, f"{line},? +{tokens} tokens")
        self.assertEqual([[i["tokens"] for i in a["images"]] for a in answers],
                         [[168, 336], [168, 336, 336, 168]])
        self.assertEqual([i["width"] for i in answers[1]["images"]], [150, 240, 240, 150])

    def test_drop_what_is_not_there(self):
        _, err = self.talk("/drop 1", "/drop", "/drop x", "/drop 0", "/drop 99999999999999999999",
                           "/drop -1")
        self.assertEqual(err.count("/drop takes the number of a picture"), 6, err)

    def test_clear(self):
        answers, err = self.talk(f"/image {PICTURE}", "hi", "/clear", "hi")
        self.assertIn("[a new conversation]", err)
        self.assertEqual(answers[1]["images"], [])
        self.assertEqual(answers[1]["prompt_tokens"],
                         self.talk("hi")[0][0]["prompt_tokens"])

    def test_system(self):
        answers, _ = self.talk("hi", "/clear", "/system Be brief and kind to all.", "hi", "/clear",
                               "/system", "hi")
        plain, changed, again = answers
        ids = self.succeed("inspect", "tokens", "-m", LM, "-p", "hi", "--system",
                           "Be brief and kind to all.").json()
        self.assertEqual(changed["prompt_tokens"], len(ids))
        self.assertEqual(plain["prompt_tokens"], again["prompt_tokens"])

    def test_regen(self):
        answers, err = self.talk("/regen", "hi", "/regen", "/regen",
                                 arguments=("--temp", "2", "--top-p", "0", "-n", "12"))
        self.assertIn("there is no answer yet", err)
        self.assertEqual(len(answers), 3)
        self.assertEqual(len({a["prompt_tokens"] for a in answers}), 1)
        self.assertGreater(len({a["text"] for a in answers}), 1)

    def test_help_quit_and_unknown(self):
        result = self.succeed(*CHAT, data="/help\n/nonsense\n/quit\nhi\n")
        self.assertEqual(result.out, "")
        for name in ("image", "images", "drop", "clear", "regen", "system", "help", "quit"):
            self.assertRegex(result.err, rf"(?m)^/{name}\b")
        self.assertIn("there is no command or picture /nonsense", result.err)

    def test_two_slashes_begin_a_text(self):
        answers, err = self.talk("//etc is a folder")
        ids = self.succeed("inspect", "tokens", "-m", LM, "-p", "/etc is a folder").json()
        self.assertEqual(answers[0]["prompt_tokens"], len(ids))
        self.assertEqual(err, "")

    def test_bad_picture_is_told_and_the_chat_goes_on(self):
        answers, err = self.talk("/image /no/such.png", "/image", "hi")
        self.assertIn("/no/such.png", err)
        self.assertIn("name is missing", err)
        self.assertEqual(answers[0]["images"], [])

    def test_line_that_is_not_utf8(self):
        result = self.succeed(*CHAT, "--json", data=b"gr\xfcn\nhi\n")
        self.assertIn("UTF-8", result.err)
        self.assertEqual(result.out.count("\n"), 1)

    def test_question_that_is_too_long_by_itself(self):
        answers, err = self.talk("word " * 3000, "hi")
        self.assertIn("2048", err)
        self.assertEqual(len(answers), 1)
        self.assertEqual(answers[0]["prompt_tokens"], self.talk("hi")[0][0]["prompt_tokens"])

    def test_full_context_is_told(self):
        questions = ["word " * 20] * 6
        result = self.succeed(*CHAT, "--json", "-c", "150", "-n", "20",
                              data="\n".join(questions) + "\n")
        self.assertIn("150", result.err)
        self.assertIn("/clear", result.err)
        for line in result.out.splitlines():
            answer = json.loads(line)
            self.assertLessEqual(answer["prompt_tokens"] + answer["generated_tokens"], 151)

    def test_full_context_and_clear(self):
        questions = ["word " * 20] * 4 + ["/clear", "hi"]
        answers, _ = self.talk(*questions, arguments=("-c", "150"))
        self.assertEqual(answers[-1]["prompt_tokens"], self.talk("hi")[0][0]["prompt_tokens"])

    def test_no_input_at_all(self):
        result = self.succeed(*CHAT)
        self.assertEqual((result.out, result.err), ("", ""))

    def test_without_pictures_the_reason_is_told_when_one_is_attached(self):
        model = self.files / "blind.gguf"
        model.symlink_to(LM)
        result = self.succeed("-m", model, "-n", "2", "--plain", data=f"/image {PICTURE}\nhi\n")
        self.check_message(result, "cannot see", "--mmproj")
        self.assertTrue(result.out)

    @runner.needs_default_model
    def test_default_model_remembers_the_picture(self):
        picture = runner.ROOT / "assets" / "pictures" / "sun.png"
        result = self.succeed("--plain", "--json", "--temp", "0", "-n", "30",
                              data=f"/image {picture}\nWhat is in this picture?\nWhat is it?\n")
        first, second = [json.loads(line) for line in result.out.splitlines()]
        self.assertIn("sun", first["text"])
        self.assertGreaterEqual(second["cached_tokens"], first["prompt_tokens"])
        self.assertEqual(second["images"][0]["encode_ms"], 0)


if __name__ == "__main__":
    results.main()
