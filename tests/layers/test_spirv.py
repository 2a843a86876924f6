"""spirv-val over every kernel that was built."""
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
    """The words of the array in a header that glslangValidator wrote."""
    return [int(w, 16) for w in re.findall(r"0x[0-9a-f]{8}", header.read_text())]


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
                    module = words(header)
                    self.assertEqual(module[0], 0x07230203)
                    path = pathlib.Path(folder) / f"{header.stem}.spv"
                    path.write_bytes(struct.pack(f"<{len(module)}I", *module))
                    checked = subprocess.run(
                        ["spirv-val", "--target-env", "vulkan1.2", path], capture_output=True,
                        text=True)
                    self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


if __name__ == "__main__":
    results.main()
