"""--dry-run and models check: what is shown, and that nothing is computed."""
import gguf_file
import results
import runner
from gguf_file import Gguf
from runner import DEVICE, EYES, LM, MODEL, PICTURE, USAGE, Case

MIB = 1 << 20
ROWS = ("weights", "kv_cache", "scratch", "tower")


class DryRun(Case):
    def plan(self, *arguments):
        return self.succeed(*arguments, "--dry-run", "--json").json()["memory"]

    def test_table(self):
        shown = self.succeed("-m", LM, "--mmproj", EYES, "-c", "1000", "--dry-run").out
        for word in ("weights", "2 of 2 layers", "KV cache", "1000 positions, f16", "scratch",
                     "picture tower", "stays loaded", "needed", "free"):
            self.assertIn(word, shown)

    def test_rows_add_up(self):
        plan = self.plan("-m", LM, "--mmproj", EYES, "-c", "1024")
        self.assertTrue(plan["fits"])
        for place in ("device", "host"):
            self.assertEqual(sum(plan[row][place] for row in ROWS), plan["needed"][place])
        # 2 layers, K and V of 2 heads of 64 halves
        self.assertEqual(plan["kv_cache"]["device"], 2 * 2 * 1024 * 2 * 64 * 2)
        self.assertEqual((plan["layers"], plan["device_layers"]), (2, 2))
        # Not the 2 GiB that a software device claims to have.
        if "llvmpipe" in plan["device"]:
            self.assertTrue(plan["one_memory"])
            with open("/proc/meminfo", encoding="ascii") as file:
                available = next(int(line.split()[1]) << 10 for line in file
                                 if line.startswith("MemAvailable"))
            self.assertAlmostEqual(plan["free"]["device"] / available, 15 / 16, delta=0.1)

    def test_layers_that_are_asked_for(self):
        plan = self.plan("-m", LM, "--gpu-layers", "1")
        self.assertEqual(plan["device_layers"], 1)
        self.assertEqual(plan["kv_cache"]["device"], plan["kv_cache"]["host"])
        self.assertIsNone(plan["notice"])
        self.assertEqual(self.plan("-m", LM, "--gpu-layers", "99")["device_layers"], 2)

    def test_less_memory(self):
        whole = self.plan("-m", LM, "--mmproj", EYES)
        less = ("-m", LM, "--mmproj", EYES, "--device-memory", whole["needed"]["device"] - 1)
        tight = self.plan(*less)
        self.assertTrue(tight["fits"] and tight["tower_stays"])
        self.assertEqual((whole["kv"], tight["kv"]), ("f16", "q8_0"))
        self.assertIn("q8_0", tight["notice"])
        self.assertIn(tight["notice"], self.succeed(*less, "--dry-run").out)
        tight = self.plan(*less, "--kv", "f16")
        self.assertTrue(tight["fits"])
        self.assertFalse(tight["tower_stays"])
        self.assertLess(tight["needed"]["device"], whole["needed"]["device"])
        self.assertIn("tower", tight["notice"])

    def test_does_not_fit(self):
        result = self.run_program("-m", LM, "--dry-run", "--device-memory", "1M")
        self.assertEqual(result.code, DEVICE)
        self.assertIn("does not fit", result.out)
        self.assertIn("not enough memory", result.err)
        self.assertEqual(result.err.count("\n"), 1)
        self.refuse(DEVICE, "not enough memory", "-m", LM, "--device-memory", "1M", "-p", "hi")

    def test_notice_is_on_standard_error(self):
        alone = self.root / "files" / "lm.gguf"  # with no vision file beside it
        alone.symlink_to(LM)
        size = self.plan("-m", alone, "--kv", "q8_0")["needed"]["device"]
        result = self.succeed("-m", alone, "--device-memory", size - 1, "-n", "1", "-p", "hi")
        self.assertIn("1 of 2 layers", result.err)
        self.assertNotIn("layers", result.out)

    def test_sizes(self):
        for text, value in (("20M", 20 * MIB), ("12.5M", 25 * MIB // 2), ("25165824", 24 * MIB)):
            self.assertEqual(self.plan("-m", LM, "--gpu-layers", "2", "--device-memory", text,
                                       "-c", "64")["free"]["device"], value)
        for text in ("", "G", "5X", "5MB", "-1M", "0", "1e9", "99999T", "1.2.3G"):
            self.refuse(USAGE, "--device-memory", "-m", LM, "--device-memory", text, "--dry-run")


class Check(Case):
    def test_language_model(self):
        shown = self.succeed("models", "check", LM, "--json").json()
        self.assertTrue(shown["runs"])
        self.assertEqual(shown["kind"], "language")
        self.assertEqual(shown["memory"]["layers"], 2)
        text = self.succeed("models", "check", LM, "--mmproj", EYES).out
        for word in ("language model", "Q4_0", "2 of 2 layers", "picture tower"):
            self.assertIn(word, text)

    def test_vision_file(self):
        shown = self.succeed("models", "check", EYES, "--json").json()
        self.assertEqual((shown["kind"], shown["runs"]), ("vision", True))
        # Its weights, and what it computes with, are the tower's of a chat in which it stays.
        chat = self.succeed("-m", LM, "--mmproj", EYES, "--dry-run", "--json").json()
        chat = chat["memory"]["tower"]
        takes = shown["memory"]
        self.assertGreater(takes["weights"], 0)
        self.assertEqual(takes["weights"] + takes["scratch"]["device"], chat["device"])
        self.assertEqual(takes["scratch"]["host"], chat["host"])
        self.assertIn(f"takes {takes['weights'] / MIB:.2f} MiB of device memory for its weights",
                      self.succeed("models", "check", EYES).out)

    def test_what_does_not_run(self):
        g = Gguf(LM)
        g.set("general.architecture", gguf_file.STRING, "mamba")
        other = g.write(self.files / "other.gguf")
        for path, word in ((other, "mamba"), (PICTURE, "GGUF"), (self.files / "none.gguf", "none")):
            result = self.run_program("models", "check", path)
            self.assertEqual(result.code, MODEL)
            self.assertIn(word, result.err)

    def test_what_does_not_fit(self):
        result = self.run_program("models", "check", LM, "--device-memory", "1M", "--json")
        self.assertEqual(result.code, DEVICE)
        self.assertFalse(result.json()["memory"]["fits"])


if __name__ == "__main__":
    results.main()
