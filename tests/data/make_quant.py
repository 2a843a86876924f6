#!/usr/bin/env python3
"""Makes quant-TYPE.bin and quant-sizes.txt for tests/unit/test_quant.c from the gguf package.

quant-TYPE.bin: blocks with random contents, then what gguf.quants.dequantize makes of them as
little-endian float32. Needs: pip install gguf numpy.
"""
import pathlib

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from gguf.quants import dequantize

HERE = pathlib.Path(__file__).parent
# How many halves (scale, or scale and minimum) a block starts with.
HALVES = {Type.Q4_0: 1, Type.Q4_1: 2, Type.Q5_0: 1, Type.Q5_1: 2, Type.Q8_0: 1}
# Where the halves of a block are that does not start with them.
PLACES = {Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
          Type.IQ4_NL: [0], Type.IQ4_XS: [0]}
# Smallest and largest subnormals, smallest normal, largest, zero. Not infinity: times 0 it is a NaN.
SPECIAL = [0x0001, 0x03FF, 0x8001, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x8000]


def finite_halves(rng, count):
    halves = rng.integers(0, 0x7C00, count) | rng.integers(0, 2, count) << 15
    return halves.astype("<u2")


def quantized_blocks(rng, kind):
    count = 16
    blocks = rng.integers(0, 256, (count, GGML_QUANT_SIZES[kind][1]), dtype=np.uint8)
    places = PLACES[kind] if kind in PLACES else [2 * i for i in range(HALVES[kind])]
    for i, at in enumerate(places):
        halves = finite_halves(rng, count)
        halves[: len(SPECIAL)] = SPECIAL
        halves = np.roll(halves, 3 * i)
        blocks[:, at : at + 2] = halves.view(np.uint8).reshape(count, 2)
    return blocks


def float_blocks(rng, kind):
    if kind == Type.F32:
        values = np.append(rng.standard_normal(60) * 1e3, [0.0, -0.0, 1e-42, np.inf])
        return values.astype("<f4").view(np.uint8).reshape(-1, 4)
    special = SPECIAL + [0x7C00, 0xFC00] if kind == Type.F16 else [0x0001, 0x8001, 0x7F7F, 0x8000, 0x7F80, 0xFF80]
    halves = np.append(finite_halves(rng, 64), special).astype("<u2")
    return halves.view(np.uint8).reshape(-1, 2)


def main():
    rng = np.random.default_rng(20240607)
    for kind in (Type.F32, Type.F16, Type.BF16, *HALVES, *PLACES):
        blocks = (quantized_blocks if kind in {**HALVES, **PLACES} else float_blocks)(rng, kind)
        with np.errstate(all="ignore"):
            values = dequantize(blocks, kind).astype("<f4")
        assert not np.isnan(values).any()
        (HERE / f"quant-{kind.name}.bin").write_bytes(blocks.tobytes() + values.tobytes())
    # The package's Q8_1 differs from ggml's; it is never stored in a file.
    lines = [f"{int(k)} {k.name} {elems} {size}" for k, (elems, size) in GGML_QUANT_SIZES.items()
             if k != Type.Q8_1]
    (HERE / "quant-sizes.txt").write_text("\n".join(lines) + "\n")


main()
