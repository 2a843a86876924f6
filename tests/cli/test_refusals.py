"""Files that people give by mistake, or that arrived damaged: each has its own sentence, which says
what is wrong and what to do. One table; every file is given to the program and listed by `models`."""
import struct
import unittest

import gguf_file
from gguf_file import ARRAY, BOOL, F32, I32, STRING, U16, U32, Gguf, text
import results
from runner import ASK, DATA, EYES, LM, MODEL, PICTURE, Case


def changed(source, *changes):
    """The bytes of a file after changes: functions of the Gguf."""
    g = Gguf(source)
    for change in changes:
        change(g)
    return g.head() + g.data


def put(key, type, value):
    def change(g):
        if type == BOOL:
            g.pairs[key] = (BOOL, bytes([value]))
        else:
            g.set(key, type, value)
    return change


def put_list(key, type, values):
    code = {I32: "i", U32: "I", F32: "f"}
    def change(g):
        items = (b"".join(map(text, values)) if type == STRING
                 else struct.pack(f"<{len(values)}{code[type]}", *values))
        g.pairs[key] = (ARRAY, struct.pack("<IQ", type, len(values)) + items)
    return change


def drop(key):
    return lambda g: g.pairs.pop(key)


def add(name, *dims):
    """A tensor of zeros at the end."""
    def change(g):
        size = 4
        for d in dims:
            size *= d
        g.tensors.append(gguf_file.Tensor(name, list(dims), gguf_file.TYPE_F32, len(g.data), size))
        g.data += bytes(size + -size % 32)
    return change


def without(name):
    def change(g):
        g.tensors = [t for t in g.tensors if t.name != name]
    return change


def named(architecture):
    return put("general.architecture", STRING, architecture)


def lm(*changes):
    return lambda: changed(LM, *changes)


def eyes(*changes):
    return lambda: changed(EYES, *changes)


def spm(*changes):
    """A language model with SentencePiece's vocabulary."""
    def change(g):
        words = Gguf(DATA / "vocabularies" / "spm.gguf")
        g.pairs.pop("tokenizer.ggml.merges")
        g.pairs.pop("tokenizer.ggml.pre")
        for key in ("model", "tokens", "scores", "token_type"):
            g.pairs[f"tokenizer.ggml.{key}"] = words.pairs[f"tokenizer.ggml.{key}"]
    return lm(change, *changes)


WEB_PAGE = b"\n<!DOCTYPE HTML>\n<html><head><title>403</title></head></html>\n" * 20
SAFETENSORS = struct.pack("<Q", 60) + b'{"model.embed_tokens.weight":{"dtype":"F16"}}' + bytes(200)
PATH = "llama.attention.head_count"

# Before it is a model at all: what a file with any of these contents is given for makes no
# difference.
ANY = {
    "empty": (b"", "is empty", "download"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\nsize 4081004224\n", "LFS pointer",
            "git lfs pull"),
    "web-page": (WEB_PAGE, "web page", "download the file itself"),
    "safetensors": (SAFETENSORS, "safetensors", "as GGUF"),
    "pytorch": (b"PK\3\4" + bytes(100), "PyTorch", "as GGUF"),
    "pickle": (b"\x80\2}q\0" + bytes(100), "PyTorch", "as GGUF"),
    "gzip": (b"\x1f\x8b\x08" + bytes(100), "archive", "unpack"),
    "picture": (PICTURE.read_bytes(), "picture", "-i"),
    "zeros": (bytes(5000), "zeros", "download it again"),
    "text": (b"some notes\n" * 100, "not a GGUF", "name a .gguf"),
    "ggml": (b"lmgg" + bytes(100), "old GGML format", "as GGUF"),
    "ggjt": (b"tjgg" + bytes(100), "old GGJT format", "as GGUF"),
    "version-1": (lambda: changed(LM, lambda g: setattr(g, "version", 1)), "version 1",
                  "convert it as version 3"),
    "version-9": (lambda: changed(LM, lambda g: setattr(g, "version", 9)), "version 9",
                  "version 2 or 3"),
    "big-endian": (lambda: b"GGUF\0\0\0\3" + LM.read_bytes()[8:], "big-endian", "little-endian"),
    "cut-in-header": (b"GGUF\3\0\0\0", "header", "download it again"),
    "cut-in-tables": (lambda: LM.read_bytes()[:3000], "truncated or damaged", "download it again"),
    "cut-in-weights": (lambda: LM.read_bytes()[:-1000], f"{LM.stat().st_size} bytes expected",
                       "1000 missing", "download it again"),
    "removed-type": (lambda: changed(LM, lambda g: setattr(g.tensors[0], "type", 4)),
                     "type number 4", "another quantization"),
    "second-part": (lambda: changed(LM, put("split.no", U16, 1), put("split.count", U16, 3)),
                    "part 2 of a model in 3 parts", "name the first"),
    "renamed-part": (lambda: changed(LM, put("split.no", U16, 0), put("split.count", U16, 3)),
                     "first of 3 parts", "-00001-of-00003.gguf", "names that they came with"),
}

