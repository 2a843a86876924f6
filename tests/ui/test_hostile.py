"""Names, texts, pastes, replies and clipboards that mean harm, or too much of them."""
import os
import pathlib
import shutil
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chat
import results
import tmux
from chat import APPLE, EYES, MODEL, PROGRAM, SAID

WORDS_ALONE = ("--image-protocol", "none", "-n", "1")
# A title, a cleared screen, a turned direction, half a character, a C1 control.
EVIL = b"\033]2;pwned\007\033[2J\033[31m\xe2\x80\xaeabc\xc3\xc2\x9b5n"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


class HostileTest(chat.ChatTest):
    def start(self, *arguments, **how):
        t = super().start(*arguments, **how)
        t.record()
        return t

    def check_harmless(self, t):
        lines = t.lines()
        sent = t.recorded()
        self.assertGreater(len(sent), 0)
        self.assertEqual([c for c in BIDI if c.encode() in sent], [])
        self.assertNotIn(b"\033]2;", sent)
        self.assertNotIn("pwned", t.tell("pane_title"))
        rule = next(line for line in lines if "─────" in line)
        self.assertTrue(rule.startswith((" ─", "  ┌")), rule)
        return lines

    def wait_input(self, t, text):
        t.wait_until(lambda lines: lines[-2] == " › " + text, what=f"the input {text!r}")

    def test_names_of_files(self):
        folder = self.home / "pictures"
        folder.mkdir()
        name = EVIL.replace(b"/", b"") + b".ppm"
        shutil.copy(self.square, bytes(folder) + b"/" + name)
        (folder / "zz\033[2J\n.png").write_text("no picture")
        t = self.ready(*WORDS_ALONE, cwd=folder)
        t.send("C-o")
        lines = t.wait_for("abc")
        self.assertEqual(sum("│" in line for line in lines), 18)
        self.check_harmless(t)
        t.send("Enter")
        t.wait_for("40x40")
        self.check_harmless(t)
        self.enter(t, "/images")
        t.wait_for("(goes with")
        self.check_harmless(t)
        self.enter(t, "/view 1")
        t.wait_for("─ Picture ─")
        self.check_harmless(t)
        t.send("Escape")
        t.wait_gone("─ Picture ─")
        t.send("C-o", "End", "Enter")
        t.wait_for("error: ")
        self.check_harmless(t)
        # It cannot be typed, so it is not completed.
        t.type("/image zz")
        t.send("Tab")
        t.type("x")
        t.wait_for("/image zzx")
        t.send("C-u")
        self.enter(t, "/export evil\u202e.md")
        t.wait_for("written to evil")
        self.check_harmless(t)

    def test_texts_of_a_model_file(self):
        model = self.home / "evil.gguf"
        shutil.copyfile(MODEL, model)
        with open(model, "r+b") as file:
            head = file.read(1 << 20)
            at = head.index(b"general.name") + len("general.name") + 4
            size, = struct.unpack_from("<Q", head, at)
            file.seek(at + 8)
            file.write((EVIL[:size - 3]).ljust(size, b"z"))
        command = [PROGRAM, "-m", model, "--mmproj", EYES, *WORDS_ALONE]
        with tmux.Tmux(command, environment=self.environment) as t:
            t.record()
            t.wait_until(lambda lines: lines[-1].endswith(" ready"), what="the model")
            self.check_harmless(t)
            for line, words in (("/show", "template"), ("/model", "another one")):
                self.enter(t, line)
                t.wait_for(words)
                self.check_harmless(t)
            self.assertTrue(t.lines()[-1].startswith(" "))
            self.assertIn("[2J", t.text())  # as letters

    def test_a_history_file(self):
        state = self.home / ".local" / "state" / "pumice"
        state.mkdir(parents=True)
        (state / "history").write_bytes(b"begin " + EVIL + b" end\n")
        t = self.ready(*WORDS_ALONE)
        t.send("Up")
        t.wait_for("› begin ")
        t.wait_for(" end")
        self.check_harmless(t)
        t.send("Enter")
        t.wait_for(SAID)
        self.check_harmless(t)

    def test_pastes(self):
        t = self.ready(*WORDS_ALONE)
        for pasted in (b"a" + EVIL + b"b", b"a\0\0b", b"a\xe7\x8cb", b"a\xff\xfe\xc0\xafb",
                       "a\u202e\u2066b".encode(), b"a\r\x08\x7f\x03\x04\x1a\x1bb"):
            with self.subTest(pasted=pasted):
                t.feed(b"\033[200~" + pasted + b"\033[201~")
                t.wait_until(lambda lines: any(line.startswith(" › a") for line in lines) and
                             lines[-2].endswith("b"), what="what was pasted")
                self.check_harmless(t)
                t.send("C-c")
                t.wait_for("› Ask")
        # A paste whose end never comes is over after a while.
        t.feed(b"\033[200~abc")
        self.wait_input(t, "abc")
        t.type("d")
        self.wait_input(t, "abcd")
        self.assertNotIn(" ▌", t.text())

    def test_replies_never_land_in_the_prompt(self):
        t = self.ready(*WORDS_ALONE)
        replies = (b"\033[?62;4;6c", b"\033[?1;0;256S", b"\033[?2;0;800;480S", b"\033[6;20;10t",
                   b"\033[12;40R", b"\033]11;rgb:0000/0000/0000\033\\", b"\033]10;rgb:f/f/f\007",
                   b"\033P>|tmux 3.4\033\\", b"\033[?2026;2$y", b"\033[0n", b"\033[>1;10;0c",
                   b"\033_Gi=1;OK\033\\")
        malformed = (b"\033[?1;2;;;;;;;;;;99999999999999999999c", b"\033[?" + b"1;" * 400 + b"c",
                     b"\033[6;0;0t", b"\033[6;99999;99999t", b"\033[?1;0;0S", b"\033[?2;0;-1;5S",
                     b"\033[4;c", b"\033[<64;5M", b"\033[?62;4\x18", b"\033]11;rgb:12\x18")
        for sent in (b"".join(replies), b"".join(replies) * 20, b"".join(malformed)):
            t.feed(sent)
            t.type("x")
            self.wait_input(t, "x")
            t.send("BSpace")
        # In parts, wherever they are parted.
        for reply in replies[:6]:
            for at in range(2, len(reply), 3):
                t.feed(reply[:at])
                t.feed(reply[at:])
        t.type("x")
        self.wait_input(t, "x")
        # So late after its ESC that this was taken for the key.
        t.send("F1")
        t.wait_for("─ Help ─")
        t.feed(b"\033")
        t.wait_gone("─ Help ─")
        t.feed(b"[?62;4;6c")
        t.type("y")
        self.wait_input(t, "xy")
        t.wait_for("ready")
        self.assertNotIn(" ▌", t.text())

    def test_files_that_vanish(self):
        copy = self.home / "copy.png"
        shutil.copy(APPLE, copy)
        t = self.ready(copy, "--image-protocol", "none")
        t.wait_for("49 tokens")
        copy.unlink()
        self.ask(t)
        self.assertIn("This is a drawing of a fruit.", t.text())
        self.enter(t, f"/image {copy}")
        t.wait_for("error: cannot open the picture /")
        self.enter(t, "/view 1")
        t.wait_for("─ Picture ─")
        t.send("Tab")
        t.wait_for("what the model sees")

    def test_what_is_no_file(self):
        os.mkfifo(self.home / "pipe.png")
        (self.home / "folder.png").mkdir()
        t = self.ready(*WORDS_ALONE, rows=40)
        for i, name in enumerate((self.home / "pipe.png", self.home / "folder.png", "/dev/zero",
                                  "/dev/tty", "/proc/self/mem")):
            with self.subTest(name=name):
                self.enter(t, f"/image {name}")
                t.wait_until(lambda lines, i=i: "\n".join(lines).count("error: ") == i + 1 and
                             lines[-2].startswith(" › Ask"), what="a sentence")
        self.enter(t, "/quit")
        self.assertEqual(t.wait_end(), 0)

    def test_a_clipboard_of_500_megabytes(self):
        self.script("wl-paste", "case \"$*\" in *--list-types*) echo image/png;;\n"
                    "*) exec head -c 500000000 /dev/zero;; esac\n")
        t = self.ready(*WORDS_ALONE, environment=self.with_programs(WAYLAND_DISPLAY="here"))
        t.send("C-v")
        t.type("typed")
        t.wait_for("typed")
        t.wait_for("the picture in the clipboard is over ")
        self.wait_input(t, "typed")
        # And one that says that it has a million types.
        self.script("wl-paste", "exec yes image/png\n")
        t.send("C-v")
        t.wait_for("there is no picture in the clipboard")
        self.wait_input(t, "typed")
        # And one that never comes: it is not waited for, neither by keys nor by the end.
        self.script("wl-paste", "exec sleep 1000\n")
        t.send("C-v")
        t.wait_for("clipboard: reading")
        t.type(" on")
        t.wait_for("typed[picture 1] on", timeout=3)
        t.send("C-c", "C-d")
        t.wait_end(timeout=3)

    def test_a_folder_of_100000_files(self):
        folder = self.home / "many"
        folder.mkdir()
        fd = os.open(folder, os.O_RDONLY)
        for i in range(100000):
            os.close(os.open(f"{i:06}.png", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        os.close(fd)
        t = self.ready(*WORDS_ALONE, cwd=folder)
        t.send("C-o")
        t.wait_for("20000 of the first 20000 entries; type the path of any other")
        for keys in (("Down",) * 5, ("End",), ("Home",), ("NPage",), ("7",), ("7",)):
            before = t.lines()
            t.send(*keys)
            t.wait_until(lambda lines: lines != before, timeout=3, what=f"{keys}")
        t.send("Escape")
        t.wait_gone("─ Choose a picture ─")
        t.type("/image ./09")
        t.send("Tab")
        t.wait_for("+ in all ", timeout=5)


if __name__ == "__main__":
    results.main()
