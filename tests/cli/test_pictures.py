"""Pictures that cannot be read, unusual ones, and the ways to name one."""
import os

import pictures
import results
import runner
from runner import ASK_PICTURE, DATA, PICTURE, PICTURE_CODE, Case


class BadPicture(Case):
    def refuse_picture(self, words, path, **how):
        """Refused in every place that takes a picture, the good ones beside it notwithstanding."""
        result = self.refuse(PICTURE_CODE, words, *ASK_PICTURE, "-p", "hi", "-i", PICTURE, "-i",
                             path, "-i", PICTURE, **how)
        self.refuse(PICTURE_CODE, words, *ASK_PICTURE, "--plain", path, data="hi\n", **how)
        self.refuse(PICTURE_CODE, words, "inspect", "pixels", "--mmproj", runner.EYES, "-i", path,
                    "-o", "x.f32", **how)
        return result

    def refuse_bytes(self, words, data):
        return self.refuse_picture(words, self.write("picture.png", data))

    def test_missing(self):
        self.refuse_picture(("/no/such.png", "no such file"), "/no/such.png")

    def test_empty(self):
        self.refuse_bytes("empty", b"")

    def test_folder(self):
        self.refuse_picture("folder", self.files)

    def test_pipe_without_a_writer(self):
        os.mkfifo(self.files / "pipe")
        self.refuse_picture("regular file", self.files / "pipe")

    def test_device(self):
        self.refuse_picture("/dev/zero", "/dev/zero")

    def test_unreadable(self):
        path = self.write("secret.png", PICTURE.read_bytes())
        path.chmod(0)
        self.refuse_picture("permission", path, before=runner.AS_A_USER)

    def test_truncated(self):
        for name in ("synth/pic.png", "pictures/420.jpg", "pictures/interlaced.gif",
                     "pictures/alpha.webp", "pictures/RGB.bmp", "pictures/100.ppm"):
            data = (DATA / name).read_bytes()
            for size in (5, len(data) // 2, len(data) - 8):
                with self.subTest(name=name, size=size):
                    self.refuse_bytes("picture.png", data[:size])

    def test_not_a_picture(self):
        self.refuse_bytes(("picture.png", "JPEG, PNG"), b"Dear diary, " * 100)
        self.refuse_bytes("picture.png", bytes(1000))
        self.refuse_picture("lm-Q4_0.gguf", runner.LM)

    def test_absurd_sizes(self):
        self.refuse_bytes(("60000 x 60000", "limit"), pictures.png_claiming(60000, 60000))
        self.refuse_bytes("picture.png", pictures.png_claiming(2**31 - 1, 2**31 - 1))
        self.refuse_bytes("picture.png", pictures.png_claiming(0, 100))
        self.refuse_bytes("picture.png", b"P6\n60000 60000\n255\n")

    def test_other_formats_are_named(self):
        for name, data in (("HEIC", pictures.HEIC), ("AVIF", pictures.AVIF),
                           ("TIFF", pictures.TIFF)):
            self.refuse_bytes((name, "convert it first"), data)

    def test_the_bad_one_is_named(self):
        bad = self.write("bad one.png", b"nothing")
        self.refuse(PICTURE_CODE, "bad one.png", *ASK_PICTURE, "-p", "hi", PICTURE, bad, PICTURE)

    def test_bad_from_standard_input(self):
        self.refuse(PICTURE_CODE, "standard input", *ASK_PICTURE, "-p", "hi", "-i", "-",
                    data=b"nothing")
        self.refuse(PICTURE_CODE, ("standard input", "empty"), *ASK_PICTURE, "-p", "hi", "-i", "-")


class UnusualShape(Case):
    def test_thin_and_tiny_pictures_are_answered(self):
        for width, height in ((1, 1), (1, 1000), (1000, 1), (2, 3)):
            with self.subTest(width=width, height=height):
                path = self.write("thin.png", pictures.png(width, height))
                answer = self.succeed(*ASK_PICTURE, "-p", "hi", "-i", path, "--json").json()
                self.assertEqual(answer["images"][0]["width"], width)
                self.assertEqual(answer["images"][0]["height"], height)
                self.assertEqual(answer["images"][0]["tokens"], 64)


class Name(Case):
    def read(self, name, typed=None, **how):
        path = self.write(name, PICTURE.read_bytes())
        result = self.succeed(*ASK_PICTURE, "-p", "hi", "--json", "-i", typed or path, **how)
        self.assertEqual(result.json()["images"][0]["width"], 150)
        return result

    def test_spaces_quotes_and_newlines(self):
        for name in ("two words.png", "it's.png", 'a "b" c.png', "line\nbreak.png", "tab\t.png",
                     " leading.png", "trailing ", "a\\b.png", "%41.png", "$HOME.png", "*.png",
                     "bildchen-äöü-画.png", "-.png"):
            with self.subTest(name=name):
                self.read(name)

    def test_begins_with_a_dash(self):
        (self.files / "-x.png").write_bytes(PICTURE.read_bytes())
        for typed in (("-i", "-x.png"), ("--", "-x.png"), ("./-x.png",)):
            result = self.run_program(*ASK_PICTURE, "-p", "hi", *typed, cwd=self.files)
            self.assertEqual(result.code, 0, result)

    def test_not_utf8(self):
        path = os.fsencode(self.files) + b"/gr\xfcn.png"
        with open(path, "wb") as f:
            f.write(PICTURE.read_bytes())
        answer = self.succeed(*ASK_PICTURE, "-p", "hi", "--json", "-i", path).json()
        self.assertEqual(answer["images"][0]["width"], 150)

    def test_home(self):
        self.read("here.png", typed="~/here.png", env={"HOME": self.files})

    def test_uri(self):
        self.read("two words.png", typed=f"file://{self.files}/two%20words.png")
        self.read("two words.png", typed=f"file://localhost{self.files}/two%20words.png")
        self.refuse(PICTURE_CODE, "not a file of this machine", *ASK_PICTURE, "-p", "hi", "-i",
                    "file://elsewhere/x.png")
        self.refuse(PICTURE_CODE, "%", *ASK_PICTURE, "-p", "hi", "-i", "file:///x%2.png")

    def test_quoted_in_the_chat(self):
        self.write("two words.png", PICTURE.read_bytes())
        base = self.files / "two words.png"
        lines = (f"/image {base}", f'/image "{base}"', f"/image '{base}'",
                 "/image " + str(base).replace(" ", "\\ "), f"'{base}'", str(base))
        result = self.succeed(*ASK_PICTURE, "--plain", data="\n".join(lines) + "\n")
        self.assertEqual(result.err.count("150x100, 64 tokens]"), len(lines), result)


if __name__ == "__main__":
    results.main()