AS_MODEL = {
    "vision-file": (EYES.read_bytes, "vision file", "--mmproj"),
    "bert": (lm(named("bert")), 'architecture "bert"', "llama, qwen2 and phi3"),
    "t5": (lm(named("t5")), 'architecture "t5"', "llama, qwen2 and phi3"),
    "rwkv": (lm(named("rwkv6")), 'architecture "rwkv6"', "llama, qwen2 and phi3"),
    "qwen2vl": (lm(named("qwen2vl")), 'architecture "qwen2vl"', "llama, qwen2 and phi3"),
    "no-architecture": (lm(drop("general.architecture")), "names no architecture"),
    "adapter": (lm(put("general.type", STRING, "adapter")), "adapter (LoRA)", "merge it"),
    "experts": (lm(put("llama.expert_count", U32, 8)), "mixture of 8 experts", "without"),
    "layers-differ": (lm(put_list(PATH, U32, [4, 8])), PATH, "differs from layer to layer"),
    "key-missing": (lm(drop(PATH)), "lacks " + PATH),
    "heads": (lm(put(PATH, U32, 3)), "heads do not divide"),
    "iq2": (lm(lambda g: (setattr(g.tensor("blk.0.attn_q.weight"), "offset", len(g.data)),
                          setattr(g.tensor("blk.0.attn_q.weight"), "type",
                                  gguf_file.TYPE_IQ2_XXS),
                          setattr(g, "data", g.data + bytes(66 * 256)))),
            "IQ2_XXS", "Q2_K to Q8_0"),
    # What a vocabulary may be.
    "no-vocabulary-kind": (lm(drop("tokenizer.ggml.model")), "how its vocabulary works"),
    "bert-words": (lm(put("tokenizer.ggml.model", STRING, "bert")), 'kind "bert"', "SentencePiece"),
    "t5-words": (lm(put("tokenizer.ggml.model", STRING, "t5")), 'kind "t5"', "SentencePiece"),
    "rwkv-words": (lm(put("tokenizer.ggml.model", STRING, "rwkv")), 'kind "rwkv"', "SentencePiece"),
    "pre-tokenizer": (lm(put("tokenizer.ggml.pre", STRING, "tekken")), 'pre-tokenizer "tekken"',
                      "llama-bpe"),
    "no-merges": (lm(drop("tokenizer.ggml.merges")), "without a list of merges", "convert"),
    "no-tokens": (lm(drop("tokenizer.ggml.tokens")), "no vocabulary", "language model's"),
    "types-short": (lm(put_list("tokenizer.ggml.token_type", I32, [1, 1])), "token_type",
                    "each of the 1024 tokens"),
    "eos-outside": (lm(put("tokenizer.ggml.eos_token_id", U32, 1024)), "eos_token_id",
                    "1024 tokens", "convert"),
    "no-scores": (spm(drop("tokenizer.ggml.scores")), "no scores", "convert"),
    "scores-short": (spm(put_list("tokenizer.ggml.scores", F32, [0, 0])), "tokenizer.ggml.scores",
                     "each of the 900 tokens"),
    "no-embedding": (lm(without("token_embd.weight")), "token_embd.weight"),
}

