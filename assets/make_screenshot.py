#!/usr/bin/env python3
"""Makes assets/screen.png: assets/make_screenshot.py [PROGRAM], by default build/pumice.

The program runs in an xterm under a private X server, as in tests/ui, and is asked about a sample
picture. Needs what these tests need (xterm, xvfb, x11-apps), the DejaVu fonts and the default model.
"""
import pathlib
import struct
import sys
import zlib

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "ui"))
sys.dont_write_bytecode = True
import xterm  # noqa: E402

QUESTIONS = ("What is in this picture?", "How many circles are there?")


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data +
            struct.pack(">I", zlib.crc32(kind + data)))


def write_png(picture, path):
    """With a palette where the colours fit into one."""
    colors = sorted(picture.colors())
    if len(colors) <= 256:
        index = {bytes(color): number for number, color in enumerate(colors)}
        rows = [bytes(index[row[i:i + 3]] for i in range(0, len(row), 3)) for row in picture.rows]
        kind, palette = 3, chunk(b"PLTE", b"".join(map(bytes, colors)))
    else:
        rows, kind, palette = picture.rows, 2, b""
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" +
                     chunk(b"IHDR", struct.pack(">IIBBBBB", picture.width, picture.height, 8, kind,
                                                0, 0, 0)) +
                     palette + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "pumice"
    command = [program, "--no-save", "--temp", "0", ROOT / "assets/pictures/three-red-circles.png"]
    with xterm.Xterm([str(word) for word in command], rows=26, cols=90,
                     environment={"COLORTERM": "truecolor", "HOME": pathlib.Path.home()},
                     font="DejaVu Sans Mono", points=12) as terminal:
        terminal.wait_still(3)
        for question in QUESTIONS:
            terminal.send(question + "\r")
            terminal.wait_still(3)
        write_png(terminal.screenshot(), ROOT / "assets" / "screen.png")


if __name__ == "__main__":
    main()
