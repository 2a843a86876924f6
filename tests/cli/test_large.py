"""A file of the size of LLaVA-1.5-7B: what loading it takes, and that it answers. Only in
./check --full, where there are 4 GB of disk and 12 GiB of memory for it."""
import os
import re
import subprocess
import time
import unittest

import results
import runner
from runner import Case

MAKER = os.environ["PUMICE_TEST_MAKER"]
MIB = 1 << 20


def available_memory():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("MemAvailable"))


def own_memory(pid):
    """Resident bytes of a process that are no pages of files."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return sum(int(size) << 10 for size in
                       re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB", file.read(), re.MULTILINE))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def read_whole(path):
    """Seconds that reading it takes, and its size."""
    start, size = time.monotonic(), 0
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(MIB):
            size += len(piece)
    return time.monotonic() - start, size


@unittest.skipUnless("PUMICE_FULL" in os.environ, "only in ./check --full")
@unittest.skipIf("VK_INSTANCE_LAYERS" in os.environ, "too slow under the validation layer")
class Large(Case):
    def setUp(self):
        super().setUp()
        self.model = self.files / "llava-7b.gguf"
        space = os.statvfs(self.files)
        if available_memory() < 12 << 30 or space.f_bavail * space.f_frsize < 5 << 30:
            self.skipTest("there is too little memory or disk")
        subprocess.run([MAKER, "llava-7b", self.model], check=True)

    def test_memory_and_speed(self):
        read_whole(self.model)
        seconds, size = read_whole(self.model)  # from the page cache
        process = self.start("-m", self.model, "-p", "hi", "-n", "2", "-vv", "--chat-template",
                             "plain", stdin=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            peak = max(peak, own_memory(process.pid))
            time.sleep(0.02)
        result = self.finish(process)
        self.assertEqual(result.code, runner.OK, str(result))
        self.assertTrue(result.out.strip(), "no answer")
        load = float(re.search(r"weights ready in (\d+) ms", result.err).group(1)) / 1e3
        cache = 2 * 2 * 32 * 256 * 4096  # of the first 256 positions
        print(f"file {size / MIB:.0f} MiB, peak {peak / MIB:.0f} MiB, loaded in {load:.1f} s, "
              f"read in {seconds:.2f} s", flush=True)
        self.assertLessEqual(peak, 1.15 * (size + cache))


if __name__ == "__main__":
    results.main()
