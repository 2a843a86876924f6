#!/usr/bin/env python3
"""Writes answers/samples.json: what the default model says about assets/pictures, by numpy alone.

    make_samples.py BASE.gguf > answers/samples.json

BASE.gguf is SmolLM2-135M-Instruct, Q4_1; the tower and the overlay are those in assets/. Weights are
dequantised by the gguf package, pictures resized by Pillow, everything else is computed here in float32.
`margin`: the smallest gap between the two best logits over the answer. Needs gguf, numpy, Pillow.
"""
import json
import math
import pathlib
import sys

import numpy as np
from gguf import GGUFReader, dequantize
from PIL import Image

ASSETS = pathlib.Path(__file__).resolve().parents[2] / "assets"
MEAN = np.array([0.48145467, 0.45782751, 0.40821072], np.float32)
STD = np.array([0.26862953, 0.26130259, 0.2757771], np.float32)
LAYERS, HEADS, KV_HEADS, HEAD, BASE_FREQUENCY = 30, 9, 3, 64, 100000
END = (0, 2)
# The chat template with its own system text, up to the picture, and from there on around a question.
BEFORE = [1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407,
          19712, 8182, 2, 198, 1, 4093, 198]
AFTER = [2, 198, 1, 520, 9531, 198]
QUESTIONS = {
    "What is in this picture?": [198, 1780, 314, 281, 451, 4177, 47],
    "How many objects are there?": [198, 2020, 800, 3401, 359, 665, 47],
}


def tensors(reader):
    shape = lambda t: tuple(int(n) for n in reversed(t.shape))
    return {t.name: dequantize(t.data, t.tensor_type).astype(np.float32).reshape(shape(t))
            for t in reader.tensors}


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# ---- the tower and the projector

def layer_norm(x, weight, bias):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * weight + bias


def pixels(path):
    image = Image.open(path).convert("RGB")
    side = max(image.size)
    square = Image.new("RGB", (side, side), (122, 116, 104))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return (np.asarray(square.resize((112, 112), Image.BICUBIC), np.float32) / 255 - MEAN) / STD


def heads(x, n):
    return x.reshape(len(x), n, HEAD).transpose(1, 0, 2)


def picture_rows(eyes, path):
    patches = pixels(path).reshape(7, 16, 7, 16, 3).transpose(0, 2, 4, 1, 3).reshape(49, -1)
    h = patches @ eyes["v.patch_embd.weight"].reshape(256, -1).T
    h = np.concatenate([eyes["v.class_embd"][None], h]) + eyes["v.position_embd.weight"]
    h = layer_norm(h, eyes["v.pre_ln.weight"], eyes["v.pre_ln.bias"])
    for i in range(6):
        def linear(x, name):
            return x @ eyes[f"v.blk.{i}.{name}.weight"].T + eyes[f"v.blk.{i}.{name}.bias"]

        y = layer_norm(h, eyes[f"v.blk.{i}.ln1.weight"], eyes[f"v.blk.{i}.ln1.bias"])
        q, k, v = (heads(linear(y, f"attn_{part}"), 4) for part in "qkv")
        mixed = softmax(q @ k.transpose(0, 2, 1) / math.sqrt(HEAD)) @ v
        h = h + linear(mixed.transpose(1, 0, 2).reshape(50, 256), "attn_out")
        y = layer_norm(h, eyes[f"v.blk.{i}.ln2.weight"], eyes[f"v.blk.{i}.ln2.bias"])
        y = linear(y, "ffn_down")
        h = h + linear(y / (1 + np.exp(-1.702 * y)), "ffn_up")
    y = h[1:] @ eyes["mm.0.weight"].T + eyes["mm.0.bias"]
    y = 0.5 * y * (1 + np.vectorize(math.erf)(y / math.sqrt(2)).astype(np.float32))
    return (y @ eyes["mm.2.weight"].T + eyes["mm.2.bias"]).astype(np.float32)


# ---- the language model