# Found when the weights are laid out, after `models` has looked.
AS_MODEL_LATE = {
    "vocabulary-alone": ((DATA / "vocabularies" / "spm.gguf").read_bytes, "vocabulary alone",
                         "whole model"),
    "tensor-missing": (lm(without("blk.1.ffn_up.weight")), "lacks the tensor blk.1.ffn_up.weight"),
    "rope": (lm(put("llama.rope.scaling.type", STRING, "yarn"),
                put("llama.rope.scaling.factor", F32, 2)), '"yarn"', "linear"),
    "more-tokens-than-rows": (
        lm(put_list("tokenizer.ggml.tokens", STRING, [f"t{i}" for i in range(2000)]),
           put_list("tokenizer.ggml.token_type", I32, [1] * 2000),
           put_list("tokenizer.ggml.merges", STRING, [])),
        "2000 tokens", "only 1024", "download it again"),
}

LLAVAS = ("LLaVA's",)
AS_EYES = {
    "language-model": (LM.read_bytes, "not a vision file", "-m"),
    "text-encoder": (eyes(put("clip.has_text_encoder", BOOL, 1)), "text encoder", "--mmproj"),
    "no-tower": (eyes(put("clip.has_vision_encoder", BOOL, 0)), "no vision tower", "--mmproj"),
    "minicpmv": (eyes(put("clip.has_minicpmv_projector", BOOL, 1)), "MiniCPM-V", *LLAVAS),
    "glm": (eyes(put("clip.has_glm_projector", BOOL, 1)), "GLM-Edge", *LLAVAS),
    "qwen2vl": (eyes(put("clip.has_qwen2vl_merger", BOOL, 1)), "Qwen2-VL", *LLAVAS),
    "resampler": (eyes(put("clip.projector_type", STRING, "resampler")), "MiniCPM-V", *LLAVAS),
    "adapter": (eyes(put("clip.projector_type", STRING, "adapter")), "GLM-Edge", *LLAVAS),
    "merger": (eyes(put("clip.projector_type", STRING, "qwen2vl_merger")), "Qwen2-VL", *LLAVAS),
    "ldp": (eyes(put("clip.projector_type", STRING, "ldp")), "MobileVLM", *LLAVAS),
    "ldpv2": (eyes(put("clip.vision.projector_type", STRING, "ldpv2")), "MobileVLM v2", *LLAVAS),
    "mlp-norm": (eyes(put("clip.projector_type", STRING, "mlp_norm")), "Yi-VL", *LLAVAS),
    "yi-vl": (eyes(add("mm.3.weight", 32, 32)), "Yi-VL", *LLAVAS),
    "unknown-kind": (eyes(put("clip.projector_type", STRING, "cabstractor")), '"cabstractor"',
                     *LLAVAS),
    "deep-projector": (eyes(add("mm.4.weight", 32, 32)), "more than two matrices", *LLAVAS),
    "silu": (eyes(put("clip.use_silu", BOOL, 1), put("clip.use_gelu", BOOL, 0)), "SiLU", *LLAVAS),
    "two-activations": (eyes(put("clip.use_silu", BOOL, 1), put("clip.use_gelu", BOOL, 1)),
                        "two activations", "download it again"),
    "siglip": (eyes(without("v.class_embd"), add("v.patch_embd.bias", 128)), "SigLIP", *LLAVAS),
    "no-projector": (eyes(without("mm.0.weight"), without("mm.2.weight")), "mm.0.weight",
                     "download it again"),
    "image-size": (eyes(put("clip.vision.image_size", U32, 113)), "no multiple of its patches"),
    "grids-odd": (eyes(put_list("clip.vision.image_grid_pinpoints", I32, [112, 224, 112])),
                  "odd or absurd"),
    "grids-size": (eyes(put_list("clip.vision.image_grid_pinpoints", I32, [112, 225])),
                   "multiples of its picture size"),
    "no-newline": (eyes(put_list("clip.vision.image_grid_pinpoints", I32, [112, 224]),
                        put("clip.vision.mm_patch_merge_type", STRING, "spatial_unpad")),
                   "model.image_newline is missing"),
    "mean": (eyes(put_list("clip.vision.image_mean", F32, [0.5])), "mean or deviation"),
}
AS_EYES_LATE = {
    "no-class": (eyes(without("v.class_embd")), "lacks the tensor v.class_embd"),
    "block-cut": (eyes(without("v.blk.1.ln2.bias")), "lacks the tensor v.blk.1.ln2.bias"),
    "other-width": (eyes(lambda g: (setattr(g.tensor("mm.2.weight"), "dims", [256, 128]),
                                    setattr(g.tensor("mm.2.bias"), "dims", [128]))),
                    "rows of 128 values", "reads 256", "do not belong together", "--mmproj"),
}


