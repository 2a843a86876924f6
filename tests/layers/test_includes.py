"""Which file may include which: the arrows of ARCHITECTURE, and one home for each library."""
import os
import pathlib
import re
import unittest

import results

SOURCE = pathlib.Path(os.environ["PUMICE_TEST_SOURCE"])
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# What a folder's files may include from the project.
ALLOWED = {
    "base": ("base/",),
    "engine": ("base/", "engine/", "shaders/"),
    "ui": ("base/", "ui/"),
    "app": ("base/", "app/", "ui/", "engine/engine.h", "engine/probe.h",
            "engine/probe_bench.h"),
}
# Headers of a library, and the files that may see them.
HOMES = {
    r"vulkan/": r"engine/vk/",
    r"jpeglib\.h|turbojpeg\.h": r"engine/(image/decode\w*|probe_photo)\.c",
    r"webp/": r"engine/image/decode\w*\.c",
    r"stb/|stb_image": r"engine/image/(decode\w*|stb)\.c",
    r"ncurses\w*/|n?curses\.h": r"ui/term\w*\.c",
    r"sixel\.h|sixel/": r"ui/sixel\w*\.c",
    r"sqlite3\.h": r"app/store\w*\.c",
    r"openssl/": r"engine/",
    r"dlfcn\.h": r"engine/vk/loader\.c",
}


def includes():
    """(file, bracket, header) of every include of the program."""
    for folder in ALLOWED:
        for path in sorted((SOURCE / folder).rglob("*.[ch]")):
            for bracket, header in INCLUDE.findall(path.read_text(encoding="utf-8")):
                yield path.relative_to(SOURCE).as_posix(), bracket, header


class Includes(unittest.TestCase):
    def test_arrows_point_one_way(self):
        seen = 0
        for file, bracket, header in includes():
            if bracket == '"':
                seen += 1
                self.assertTrue(header.startswith(ALLOWED[file.split("/")[0]]),
                                f"{file} must not include {header}")
        self.assertGreater(seen, 100)

    def test_each_library_has_one_home(self):
        for file, bracket, header in includes():
            if bracket == "<":
                for pattern, home in HOMES.items():
                    if re.match(pattern, header):
                        self.assertRegex(file, rf"^(?:{home})", f"{file} must not include {header}")

    def test_includes_name_their_folder(self):
        for file, bracket, header in includes():
            if bracket == '"':
                self.assertIn("/", header, file)
                self.assertNotIn("..", header, file)


if __name__ == "__main__":
    results.main()
