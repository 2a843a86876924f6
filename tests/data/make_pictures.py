#!/usr/bin/env python3
"""Makes pictures/*, pictures/expected.txt and pictures/resampled.txt with Pillow and numpy.

    python3 tests/data/make_pictures.py

expected.txt:  file, format, width and height as seen upright, CRC-32 of the RGB bytes that Pillow's
               exif_transpose and convert("RGB") give, bytes of the file that are needed (0: untold)
resampled.txt: resize WIDTH HEIGHT -> WIDTH HEIGHT, CRC-32 of the bytes
               preprocess WIDTH HEIGHT -> SIZE, CRC-32 of the float32 values (little endian)
               of pictures whose bytes are noise(WIDTH * HEIGHT * 3) below
"""
import io
import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")
W, H = 19, 13
rng = np.random.default_rng(1)
y, x = np.mgrid[0:H, 0:W]
ramp = np.stack([x * 12, y * 18, (x + y) * 7], -1)
rgb = np.clip(ramp + rng.integers(0, 30, ramp.shape), 0, 255).astype(np.uint8)
alpha = rng.integers(0, 256, (H, W), dtype=np.uint8)
picture = Image.fromarray(rgb)
picture_alpha = Image.fromarray(np.dstack([rgb, alpha]))
lines = []


def pillow_rgb(data):
    return np.array(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


def add(name, data, kind, pixels=None, needed=None):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(data)
    pixels = pillow_rgb(data) if pixels is None else pixels
    needed = len(data) if needed is None else needed
    crc = zlib.crc32(pixels.astype(np.uint8).tobytes())
    lines.append(f"{name} {kind} {pixels.shape[1]} {pixels.shape[0]} {crc:08x} {needed}")


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


# PNG, written by hand: Pillow cannot write every type.
GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2)]


def chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def packed_rows(values, depth, interlaced):
    rows = b""
    for x0, y0, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        part = values[y0::dy, x0::dx]
        for row in part if part.size else []:
            bits = row.reshape(-1)[:, None] >> np.arange(depth - 1, -1, -1) & 1
            rows += b"\0" + np.packbits(bits.astype(np.uint8)).tobytes()
    return rows


def png(values, colour, depth, interlaced=False, palette=None, transparent=None):
    data = zlib.compress(packed_rows(values, depth, interlaced))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, colour, 0, 0, interlaced))
            + (chunk(b"PLTE", palette) if palette else b"")
            + (chunk(b"tRNS", transparent) if transparent else b"")
            + chunk(b"IDAT", data[:50]) + chunk(b"IDAT", data[50:])
            + chunk(b"IEND"))


def add_pngs():
    channels = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
    names = {GRAY: "gray", RGB: "rgb", PALETTE: "palette", GRAY_ALPHA: "gray-alpha",
             RGB_ALPHA: "rgb-alpha"}
    depths = {GRAY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GRAY_ALPHA: (8, 16),
              RGB_ALPHA: (8, 16)}
    for colour, name in names.items():
        for depth in depths[colour]:
            palette = rng.bytes(3 << depth) if colour == PALETTE else None
            for interlaced in (False, True):
                values = rng.integers(0, 1 << depth, (H, W, channels[colour]))
                # Pillow clips 16-bit gray instead of taking the high byte as it does for colour.
                pixels = np.repeat(values >> 8, 3, 2) if (colour, depth) == (GRAY, 16) else None
                add(f"{name}-{depth}{'-interlaced' if interlaced else ''}.png",
                    png(values, colour, depth, interlaced, palette), "PNG", pixels)
    values = rng.integers(0, 16, (H, W, 1))
    add("palette-transparent.png", png(values, PALETTE, 4, False, rng.bytes(48), rng.bytes(16)), "PNG")
    add("gray-transparent.png", png(values, GRAY, 8, False, None, b"\0\3"), "PNG")
    values = rng.integers(0, 256, (H, W, 3))
    add("rgb-transparent.png",
        png(values, RGB, 8, False, None, struct.pack(">HHH", *values[0, 0])), "PNG")
    values = rng.integers(0, 16, (H, W, 1))  # colours beyond a short palette are black
    palette = rng.bytes(9)
    table = np.vstack([np.frombuffer(palette, np.uint8).reshape(3, 3), np.zeros((13, 3), np.uint8)])
    add("palette-short.png", png(values, PALETTE, 4, False, palette), "PNG", table[values[..., 0]])
    add("filters.png", saved(picture, "PNG"), "PNG")


def add_jpegs():
    for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
        add(f"{name}.jpg", saved(picture, "JPEG", quality=90, subsampling=sampling), "JPEG")
    add("progressive.jpg", saved(picture, "JPEG", progressive=True), "JPEG")
    add("restarts.jpg", saved(picture, "JPEG", restart_marker_blocks=1), "JPEG")
    add("gray.jpg", saved(picture.convert("L"), "JPEG"), "JPEG")
    add("cmyk.jpg", saved(picture.convert("CMYK"), "JPEG"), "JPEG")
    add("rgb.jpg", saved(picture, "JPEG", keep_rgb=True), "JPEG")
    add("large.jpg", saved(picture.resize((190, 130)), "JPEG", quality=60), "JPEG")


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def add_turned():
    for value in range(1, 9):
        add(f"turn-{value}.jpg", saved(picture, "JPEG", quality=90, exif=orientation(value)), "JPEG")
    add("turn-6.png", saved(picture, "PNG", exif=orientation(6)), "PNG")
    add("turn-8.webp", saved(picture, "WEBP", lossless=True, exif=orientation(8)), "WebP")


