"""devices: what there is, and where the width of vectors and the choice of kernels come from."""
import os
import pathlib
import re

import results
import runner
from runner import Case


class Devices(Case):
    def test_json(self):
        devices = self.succeed("devices", "--json").json()["devices"]
        self.assertEqual(sum(d["chosen"] for d in devices), 1)
        for i, d in enumerate(devices):
            self.assertEqual(d["index"], i)
            self.assertTrue(d["name"] and d["driver"] and d["reason"])
            self.assertRegex(d["vulkan"], r"^1\.\d+\.\d+$")
            self.assertIn(d["type"], ("discrete", "integrated", "virtual", "cpu", "other"))
            self.assertIn(d["kernels"], ("gpu", "cpu"))
            self.assertGreater(d["memory"], 10**8)
            self.assertLessEqual(d["free_memory"], d["memory"])

    def test_text(self):
        out = self.succeed("devices").out
        self.assertEqual(out.count("(used)"), 1)
        verbose = self.succeed("devices", "-v")
        used = next(d for d in self.succeed("devices", "--json").json()["devices"] if d["chosen"])
        for words in (f"{used['kernels']} shape", f"{used['interleave']} rows interleaved",
                      f"tiles of {used['tile_rows']} x {used['tile_columns']}"):
            self.assertIn(words, verbose.out)
        self.assertTrue(used["heaps"])
        for i, heap in enumerate(used["heaps"]):
            budget = f", of which this process may use {heap['budget'] / 1e9:.1f} GB"
            where = "device" if heap["device_local"] else "host"
            self.assertIn(f"heap {i}, of the {where}: {heap['size'] / 1e9:.1f} GB"
                          + (budget if heap["budget"] else "\n"), verbose.out)
        # Asked for one that is not there, the list still says what is.
        other = self.succeed("devices", "--device", "nosuchname")
        self.assertNotIn("(used)", other.out)


class VectorWidth(Case):
    """Where it comes from: the user, what is remembered, the driver."""

    def setUp(self):
        super().setUp()
        cpu = dict(re.findall(r"^(\S[^\t:]*?)\s*: (.*)$",
                              pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE))
        self.processor = cpu.get("model name", "")
        if not {"avx512f", "avx512vl", "avx512dq", "avx512bw"} <= set(cpu.get("flags", "").split()):
            self.skipTest("this processor has one vector width only")
        self.env = {"PUMICE_HOME": self.files, "LP_NATIVE_VECTOR_WIDTH": None}
        (self.files / "cache").mkdir()
        self.kept = self.files / "cache" / "vector-width"
        used = self.used()
        if not used["name"].startswith("llvmpipe"):
            self.skipTest("the device is not lavapipe")
        self.default = used["vector_width"]

    def used(self, *arguments, **changes):
        shown = self.succeed("devices", "--json", *arguments, env=self.env | changes).json()
        return next(d for d in shown["devices"] if d["chosen"])

    def remember(self, bits, processor):
        driver = self.write("driver.so", b"driver")
        ns = driver.stat().st_mtime_ns
        self.kept.write_text(f"{bits}\n{driver}\n6 bytes of {ns // 10**9}.{ns % 10**9:09}\n"
                             f"{processor}\n")

    def check(self, bits, words, **changes):
        used = self.used(**changes)
        self.assertIn(f" {bits} bits", used["name"])
        self.assertEqual(used["vector_width"], bits)
        self.assertIn(words, used["vector_width_from"])
        shown = self.succeed("devices", "-v", env=self.env | changes).out
        self.assertIn(f"vectors of {bits} bits: {used['vector_width_from']}", shown)

    def test_what_is_remembered_is_used_and_the_user_wins(self):
        for bits in (128, 512):
            self.remember(bits, self.processor)
            self.check(bits, "remembered")
        self.check(256, "LP_NATIVE_VECTOR_WIDTH", LP_NATIVE_VECTOR_WIDTH=256)
        answer = self.succeed(*runner.ASK, "-p", "hi", "--json", env=self.env).json()
        self.assertIn("512 bits", answer["device"])

    def test_of_another_machine_or_driver_it_is_not(self):
        self.remember(128, "Another Processor")
        self.check(self.default, "driver")
        self.remember(128, self.processor)
        self.write("driver.so", b"a new driver")
        self.check(self.default, "driver")

    def test_a_given_width_is_measured_alone(self):
        used = self.used("--measure", LP_NATIVE_VECTOR_WIDTH=256)
        self.assertGreater(used["gemm_ms"], 0)
        self.assertGreater(used["gemv_ms"], 0)
        self.assertTrue(os.path.isabs(used["library"]) and os.path.exists(used["library"]))
        self.assertFalse(self.kept.exists())

    def test_measured_once(self):
        first = self.succeed("devices", "-v", "--measure", env=self.env)
        if "could not be measured" in first.err:
            self.skipTest("the machine is too busy")
        bits = int(re.search(r"vectors of (256|512) bits: measured now", first.out)[1])
        self.assertEqual(self.kept.read_text().split("\n")[0], str(bits))
        self.assertEqual(self.kept.stat().st_mode & 0o777, 0o600)
        self.assertIn(f"vectors of {bits} bits: remembered",
                      self.succeed("devices", "--measure", env=self.env).out)


class Trials(Case):
    """Kernels that are tried on a device; as on a graphics card, at an example's cost."""

    def test_what_was_tried_is_listed(self):
        env = {"PUMICE_HOME": self.files, "PUMICE_KERNELS": "gpu", "PUMICE_GEMM": "measure"}
        self.succeed(*runner.ASK, "-p", "hi", "-n", "1", env=env)
        shown = self.succeed("devices", "-v", "--json", env=env).json()
        trials = next(d for d in shown["devices"] if d["chosen"])["trials"]
        self.assertTrue(trials)
        lines = self.succeed("devices", "-v", env=env).out
        for trial in trials:
            self.assertEqual(sum(v["used"] for v in trial["gemm"]), 1)
            self.assertEqual(sum(v["used"] for v in trial["gemv"]), 1)
            self.assertEqual({v["name"] for v in trial["gemv"]}, {"32", "64", "128", "256"})
            self.assertIn(f"{trial['type']}: gemm float ", lines)

    def test_none_are_on_a_processor(self):
        env = {"PUMICE_HOME": self.files, "PUMICE_KERNELS": "cpu", "PUMICE_GEMM": None}
        self.succeed(*runner.ASK, "-p", "hi", "-n", "1", env=env)
        self.assertNotIn("gemv of", self.succeed("devices", "-v", env=env).out)


if __name__ == "__main__":
    results.main()
