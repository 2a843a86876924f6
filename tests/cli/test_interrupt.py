"""Ctrl+C at any moment: 130, silence, nothing left; in a chat it ends the answer alone."""
import os
import pty
import signal
import subprocess
import time

import results
import runner
from runner import ASK, INTERRUPTED, LM, PICTURE, Case


class OneShot(Case):
    def interrupt_after(self, seconds, *arguments, **how):
        process = self.start(*arguments, **how)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        result = self.finish(process, arguments)
        self.assertLess(time.monotonic() - start, 10, "Ctrl+C was not heeded soon")
        return result

    def check_interrupted(self, result):
        # The first milliseconds belong to the dynamic loader: there the signal ends the process.
        self.assertIn(result.code, (INTERRUPTED, -signal.SIGINT), result)
        self.assertEqual(result.err, "", result)

    def test_many_moments(self):
        """A long answer, so that every moment falls into it: load, encode, prefill, generation."""
        for k in range(24):
            seconds = 0.01 + 0.015 * k
            with self.subTest(seconds=seconds):
                self.check_interrupted(self.interrupt_after(
                    seconds, *self.endless(), "--mmproj", runner.EYES, "-i", PICTURE, "-i",
                    PICTURE, "-p", "word " * 20))

    @runner.needs_default_model
    def test_many_moments_of_the_default_model(self):
        for k in range(8):
            seconds = 0.05 + 0.15 * k
            with self.subTest(seconds=seconds):
                self.check_interrupted(self.interrupt_after(
                    seconds, "-i", PICTURE, "-n", "1900", "--temp", "3", "--top-p", "0", "-p",
                    "Tell me all about this picture. " * 30))

    def test_while_reading_standard_input(self):
        process = self.start(*ASK, "-p", "hi")
        self.wait_for(process.stderr, b"reading standard input")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), INTERRUPTED)

    def test_part_of_an_answer_ends_in_a_newline(self):
        process = self.start(*self.endless(), "-p", "hi", stdin=subprocess.DEVNULL)
        first = process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        result = self.finish(process, out=first)
        self.assertEqual(result.code, INTERRUPTED, result)
        self.check_answer(result)

    def test_json_of_a_part_says_so(self):
        process = self.start(*self.endless(), "-p", "hi", "--json", "-vv",
                             stdin=subprocess.DEVNULL)
        self.wait_for(process.stderr, b"decoder ready")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        result = self.finish(process)
        self.assertEqual(result.code, INTERRUPTED, result)
        if result.out:
            self.assertEqual(result.json()["stop"], "interrupted")

    def test_commands(self):
        for arguments in (("bench", "-m", LM, "--repeat", "1000"),
                          ("inspect", "logits", "-m", LM, "-p", "hi", "-o", "x.f32", "--force",
                           str([5] * 1500))):
            with self.subTest(command=arguments[:2]):
                result = self.interrupt_after(0.3, *arguments)
                self.assertEqual(result.code, INTERRUPTED, result)
                self.assertEqual((result.out, result.err), ("", ""))

    def test_slow_reader_of_the_answer(self):
        """Standard output is a pipe that nobody empties."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        try:
            while True:
                os.write(write, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(write, True)
        process = self.start(*ASK, "-p", "hi", stdin=subprocess.DEVNULL, stdout=write)
        os.close(write)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), INTERRUPTED)
        os.close(read)


class Chat(Case):
    def test_an_answer_is_stopped_and_the_chat_goes_on(self):
        process = self.start(*self.endless(), "--plain")
        process.stdin.write(b"hi\n")
        first = process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.stdin.write(b"/help\n/quit\n")
        result = self.finish(process, out=first)
        self.assertEqual(result.code, 0, result)
        self.check_answer(result)
        self.assertIn("/quit", result.err)

    def test_at_the_prompt_it_ends_the_chat(self):
        process = self.start(*ASK, "--plain")
        process.stdin.write(b"/help\n")
        self.wait_for(process.stderr, b"/quit")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), INTERRUPTED)

    def test_at_a_terminal(self):
        """The prompt, an answer, Ctrl+C typed in the middle of it, another question."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        process = self.start(*self.endless(), "--plain", stdin=slave, stderr=slave,
                             start_new_session=True, preexec_fn=lambda: runner.control_terminal(0))
        os.close(slave)
        screen = os.fdopen(os.dup(master), "rb", buffering=0)
        self.addCleanup(screen.close)
        self.wait_for(screen, b"> ")
        os.write(master, b"hi\n")
        process.stdout.read(1)
        os.write(master, b"\x03")
        self.wait_for(screen, b"> ")
        self.assertIsNone(process.poll())
        os.write(master, b"/quit\n")
        self.assertEqual(process.wait(10), 0)


if __name__ == "__main__":
    results.main()