def add_others():
    indexed = picture.quantize(32)
    gif = saved(indexed, "GIF")
    add("plain.gif", gif, "GIF", needed=len(gif) - 1)  # the trailer may be missing
    gif = saved(indexed, "GIF", interlace=1)
    add("interlaced.gif", gif, "GIF", needed=len(gif) - 1)
    gif = saved(indexed, "GIF", transparency=3)
    add("transparent.gif", gif, "GIF", needed=len(gif) - 1)
    add("animated.gif", saved(indexed, "GIF", save_all=True,
                              append_images=[Image.fromarray(255 - rgb).quantize(8)]), "GIF", needed=0)
    for mode in ("1", "L", "RGB", "RGBA"):
        add(f"{mode}.bmp", saved(picture.convert(mode), "BMP"), "BMP")
    add("4.bmp", bmp(4, palette=rng.bytes(64)), "BMP")
    add("os2.bmp", bmp(8, palette=rng.bytes(768), core=True), "BMP")
    add("555.bmp", bmp(16), "BMP")
    add("565.bmp", bmp(16, masks=(0xf800, 0x7e0, 0x1f)), "BMP")
    add("from-top.bmp", bmp(24, from_top=True), "BMP")
    add("plain.ppm", saved(picture, "PPM"), "PPM")
    add("plain.pgm", saved(picture.convert("L"), "PPM"), "PPM")
    for most in (6, 100, 1000):
        kind = ">u2" if most > 255 else np.uint8
        data = rng.integers(0, most + 1, (H, W, 3)).astype(kind).tobytes()
        add(f"{most}.ppm", b"P6 # comment\n%d\n%d\n%d\n" % (W, H, most) + data, "PPM")
    add("lossy.webp", saved(picture, "WEBP"), "WebP")
    add("lossless.webp", saved(picture, "WEBP", lossless=True), "WebP")
    add("alpha.webp", saved(picture_alpha, "WEBP", exact=True), "WebP")
    add("alpha-lossless.webp", saved(picture_alpha, "WEBP", lossless=True, exact=True), "WebP")
    add("animated.webp", saved(picture, "WEBP", save_all=True, lossless=True,
                               append_images=[Image.fromarray(255 - rgb)]), "WebP")


def bmp(bits, masks=None, palette=b"", from_top=False, core=False):
    stride = (W * bits + 31) // 32 * 4
    if core:
        info = struct.pack("<IHHHH", 12, W, H, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", 40, W, -H if from_top else H, 1, bits,
                           3 if masks else 0, 0, 0, 0, len(palette) // 4, 0)
    if masks:
        info += struct.pack("<III", *masks)
    start = 14 + len(info) + len(palette)
    rows = rng.bytes(stride * H)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


def noise(size):
    """From a linear congruential sequence; half of the bytes are 0 or 255."""
    out = bytearray()
    state = 1
    for _ in range(size):
        state = (state * 1664525 + 1013904223) & 0xffffffff
        out.append((0, 255, state >> 16 & 255, state >> 16 & 255)[state >> 30])
    return bytes(out)


def noise_image(width, height):
    return Image.frombytes("RGB", (width, height), noise(width * height * 3))


MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


def preprocessed(image, size):
    side = max(image.size)
    square = Image.new("RGB", (side, side), tuple(int(m * 255) for m in MEAN))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    values = np.array(square.resize((size, size), Image.BICUBIC)).astype(np.float32)
    values = (values / np.float32(255) - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    return values.transpose(2, 0, 1).astype("<f4")


def resampled():
    for w, h, to_w, to_h in ((1, 1, 5, 3), (7, 5, 7, 5), (7, 5, 3, 2), (5, 7, 16, 23), (31, 17, 31, 5),
                             (31, 17, 8, 17), (64, 48, 33, 21), (50, 40, 200, 3), (3, 90, 4, 7),
                             (129, 2, 1, 1), (301, 203, 112, 75), (13, 11, 336, 300)):
        # One axis a call: since version 13, Pillow's own order of the passes depends on the sizes.
        image = noise_image(w, h).resize((to_w, h), Image.BICUBIC).resize((to_w, to_h), Image.BICUBIC)
        yield f"resize {w} {h} {to_w} {to_h} {zlib.crc32(image.tobytes()):08x}"
    for w, h, size in ((1, 1, 14), (1, 2, 14), (2, 1, 14), (112, 112, 112), (150, 100, 112),
                       (99, 150, 112), (336, 335, 336), (11, 40, 336), (600, 1, 112), (1, 2001, 28),
                       (2, 601, 112), (500, 333, 336)):
        crc = zlib.crc32(preprocessed(noise_image(w, h), size).tobytes())
        yield f"preprocess {w} {h} {size} {size} {crc:08x}"


def main():
    os.makedirs(OUT, exist_ok=True)
    add_pngs()
    add_jpegs()
    add_turned()
    add_others()
    with open(os.path.join(OUT, "expected.txt"), "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(os.path.join(OUT, "resampled.txt"), "w") as f:
        f.write("\n".join(resampled()) + "\n")


if __name__ == "__main__":
    main()
