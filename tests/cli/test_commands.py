"""models, bench: sensible JSON, files written whole or not at all."""
import hashlib
import json
import math
import re
import struct

import gguf_file
import results
import runner
from gguf_file import Gguf, Tensor
from runner import EYES, FAILED, LM, MODEL, PICTURE, USAGE, Case

SYNTH = ("-m", LM)


class Models(Case):
    def setUp(self):
        super().setUp()
        self.folder = self.files / "models"
        self.folder.mkdir()
        self.env = {"PUMICE_HOME": self.files}

    def list(self):
        shown = self.succeed("models", "--json", env=self.env).json()
        return {m["file"]: m for m in shown["models"]}

    def test_what_is_installed(self):
        (self.folder / "lm.gguf").symlink_to(LM)
        (self.folder / "eyes.gguf").symlink_to(EYES)
        (self.folder / "broken.gguf").write_bytes(b"GGUF")
        (self.folder / "notes.txt").write_bytes(b"no model")
        models = self.list()
        self.assertEqual(sorted(models), ["broken.gguf", "eyes.gguf", "lm.gguf"])
        lm, eyes = models["lm.gguf"], models["eyes.gguf"]
        self.assertEqual((lm["kind"], lm["width"], lm["layers"], lm["context"], lm["runs"]),
                         ("language", 256, 2, 2048, True))
        self.assertEqual(lm["sees_with"], "eyes.gguf")
        self.assertEqual(lm["size"], LM.stat().st_size)
        self.assertFalse(lm["default"])
        self.assertEqual((eyes["kind"], eyes["picture_size"], eyes["picture_rows"],
                          eyes["projects_to"]), ("vision", 112, 64, 256))
        self.assertFalse(models["broken.gguf"]["runs"])
        self.assertTrue(models["broken.gguf"]["reason"])
        self.assertEqual((lm["chat_template"], lm["template_reason"]),
                         ("chatml", "by the chat template in the file"))
        text = self.succeed("models", env=self.env).out
        for word in ("lm.gguf", "sees pictures with eyes.gguf", "broken.gguf"):
            self.assertIn(word, text)

    def test_model_that_does_not_run_says_why(self):
        g = Gguf(LM)
        g.set("general.architecture", gguf_file.STRING, "mamba")
        g.write(self.folder / "other.gguf")
        g = Gguf(LM)
        g.tensor("blk.0.attn_q.weight").type = gguf_file.TYPE_IQ2_XXS
        g.tensor("blk.0.attn_q.weight").dims = [256, 128]
        g.write(self.folder / "quant.gguf")
        models = self.list()
        self.assertFalse(models["other.gguf"]["runs"])
        self.assertIn("mamba", models["other.gguf"]["reason"])
        self.assertFalse(models["quant.gguf"]["runs"])
        self.assertIn("IQ2_XXS", models["quant.gguf"]["reason"])

    def test_model_in_parts_is_one(self):
        first, second, third = Gguf(LM).split(self.folder / "lm", 3)
        (self.folder / "eyes.gguf").symlink_to(EYES)
        models = self.list()
        self.assertEqual(sorted(models), ["eyes.gguf", first.name])
        self.assertEqual(models[first.name]["sees_with"], "eyes.gguf")
        self.assertEqual(models[first.name]["size"],
                         sum(path.stat().st_size for path in (first, second, third)))
        whole, joined = self.files / "whole.f32", self.files / "joined.f32"
        self.succeed("inspect", "logits", *SYNTH, "-p", "hi", "-o", whole)
        self.succeed("inspect", "logits", "-m", first, "-p", "hi", "-o", joined)
        self.assertEqual(whole.read_bytes(), joined.read_bytes())
        self.refuse(runner.MODEL, first.name[-20:], "-m", third, "-p", "hi")
        second.unlink()
        self.refuse(runner.MODEL, second.name, "-m", first, "-p", "hi")

    def test_model_with_its_tower_in_the_same_file(self):
        fused, eyes = Gguf(LM), Gguf(EYES)
        for key, pair in eyes.pairs.items():
            fused.pairs.setdefault(key, pair)
        for t in eyes.tensors:
            fused.data += bytes(-len(fused.data) % 32)
            data = eyes.data[t.offset:t.offset + t.size]
            fused.tensors.append(Tensor(t.name, t.dims, t.type, len(fused.data), t.size))
            fused.data += data
        model = fused.write(self.folder / "both.gguf")
        models = self.list()
        self.assertEqual((models["both.gguf"]["kind"], models["both.gguf"]["sees_with"]),
                         ("language", "both.gguf"))
        self.assertIn("a tower of its own", self.succeed("models", env=self.env).out)
        apart, together = self.files / "apart.f32", self.files / "together.f32"
        how = ("-i", PICTURE, "-p", "hi", "-o")
        self.succeed("inspect", "logits", *SYNTH, "--mmproj", EYES, *how, apart)
        self.succeed("inspect", "logits", "-m", model, *how, together)
        self.assertEqual(apart.read_bytes(), together.read_bytes())

    def test_nothing_is_installed(self):
        self.assertEqual(self.list(), {})
        self.assertIn("setup", self.succeed("models", env=self.env).out)
        self.folder.rmdir()
        self.assertEqual(self.list(), {})

    @runner.needs_default_model
    def test_default_model(self):
        models = {m["file"]: m for m in self.succeed("models", "--json").json()["models"]}
        default = models["SmolLM2-135M-Instruct-pumice.gguf"]
        self.assertTrue(default["default"])
        self.assertTrue(default["runs"])
        self.assertEqual(default["sees_with"], "pumice-eyes.gguf")


