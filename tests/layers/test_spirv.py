"""spirv-val over every kernel that was built. Debian 12's knows cooperative matrices in their older
form only: of kernels that tools/coopmat.c rewrote it sees the module before, and a test of our own
what was changed."""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import unittest

import results

SOURCE = pathlib.Path(os.environ["PUMICE_TEST_SOURCE"])
SHADERS = pathlib.Path(os.environ["PUMICE_TEST_SHADERS"])


def words(header):
    """The words of the array in a header."""
    return [int(w, 16) for w in re.findall(r"0x[0-9a-f]{8}", header.read_text())]


def file_words(path):
    data = path.read_bytes()
    return list(struct.unpack(f"<{len(data) // 4}I", data))


def opcodes(module):
    """The instructions of a module as a list of opcodes."""
    found, at = [], 5
    while at < len(module):
        found.append(module[at] & 0xffff)
        at += module[at] >> 16
    return found


class Spirv(unittest.TestCase):
    def test_every_kernel_is_built(self):
        listed = re.findall(r'^#include "shaders/(\w+)\.h"',
                            (SOURCE / "engine/compute/shaders.c").read_text(), re.MULTILINE)
        built = {p.stem for p in SHADERS.glob("*.h")}
        self.assertGreater(len(built), 20)
        self.assertEqual(set(listed) - {"shared"}, built)

    @unittest.skipUnless(shutil.which("spirv-val"), "spirv-val is missing (package spirv-tools)")
    def test_every_kernel_is_valid(self):
        with tempfile.TemporaryDirectory() as folder:
            for header in sorted(SHADERS.glob("*.h")):
                with self.subTest(kernel=header.stem):
                    before = header.with_suffix(".spv")
                    module = file_words(before) if before.exists() else words(header)
                    self.assertEqual(module[0], 0x07230203)
                    path = pathlib.Path(folder) / f"{header.stem}.spv"
                    path.write_bytes(struct.pack(f"<{len(module)}I", *module))
                    checked = subprocess.run(
                        ["spirv-val", "--target-env", "vulkan1.2", path], capture_output=True,
                        text=True)
                    self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_matrices_are_rewritten_and_nothing_else(self):
        """The same instructions, those of matrices with new numbers, and three constants more."""
        new = {5358: 4456, 5359: 4457, 5360: 4458, 5361: 4459, 5362: 4460}
        modules = sorted(SHADERS.glob("*.spv"))
        self.assertEqual(len(modules), 12)
        for path in modules:
            before = opcodes(file_words(path))
            after = opcodes(words(path.with_suffix(".h")))
            first = before.index(5358)
            self.assertEqual(after[first:first + 3], [43] * 3)
            del after[first:first + 3]
            self.assertEqual(after, [new.get(code, code) for code in before])


if __name__ == "__main__":
    results.main()