def rms_norm(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * weight


def rotate(x, positions):
    """Neighbouring pairs of each head."""
    angle = positions[:, None] / BASE_FREQUENCY ** (np.arange(0, HEAD, 2, dtype=np.float64) / HEAD)
    cos, sin = np.cos(angle)[:, None].astype(np.float32), np.sin(angle)[:, None].astype(np.float32)
    out = np.empty_like(x)
    out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
    out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
    return out


def decode(lm, x, cache):
    """Logits after the rows x, and the keys and values of every layer with them."""
    before = len(cache[0][0]) if cache else 0
    positions, grown = np.arange(before, before + len(x)), []
    for i in range(LAYERS):
        def linear(x, name):
            return x @ lm[f"blk.{i}.{name}.weight"].T + lm.get(f"blk.{i}.{name}.bias", 0)

        y = rms_norm(x, lm[f"blk.{i}.attn_norm.weight"])
        q, k, v = (linear(y, f"attn_{part}").reshape(len(x), -1, HEAD) for part in "qkv")
        q, k = rotate(q, positions), rotate(k, positions)
        if cache:
            k, v = np.concatenate([cache[i][0], k]), np.concatenate([cache[i][1], v])
        grown.append((k, v))
        keys = np.repeat(k, HEADS // KV_HEADS, 1).transpose(1, 2, 0)
        values = np.repeat(v, HEADS // KV_HEADS, 1).transpose(1, 0, 2)
        scores = q.transpose(1, 0, 2) @ keys / math.sqrt(HEAD)
        scores = np.where(np.arange(len(k))[None] > positions[:, None], -1e30, scores)
        mixed = (softmax(scores) @ values).transpose(1, 0, 2).reshape(len(x), HEADS * HEAD)
        x = x + linear(mixed, "attn_output")
        y = rms_norm(x, lm[f"blk.{i}.ffn_norm.weight"])
        gate = linear(y, "ffn_gate")
        x = x + linear(gate / (1 + np.exp(-gate)) * linear(y, "ffn_up"), "ffn_down")
    return rms_norm(x[-1], lm["output_norm.weight"]) @ lm["token_embd.weight"].T, grown


def answer(lm, prefix, rows, question):
    embedding = lm["token_embd.weight"]
    logits, cache = decode(lm, np.concatenate([rows, embedding[question + AFTER]]), prefix)
    ids, margin = [], math.inf
    while True:
        second, first = np.argsort(logits)[-2:]
        margin = min(margin, float(logits[first] - logits[second]))
        if first in END or len(ids) == 40:
            return ids, margin
        ids.append(int(first))
        logits, cache = decode(lm, embedding[[first]], cache)


def byte_of_character():
    """GPT-2's table: printable bytes stand for themselves, the others follow from 256 on."""
    table, following = {}, 256
    for byte in range(256):
        if 33 <= byte <= 126 or 161 <= byte <= 172 or 174 <= byte <= 255:
            table[chr(byte)] = byte
        else:
            table[chr(following)] = byte
            following += 1
    return table


def main():
    base = GGUFReader(sys.argv[1])
    lm = tensors(base) | tensors(GGUFReader(ASSETS / "pumice-lm-overlay.gguf"))
    eyes = tensors(GGUFReader(ASSETS / "pumice-eyes.gguf"))
    tokens = base.fields["tokenizer.ggml.tokens"].contents()
    table = byte_of_character()
    _, prefix = decode(lm, lm["token_embd.weight"][BEFORE], None)
    answers = []
    for path in sorted((ASSETS / "pictures").glob("*.png")):
        rows = picture_rows(eyes, path)
        for question, question_ids in QUESTIONS.items():
            ids, margin = answer(lm, prefix, rows, question_ids)
            text = bytes(table[c] for i in ids for c in tokens[i]).decode()
            answers.append({"picture": path.name, "question": question, "numpy": text,
                            "margin": round(margin, 4)})
    json.dump(answers, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
