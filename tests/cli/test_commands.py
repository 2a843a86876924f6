"""models, devices, inspect, bench: sensible JSON, files written whole or not at all."""
import hashlib
import json
import math
import os
import pathlib
import re
import struct

import gguf_file
import results
import runner
from gguf_file import Gguf, Tensor
from runner import (DATA, EYES, FAILED, LM, MODEL, PICTURE, PICTURE_CODE, USAGE, Case)

SYNTH = ("-m", LM)


def floats(path):
    data = path.read_bytes()
    return struct.unpack(f"<{len(data) // 4}f", data)


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


class InspectModel(Case):
    def test_metadata_and_tensors(self):
        shown = self.succeed("inspect", "model", *SYNTH).json()
        self.assertEqual(shown["chat_template"], {
            "name": "chatml", "reason": "by the chat template in the file"})
        named = self.files / "llava-v1.5.gguf"
        named.write_bytes(LM.read_bytes())
        shown_by_name = self.succeed("inspect", "model", "-m", named).json()
        self.assertEqual(shown_by_name["chat_template"], {
            "name": "vicuna_v1", "reason": "by the file's name"})
        said = self.succeed("-v", "-m", named, "-p", "hi", "-n", 1)
        self.assertIn("chat template vicuna_v1, by the file's name", said.err)
        g = Gguf(LM)
        self.assertEqual(shown["version"], 3)
        self.assertEqual(shown["bytes"], LM.stat().st_size)
        self.assertEqual(list(shown["metadata"]), list(g.pairs))
        self.assertEqual(shown["metadata"]["llama.embedding_length"], 256)
        self.assertEqual([(t["name"]) for t in shown["tensors"]], [t.name for t in g.tensors])

    def test_vision_file(self):
        shown = self.succeed("inspect", "model", "-m", EYES).json()
        self.assertEqual(shown["metadata"]["general.architecture"], "clip")


class InspectTokens(Case):
    def test_prompt_with_pictures(self):
        ids = self.succeed("inspect", "tokens", *SYNTH, "--mmproj", EYES, "-i", PICTURE, "-i",
                           PICTURE, "-p", "hi").json()
        self.assertEqual([i for i in ids if isinstance(i, dict)], [{"image": 64}] * 2)

    def test_raw_prompt(self):
        ids = self.succeed("inspect", "tokens", *SYNTH, "-p", "<|im_end|>", "--raw-prompt").json()
        self.assertNotIn(2, ids)
        self.assertGreater(len(ids), 1)
        self.assertEqual(self.succeed("inspect", "tokens", *SYNTH, "-p", "", "--raw-prompt").json(),
                         [])
        self.refuse(USAGE, "--raw-prompt", "inspect", "tokens", *SYNTH, "-p", "x", "--raw-prompt",
                    "-i", PICTURE)

    def test_vocabulary_only_file(self):
        g = Gguf(LM)
        g.tensors, g.data = [], b""
        path = g.write(self.files / "vocabulary.gguf")
        for text in ("hello there", "12 times 3", "ünïcode"):
            self.assertEqual(
                self.succeed("inspect", "tokens", "-m", path, "-p", text, "--raw-prompt").json(),
                self.succeed("inspect", "tokens", *SYNTH, "-p", text, "--raw-prompt").json())
        self.assertEqual(self.succeed("inspect", "tokens", "-m", path, "-p", "hi").json(),
                         self.succeed("inspect", "tokens", *SYNTH, "-p", "hi").json())

    def test_prompt_is_missing(self):
        self.refuse(USAGE, "-p", "inspect", "tokens", *SYNTH)