class Compose(Case):
    def make_overlay(self, base, **changes):
        """One tensor replaced, one added."""
        g = Gguf()
        digest = hashlib.sha256(base.read_bytes()).hexdigest()
        g.set("adapter.base.sha256", gguf_file.STRING, changes.get("digest", digest))
        values = struct.pack("<256f", *range(256))
        g.tensors = [Tensor("output_norm.weight", [256], gguf_file.TYPE_F32, 0, 1024),
                     Tensor("blk.0.attn_q.bias", [256], gguf_file.TYPE_F32, 1024, 1024)]
        g.data = values + values[::-1]
        return g.write(self.files / "overlay.gguf")

    def contents(self, path):
        g = Gguf(path)
        return g, {t.name: (t.dims, t.type, g.data[t.offset:t.offset + self.size(t)])
                   for t in g.tensors}

    @staticmethod
    def size(t):
        """Without the padding after it. F32, Q4_0 and Q6_K are what the model holds."""
        block, size = {0: (1, 4), 2: (32, 18), 14: (256, 210)}[t.type]
        return math.prod(t.dims) // block * size

    def test_result_is_base_and_overlay(self):
        overlay = self.make_overlay(LM)
        out = self.files / "out.gguf"
        result = self.succeed("models", "compose", LM, overlay, out)
        self.assertEqual(result.out, "")
        base, before = self.contents(LM)
        over, changed = self.contents(overlay)
        made, after = self.contents(out)
        self.assertEqual(after, {**before, **changed})
        # Stored in the base's order, so that what lay together still does.
        self.assertEqual([t.name for t in made.tensors][:len(base.tensors)],
                         [t.name for t in base.tensors])
        recorded = hashlib.sha256(overlay.read_bytes()).hexdigest()
        self.assertEqual(made.pairs, {**base.pairs, "general.overlay.sha256":
                                      (gguf_file.STRING, gguf_file.text(recorded))})
        self.succeed("-m", out, "-p", "hi", "-n", "1")
        self.assertEqual(sorted(p.name for p in self.files.iterdir()),
                         ["out.gguf", "overlay.gguf"])

    def test_wrong_base(self):
        overlay = self.make_overlay(LM, digest="0" * 64)
        self.refuse(MODEL, ("SHA-256", overlay.name), "models", "compose", LM, overlay, "out.gguf")

    def test_wrong_overlay(self):
        self.refuse(MODEL, "not an overlay", "models", "compose", LM, LM, "out.gguf")
        self.refuse(MODEL, "not a GGUF", "models", "compose", LM, PICTURE, "out.gguf")
        self.refuse(MODEL, "does not exist", "models", "compose", LM, "/no/overlay.gguf", "o.gguf")
        self.refuse(MODEL, "does not exist", "models", "compose", "/no/base.gguf", LM, "o.gguf")

    def test_target_that_cannot_be_written(self):
        overlay = self.make_overlay(LM)
        for target in ("/no/folder/out.gguf", self.files, "/proc/out.gguf"):
            self.refuse(FAILED, str(target), "models", "compose", LM, overlay, target)
        locked = self.files / "locked"
        locked.mkdir(mode=0o500)
        self.refuse(FAILED, "permission", "models", "compose", LM, overlay, locked / "out.gguf",
                    before=runner.AS_A_USER)

    def test_full_disk_leaves_the_old_target(self):
        overlay = self.make_overlay(LM)
        out = self.write("out.gguf", b"old")
        # A limit on the size of files stands for a full disk.
        limited = ("sh", "-c", 'trap "" XFSZ; ulimit -f 500; exec "$@"', "sh")
        self.refuse(FAILED, "out.gguf", "models", "compose", LM, overlay, out, before=limited)
        self.assertEqual(out.read_bytes(), b"old")
        self.assertEqual(sorted(p.name for p in self.files.iterdir()),
                         ["out.gguf", "overlay.gguf"])

    @runner.needs_default_model
    def test_default_model_was_composed_from_an_overlay(self):
        g = json.loads(self.succeed("inspect", "model").out)
        self.assertRegex(g["metadata"]["general.overlay.sha256"], "^[0-9a-f]{64}$")
        self.assertIn("blk.0.attn_q.bias", {t["name"] for t in g["tensors"]})


