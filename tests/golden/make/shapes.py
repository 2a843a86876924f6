#!/usr/bin/env python3
"""Makes tests/data/shapes: shapes.py BUILD/tests/golden/make_model [NAME...]

Models as wide as those that people have, with one or two of their layers, and ViT-L/14-336 in full
depth before LLaVA-1.5-7B's. Of pixels, rows and logits every 149th, 101st and 17th value is kept.
The largest (34B's widths) takes 12 GB of memory.

Needs: pip install torch==2.5.1 transformers==4.46.3 gguf numpy pillow
"""
import json
import pathlib
import random
import sys

import torch

from gguf_model import build, greedy, made
from gguf_tower import Tower, picture_rows
from towers import PIXELS, ROWS, keep, picture

DATA = pathlib.Path(__file__).resolve().parents[2] / "data" / "shapes"
LOGITS, STEPS, CONTEXT = 17, 4, 1024
# case: (model, family, tower, size of the picture)
CASES = {"llava-1.5-7b": ("vicuna-7b", "llama", "tower-vit-l-336", (640, 427))}
CASES |= {name: (name, family, None, None) for name, family in
          [("mistral-7b", "mistral"), ("phi-3-mini", "phi3"), ("vicuna-13b", "llama"),
           ("llama-3-8b", "llama"), ("yi-34b", "llama"), ("qwen2-7b", "qwen2")]}


def make(maker, case):
    model, family, tower, size = CASES[case]
    folder = DATA / case
    folder.mkdir(parents=True, exist_ok=True)
    said = {"lm": model, "context": CONTEXT, "images": [], "logit_stride": LOGITS}
    rows = []
    if tower:
        eyes = Tower(*made(maker, tower))
        pixels, seen = picture_rows(eyes, picture(*size))
        rows = [seen]
        keep([pixels], PIXELS).tofile(folder / "pixels.f32")
        keep(rows, ROWS).tofile(folder / "image_rows.f32")
        said |= {"mmproj": tower, "images": ["%dx%d.ppm" % size], "pixel_stride": PIXELS,
                 "row_stride": ROWS, "image_tokens": [len(seen)]}
        del eyes
    lm = build(*made(maker, model), family)
    chance = random.Random(case)
    ids = [[chance.randrange(259, lm.config.vocab_size) for _ in range(n)]
           for n in ([7, 9] if rows else [24])]
    ids[0][0] = 1
    embed = lm.get_input_embeddings()
    parts = [embed(torch.tensor(chunk)) for chunk in ids]
    whole = torch.cat([parts[0], *rows, *parts[1:]])
    logits, best, margins = greedy(lm, whole, STEPS)
    keep([logits], LOGITS).tofile(folder / "logits.f32")
    (folder / "golden.json").write_text(json.dumps(
        said | {"prompt_ids": ids, "greedy": best, "margin": margins}) + "\n")
    print(case, whole.shape, best, margins, "deviation %.2f" % logits.std(), flush=True)


for case in sys.argv[2:] or CASES:
    make(sys.argv[1], case)