class InspectArrays(Case):
    def test_pixels(self):
        out = self.files / "pixels.f32"
        shown = self.succeed("inspect", "pixels", "--mmproj", EYES, "-i", PICTURE, "-o", out).json()
        self.assertEqual(shown, {"file": str(out), "shape": [1, 3, 112, 112]})
        golden = next((DATA / "synth" / "gold").glob("*/pixels.f32")).read_bytes()
        values, expected = floats(out), struct.unpack(f"<{len(golden) // 4}f", golden)
        self.assertEqual(len(values), len(expected))
        # The bytes before the normalisation are the same; its last bit may round otherwise.
        self.assertLess(max(abs(a - b) for a, b in zip(values, expected)), 1e-5)

    def test_pixels_need_no_device(self):
        self.succeed("inspect", "pixels", "--mmproj", EYES, "-i", PICTURE, "-o", "/dev/null",
                     env={"VK_DRIVER_FILES": "/nonexistent", "VK_ICD_FILENAMES": None})

    def test_rows(self):
        out = self.files / "rows.f32"
        shown = self.succeed("inspect", "rows", *SYNTH, "--mmproj", EYES, "-i", PICTURE, "-o",
                             out).json()
        self.assertEqual(shown["shape"], [64, 256])
        self.assertEqual(len(floats(out)), 64 * 256)
        self.assertTrue(all(map(math.isfinite, floats(out))))

    def test_logits(self):
        """Of a prompt, of its ids, and with forced ids: one and the same."""
        ids = self.succeed("inspect", "tokens", *SYNTH, "-p", "hi").json()
        by_text, by_ids = self.files / "text.f32", self.files / "ids.f32"
        shown = self.succeed("inspect", "logits", *SYNTH, "-p", "hi", "--force", "[5,6]", "-o",
                             by_text).json()
        self.assertEqual(shown["shape"], [3, 1024])
        self.assertEqual(shown["prompt_tokens"], len(ids))
        self.succeed("inspect", "logits", *SYNTH, "--ids", json.dumps([ids]), "--force", "[5,6]",
                     "-o", by_ids)
        self.assertEqual(by_text.read_bytes(), by_ids.read_bytes())
        # Forced one by one or as a part of the prompt: the same but for rounding.
        self.succeed("inspect", "logits", *SYNTH, "--ids", json.dumps([ids + [5, 6]]), "-o",
                     by_ids)
        forced, whole = floats(by_text)[2 * 1024:], floats(by_ids)
        error = sum((a - b) ** 2 for a, b in zip(forced, whole))
        self.assertLess(error / sum(b * b for b in whole), 1e-6)

    def test_logits_around_a_picture(self):
        ids = self.succeed("inspect", "tokens", *SYNTH, "--mmproj", EYES, "-i", PICTURE, "-p",
                           "hi").json()
        at = ids.index({"image": 64})
        how = ("inspect", "logits", *SYNTH, "--mmproj", EYES, "-i", PICTURE)
        a, b = self.files / "a.f32", self.files / "b.f32"
        self.succeed(*how, "-p", "hi", "-o", a)
        self.succeed(*how, "--ids", json.dumps([ids[:at], ids[at + 1:]]), "-o", b)
        self.assertEqual(a.read_bytes(), b.read_bytes())

    def test_output_is_required(self):
        for command in (("pixels", "--mmproj", EYES, "-i", PICTURE),
                        ("rows", *SYNTH, "--mmproj", EYES, "-i", PICTURE),
                        ("logits", *SYNTH, "-p", "hi")):
            self.refuse(USAGE, "-o", "inspect", *command)

    def test_picture_is_required(self):
        self.refuse(USAGE, "-i", "inspect", "pixels", "--mmproj", EYES, "-o", "x")
        self.refuse(USAGE, "-i", "inspect", "rows", *SYNTH, "--mmproj", EYES, "-o", "x")

    def test_bad_ids(self):
        for ids in ("", "x", "[]", "[1]", "[[1],[2]]", "[[-1]]", "[[1.5]]", "[[99999]]", "[[]]",
                    '[["a"]]', "[[1]", "[[4294967296]]", "{}"):
            with self.subTest(ids=ids):
                self.refuse(USAGE, (), "inspect", "logits", *SYNTH, "--ids", ids, "-o", "x.f32")
        for ids in ("", "x", "[[1]]", "[-1]", "[99999]"):
            with self.subTest(force=ids):
                self.refuse(USAGE, (), "inspect", "logits", *SYNTH, "-p", "hi", "--force", ids,
                            "-o", "x.f32")
        self.refuse(USAGE, ("-p", "--ids"), "inspect", "logits", *SYNTH, "-o", "x.f32")
        self.refuse(USAGE, ("-p", "--ids"), "inspect", "logits", *SYNTH, "-p", "x", "--ids",
                    "[[1]]", "-o", "x.f32")

    def test_more_forced_ids_than_the_context_holds(self):
        self.refuse(USAGE, "context", "inspect", "logits", *SYNTH, "-p", "hi", "-c", "60",
                    "--force", json.dumps([5] * 100), "-o", "x.f32")

    def test_output_that_cannot_be_written(self):
        how = ("inspect", "pixels", "--mmproj", EYES, "-i", PICTURE, "-o")
        for target in ("/no/folder/x.f32", self.files, "/dev/full"):
            self.refuse(FAILED, str(target), *how, target)

    def test_output_is_written_whole_or_not_at_all(self):
        out = self.write("x.f32", b"old")
        how = ("inspect", "pixels", "--mmproj", EYES, "-i", PICTURE, "-o", out)
        limited = ("sh", "-c", 'trap "" XFSZ; ulimit -f 20; exec "$@"', "sh")
        self.refuse(FAILED, "x.f32", *how, before=limited)
        self.assertEqual(out.read_bytes(), b"old")
        self.assertEqual([p.name for p in self.files.iterdir()], ["x.f32"])
        self.succeed(*how)
        self.assertEqual(len(floats(out)), 3 * 112 * 112)

    def test_bad_picture_leaves_the_old_output(self):
        out = self.write("x.f32", b"old")
        self.refuse(PICTURE_CODE, "no such", "inspect", "pixels", "--mmproj", EYES, "-i",
                    "/no/such.png", "-o", out)
        self.assertEqual(out.read_bytes(), b"old")


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