class Bench(Case):
    HOW = ("bench", *SYNTH, "--mmproj", EYES, "--repeat", "1", "--json")

    def check_share(self, row, rate, peak, share):
        self.assertAlmostEqual(row[share], row[rate] / peak, delta=row[share] / 1e3)

    def check_figures(self, figures, peaks):
        for name in ("start to first token", "load", "picture encode", "prompt of 1",
                     "prompt of 64", "prompt of 512", "answer at 0"):
            f = figures[name]
            self.assertEqual(f["runs"], 1)
            self.assertGreater(f["median_ms"], 0, name)
            self.assertLessEqual(f["least_ms"], f["low_ms"])
            self.assertLessEqual(f["high_ms"], f["most_ms"])
        for name in ("picture encode", "prompt of 512", "answer at 0"):
            f = figures[name]
            self.assertAlmostEqual(f["per_second"], f["count"] * 1e3 / f["median_ms"],
                                   delta=f["per_second"] / 1e4)
            self.check_share(f, "gflops", peaks["multiply_gflops"], "of_multiply")
        self.assertIn("context", figures["answer at 3k"]["skipped"])

    def check_kernels(self, kernels, peaks):
        self.assertIn(("gemv", "Q4_1"), {(k["name"], k["type"]) for k in kernels})
        for k in kernels:
            flops = 2 * k["rows"] * k["columns"] * k["inner"]
            self.assertAlmostEqual(k["gflops"], flops / k["median_ms"] / 1e6,
                                   delta=k["gflops"] / 1e3)
            self.assertLessEqual(k["best_ms"], k["median_ms"])
            self.check_share(k, "gflops", peaks["multiply_gflops"], "of_multiply")

    def check_profiles(self, profiles):
        self.assertEqual([p["name"] for p in profiles], ["a token", "a prompt of 128", "a picture"])
        for p in profiles:
            self.assertGreater(p["ms"], 0)
            self.assertTrue(any(re.match("gem[mv]_|between_", k["kernel"]) for k in p["kernels"]))
            for k in p["kernels"]:
                self.assertGreater(k["ms"], 0, k)

    def test_json_and_compare(self):
        report = self.succeed(*self.HOW).json()
        self.assertEqual(report["model"], "synthetic-tinyq")
        peaks = report["peaks"]
        for peak in ("multiply_gflops", "read_storage_gbytes", "copy_gbytes"):
            self.assertGreater(peaks[peak], 0.1, peak)
        self.check_figures({f["name"]: f for f in report["figures"]}, peaks)
        self.check_kernels(report["kernels"], peaks)
        self.check_profiles(report["profiles"])
        for peak in ("peak", "answer_peak"):
            self.assertGreater(report["memory"][peak], 10**7)
            self.assertLess(report["memory"][peak], 10**10)
        self.check_compare(report)

    def check_compare(self, report):
        for f in report["figures"] + report["kernels"]:  # as if all had been a thousand times faster
            for key in ("median_ms", "low_ms", "high_ms"):
                if key in f:
                    f[key] /= 1000
        old = self.write("old.json", json.dumps(report).encode())
        slower = self.run_program(*self.HOW[:-1], "--compare", old)
        self.assertEqual(slower.code, FAILED, slower)
        self.assertRegex(slower.err, r"figures are slower than in \S*old.json\n\Z")
        self.assertRegex(slower.out, r"picture encode +\S+ +\S+ +\S+ +slower\n")

    def test_no_report_to_compare_with(self):
        for content in (b"", b"[1]", b'{"bench": 2}', b'{"figures": []}'):
            self.refuse(USAGE, "x.json", "bench", *SYNTH, "--compare", self.write("x.json", content))
        self.refuse(USAGE, "nosuch.json", "bench", *SYNTH, "--compare", "/nosuch.json")


if __name__ == "__main__":
    results.main()
