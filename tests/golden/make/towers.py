#!/usr/bin/env python3
"""Makes tests/data/towers: towers.py BUILD/tests/golden/make_model [NAME...]

Pictures of given sizes, drawn by a formula that the tests repeat, through Pillow, transformers'
CLIPVisionModel and LLaVA's projector and rules for tiles (gguf_tower.py), then between ids into the
LLaMA model "llama-mha". Of pixels and rows every 149th and 101st value is kept: both are primes, so
that all lines and columns are met. "wrong_rows" says how far the rows would be off (NMSE) if one
thing was not as it should be.

Needs: pip install torch==2.5.1 transformers==4.46.3 gguf numpy pillow
"""
import json
import math
import pathlib
import random
import sys

import numpy as np
import torch
from PIL import Image

from gguf_model import build, greedy, made, nmse
from gguf_tower import Tower, picture_rows

DATA = pathlib.Path(__file__).resolve().parents[2] / "data" / "towers"
PIXELS, ROWS, STEPS, LM = 149, 101, 8, "llama-mha"
SIMPLE = ["tower-v1", "tower-linear", "tower-23", "tower-24", "tower-24-said-23", "tower-layer",
          "tower-new", "tower-gelu", "tower-q8", "tower-grown", "tower-shrunk"]
# 376 x 47: the original's int() cuts 2.9999999999999996 off to 2, transformers rounds to 3 before.
TILED = [(376, 47), (213, 160), (160, 213), (224, 224), (112, 112), (17, 13), (640, 360), (333, 100),
         (100, 333), (667, 167), (1, 90), (90, 1), (1333, 1000), (350, 231)]
# case: (tower, sizes of the pictures in order)
CASES = {name: (name, [(150, 100)]) for name in SIMPLE}
CASES |= {f"unpad-{w}x{h}": ("tower-unpad", [(w, h)]) for w, h in TILED}
CASES |= {"unpad-three": ("tower-unpad", [(213, 160), (100, 333), (17, 13)]),
          "unpad-one-line": ("tower-unpad-odd", [(300, 20)]),
          "unpad-one-column": ("tower-unpad-odd", [(20, 300)]),
          "unpad-new-names": ("tower-unpad-new", [(213, 160)]),
          "flat-213x160": ("tower-flat", [(213, 160)])}


def picture(width, height):
    y, x = np.mgrid[0:height, 0:width]
    colours = np.stack([x * 7 + y * 3, x * x + y, x * y + 11 * y], 2) % 256
    return Image.fromarray(colours.astype(np.uint8))


def keep(arrays, stride):
    """Every so many-th value of each array."""
    return np.concatenate([np.asarray(a).reshape(-1)[::stride] for a in arrays]).astype("<f4")


def wrong(tower, pixels, rows):
    """What the first picture's rows would be otherwise."""
    off = lambda other: float(f"{nmse(other, rows):.1e}")
    found = {}
    if tower.layer() > 1:
        found["a block less"] = off(tower.rows(pixels[:1], tower.layer() - 1)[0])
    if tower.layer() < tower.stored:
        found["a block more"] = off(tower.rows(pixels[:1], tower.layer() + 1)[0])
    act = tower.clip.config.hidden_act
    other = Tower({**tower.pairs, "clip.use_gelu": act == "quick_gelu"}, tower.tensors)
    found["the other GELU"] = off(other.rows(pixels[:1])[0])
    if "mm.2.weight" not in tower.tensors:
        found["an activation"] = off(torch.nn.functional.gelu(tower.rows(pixels[:1])[0]))
    table = tower.tensors["v.position_embd.weight"]
    if len(table) != tower.grid ** 2 + 1:
        other = Tower(tower.pairs, tower.tensors | {"v.position_embd.weight": bilinear(tower, table)})
        found["a bilinear table"] = off(other.rows(pixels[:1])[0])
    return found


def bilinear(tower, table):
    side = math.isqrt(len(table) - 1)
    square = table[1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    resized = torch.nn.functional.interpolate(square, size=(tower.grid, tower.grid),
                                              mode="bilinear", align_corners=False)
    return torch.cat([table[:1], resized.permute(0, 2, 3, 1).reshape(tower.grid ** 2, -1)])


def make(maker, case, tower, lm):
    images = [picture(w, h) for w, h in CASES[case][1]]
    pixels, rows = zip(*(picture_rows(tower, image) for image in images))
    chance = random.Random(case)
    ids = [[chance.randrange(259, 1024) for _ in range(length)]
           for length in [7] + [9] * len(images)]
    ids[0][0] = 1
    embed = lm.get_input_embeddings()
    parts = [embed(torch.tensor(ids[0]))]
    for r, chunk in zip(rows, ids[1:]):
        parts += [r, embed(torch.tensor(chunk))]
    logits, best, margins = greedy(lm, torch.cat(parts), STEPS)
    folder = DATA / case
    folder.mkdir(parents=True, exist_ok=True)
    keep(pixels, PIXELS).tofile(folder / "pixels.f32")
    keep(rows, ROWS).tofile(folder / "image_rows.f32")
    logits.numpy().astype("<f4").tofile(folder / "logits.f32")
    off = wrong(tower, pixels[0], rows[0][:tower.grid ** 2])
    (folder / "golden.json").write_text(json.dumps(
        {"lm": LM, "mmproj": CASES[case][0], "context": 2048,
         "images": ["%dx%d.ppm" % image.size for image in images], "prompt_ids": ids,
         "image_tokens": [len(r) for r in rows], "pixel_stride": PIXELS, "row_stride": ROWS,
         "greedy": best, "margin": margins, "wrong_rows": off}) + "\n")
    print(case, [tuple(p.shape) for p in pixels], [tuple(r.shape) for r in rows],
          "deviation %.2f" % rows[0].std(), best, off, flush=True)


def main():
    maker, names = sys.argv[1], sys.argv[2:] or CASES
    lm = build(*made(maker, LM), "llama")
    towers = {}
    for case in names:
        name = CASES[case][0]
        if name not in towers:
            towers[name] = Tower(*made(maker, name))
        make(maker, case, towers[name], lm)


if __name__ == "__main__":
    main()
