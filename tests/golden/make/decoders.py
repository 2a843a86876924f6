#!/usr/bin/env python3
"""Makes tests/data/decoders and types: decoders.py BUILD/tests/golden/make_model [NAME...]

For each case the model that make_model writes is read with the gguf package, computed by
transformers (float32, eager attention, no cache), and the logits after a prompt and the greedy
continuation are stored. "wrong" says how far the logits would be off (NMSE) if one thing was not
as it should be: a bound above that would prove nothing. "q8_0" is the NMSE where keys and values
are kept as bytes: what our engine may lose then.

A window of W: transformers is not of one mind. Its modeling_*.py of 4.46 (mistral, qwen2, phi3)
mask keys j <= i - W, so that a position sees W keys, itself included; its older
modeling_attn_mask_utils.py masks j <= i - W - 1, and flash attention is told (W, W): one key more.
We do what the former do, which is also llama.cpp's rule (position difference below W).

Needs: pip install torch==2.5.1 transformers==4.46.3 gguf numpy
"""
import importlib
import json
import pathlib
import random
import sys

from gguf_model import build, greedy, made, nmse, torch

DATA = pathlib.Path(__file__).resolve().parents[2] / "data"
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 256}


def without(kind):
    """The same tensors with those of a kind at zero."""
    return lambda t: {n: v * 0 if n.endswith(kind) else v for n, v in t.items()}


# case: (model, family, context asked for, length of the prompt, overrides, what may be wrong)
CASES = {
    "llama-mha": ("llama-mha", "llama", 512, 100, {}, {"theta": {"rope_theta": 2e4}}),
    "llama-linear": ("llama-linear", "llama", 512, 300, {}, {"no scale": {"rope_scaling": None}, "eps": {"rms_norm_eps": 1e-5}}),
    "llama-tied-biases": ("llama-tied-biases", "llama", 512, 60, {},
                          {"no output bias": without("attn_output.bias"),
                           "no key bias": without("attn_k.bias")}),
    "llama3": ("llama3", "llama", 512, 100, {}, {"theta": {"rope_theta": 1e6}}),
    "llama3-rope": ("llama3-rope", "llama", 1024, 700, {"rope_scaling": LLAMA3},
                    {"no factors": {"rope_scaling": None},
                     "original 512": {"rope_scaling": LLAMA3 | {
                         "original_max_position_embeddings": 512}}}),
    "mistral": ("mistral", "mistral", 512, 200, {}, {"window": {"sliding_window": 48}}),
    "mistral-window": ("mistral-window", "mistral", 512, 300, {},
                       {"one more": {"sliding_window": 49}, "one less": {"sliding_window": 47},
                        "none": {"sliding_window": None}}),
    "yi": ("yi", "llama", 512, 100, {}, {"theta": {"rope_theta": 1e7}}),
    "qwen2": ("qwen2", "qwen2", 512, 100, {}, {"no key bias": without("attn_k.bias"),
                                               "no value bias": without("attn_v.bias")}),
    "phi3": ("phi3", "phi3", 512, 300, {},
             {"one more": {"sliding_window": 48}, "one less": {"sliding_window": 46},
              "none": {"sliding_window": None}}),
    "phi3-short": ("phi3-long", "phi3", 128, 100, {},
                   {"no magnitude": {"max_position_embeddings": 128},
                    "long": {"original_max_position_embeddings": 64,
                             "max_position_embeddings": 2048}}),
    "phi3-long": ("phi3-long", "phi3", 512, 300, {},
                  {"no factors": {"rope_scaling": None},
                   "no magnitude": {"max_position_embeddings": 128}}),
}
TYPES = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K",
         "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "Q2_K_M", "Q3_K_M", "Q4_K_M", "Q5_K_M", "IQ4_XS_M"]
CASES |= {f"type-{t}": (f"type-{t}", "llama", 256, 40, {}, {}) for t in TYPES}
STEPS = 8
BYTES = ("llama-mha", "llama3", "mistral-window", "phi3")  # also with such keys and values


def as_bytes(x):
    """x[..., head size] as q8_0: blocks of 32, d = max |x| / 127 as a half, x / d rounded."""
    out = []
    for v in x.split(32, dim=-1):
        d = v.abs().amax(-1, keepdim=True) / 127
        out.append(torch.where(d > 0, (v / d).round(), 0) * d.half().float())
    return torch.cat(out, -1)


def with_bytes(model, embedded):
    """The logits where keys, with their rotated pairs as neighbours, and values are kept so."""
    module = importlib.import_module(type(model).__module__)
    repeat, calls = module.repeat_kv, []

    def kept(x, n):  # is given what attention reads, keys and values in turn
        calls.append(x)
        if len(calls) % 2 == 1:
            pairs = as_bytes(x.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2))
            return repeat(pairs.unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2), n)
        return repeat(as_bytes(x), n)

    module.repeat_kv = kept
    logits = model(inputs_embeds=embedded[None], use_cache=False).logits[0, -1]
    module.repeat_kv = repeat
    assert len(calls) == 2 * model.config.num_hidden_layers
    return logits


def make(maker, case):
    model, family, context, length, overrides, wrong = CASES[case]
    pairs, tensors = made(maker, model)
    right = build(pairs, tensors, family, **overrides)
    chance = random.Random(case)
    ids = [1] + [chance.randrange(259, right.config.vocab_size) for _ in range(length - 1)]
    embedded = right.get_input_embeddings()(torch.tensor(ids))
    logits, best, margins = greedy(right, embedded, STEPS)
    off = {}
    for what, change in wrong.items():
        if callable(change):
            other = build(pairs, change(tensors), family, **overrides)
        else:
            other = build(pairs, tensors, family, **{**overrides, **change})
        off[what] = float(f"{nmse(greedy(other, embedded, 1)[0], logits):.1e}")
    found = {"lm": model, "context": context, "images": [], "prompt_ids": [ids], "greedy": best,
             "margin": margins, "wrong": off}
    if case in BYTES:
        found["q8_0"] = float(f"{nmse(with_bytes(right, embedded), logits):.2e}")
    folder = DATA / ("types" if case.startswith("type-") else "decoders") / case
    folder.mkdir(parents=True, exist_ok=True)
    logits.numpy().astype("<f4").tofile(folder / "logits.f32")
    (folder / "golden.json").write_text(json.dumps(found) + "\n")
    print(case, best, margins, off, flush=True)


for case in sys.argv[2:] or CASES:
    make(sys.argv[1], case)