class Refusals(Case):
    def make(self, table):
        """Writes the files; returns (path, words) of each."""
        made = []
        for name, (data, *words) in table.items():
            path = self.write(f"{name}.gguf", data() if callable(data) else data)
            made.append((path, words))
        return made

    def refuse_all(self, table, as_model):
        for path, words in self.make(table):
            with self.subTest(file=path.name):
                how = ("-m", path) if as_model else (*ASK, "--mmproj", path, "-i", PICTURE)
                result = self.refuse(MODEL, words, *how, "-p", "hi")
                self.assertIn(path.name, result.err)

    def list_all(self, *tables):
        """`models` lists them all and says the same of each."""
        folder = self.files / "models"
        folder.mkdir()
        made = [m for t in tables for m in self.make(t)]
        for path, _ in made:
            path.rename(folder / path.name)
        listed = self.succeed("models", "--json", env={"PUMICE_HOME": self.files}).json()["models"]
        said = {m["file"]: m for m in listed}
        for path, words in made:
            with self.subTest(file=path.name):
                self.assertFalse(said[path.name]["runs"])
                for word in words:
                    self.assertIn(word.lower(), said[path.name]["reason"].lower())

    def test_what_is_no_model_at_all(self):
        self.refuse_all(ANY, True)
        self.refuse_all(ANY, False)

    def test_language_models(self):
        self.refuse_all(AS_MODEL | AS_MODEL_LATE, True)

    def test_vision_files(self):
        self.refuse_all(AS_EYES | AS_EYES_LATE, False)

    def test_listing(self):
        eyes_that_are_listed = {k: v for k, v in AS_EYES.items()
                                if k not in ("language-model", "no-tower")}
        models = {k: v for k, v in AS_MODEL.items()
                  if k not in ("vision-file", "no-embedding", "qwen2vl", "adapter")}
        self.list_all(ANY, models, {f"eyes-{k}": v for k, v in eyes_that_are_listed.items()})

    def test_missing_and_exchanged_parts(self):
        paths = Gguf(LM).split(self.files / "model", 3)
        middle = paths[1].read_bytes()
        paths[1].unlink()
        self.refuse(MODEL, ("3 parts", "part 2", "-00002-of-00003.gguf", "one folder"), "-m",
                    paths[0], "-p", "hi")
        paths[1].write_bytes(paths[2].read_bytes())
        self.refuse(MODEL, (paths[1].name, "not part 2", "download it again"), "-m", paths[0],
                    "-p", "hi")
        paths[1].write_bytes(middle[:-64])
        self.refuse(MODEL, (paths[1].name, "truncated", "64 missing"), "-m", paths[0], "-p", "hi")

    def test_every_sentence_is_its_own(self):
        """No two cases are told apart by nothing but the file's name."""
        for table in (ANY, AS_MODEL | AS_MODEL_LATE, AS_EYES | AS_EYES_LATE):
            words = [tuple(w) for _, *w in table.values()]
            same = {w for w in words if words.count(w) > 1}
            for w in same:  # two ways to say that it is the same maker's
                self.assertRegex(w[0], "PyTorch|MiniCPM-V|GLM-Edge|Qwen2-VL|Yi-VL")


if __name__ == "__main__":
    results.main()
