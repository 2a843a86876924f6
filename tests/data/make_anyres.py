#!/usr/bin/env python3
"""Makes anyres.json for tests/unit/test_preprocess.c: what LLaVA-NeXT's published rules and Pillow make of pictures.

For each picture (drawn by a formula that the test repeats): the grid, the CRC-32 of the bytes of all tiles, and the rows
that it takes with a tower of 24 x 24 patches. Resizing is done one axis a call, the horizontal one first, as Pillow did it
when the rules were written. Needs: pip install pillow numpy.
"""
import json
import math
import pathlib
import zlib

import numpy as np
from PIL import Image

SIZE, GRIDS = 28, [(28, 56), (56, 28), (56, 56), (84, 28), (28, 84)]
PICTURES = [(64, 48), (48, 64), (67, 67), (28, 28), (5, 4), (192, 108), (100, 30), (30, 100), (200, 50), (1, 90), (90, 1), (57, 41)]


def picture(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([(x * 7 + y * 3) % 256, (x * x + y) % 256, (x * y + 11 * y) % 256], 2).astype(np.uint8))


def choose(width, height):
    best, most, least = None, -1, math.inf
    for w, h in GRIDS:
        scale = min(w / width, h / height)
        used = min(int(width * scale) * int(height * scale), width * height)
        waste = w * h - used
        if used > most or (used == most and waste < least):
            best, most, least = (w, h), used, waste
    return best


def resize(image, width, height):
    return image.resize((width, image.height), Image.BICUBIC).resize((width, height), Image.BICUBIC)


def tiles(image, grid):
    scale_w, scale_h = grid[0] / image.width, grid[1] / image.height
    if scale_w < scale_h:
        w, h = grid[0], min(math.ceil(image.height * scale_w), grid[1])
    else:
        w, h = min(math.ceil(image.width * scale_h), grid[0]), grid[1]
    plane = Image.new("RGB", grid, (0, 0, 0))
    plane.paste(resize(image, w, h), ((grid[0] - w) // 2, (grid[1] - h) // 2))
    cut = [plane.crop((x, y, x + SIZE, y + SIZE)) for y in range(0, grid[1], SIZE) for x in range(0, grid[0], SIZE)]
    return [resize(image, SIZE, SIZE)] + cut


def rows(width, height, grid):
    columns, lines = grid[0] // SIZE * 24, grid[1] // SIZE * 24
    if width / height > columns / lines:
        lines -= 2 * ((lines - int(height * (columns / width))) // 2)
    else:
        columns -= 2 * ((columns - int(width * (lines / height))) // 2)
    return 24 * 24 + lines * (columns + 1)


def main():
    cases = []
    for width, height in PICTURES:
        grid = choose(width, height)
        data = b"".join(t.tobytes() for t in tiles(picture(width, height), grid))
        cases.append({"width": width, "height": height, "columns": grid[0] // SIZE, "rows": grid[1] // SIZE,
                      "crc": zlib.crc32(data), "tokens": rows(width, height, grid)})
    path = pathlib.Path(__file__).parent / "anyres.json"
    path.write_text("[\n" + ",\n".join(" " + json.dumps(c) for c in cases) + "\n]\n")


main()
