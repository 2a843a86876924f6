#!/usr/bin/env python3
"""Draws the sample pictures: assets/make_pictures.py [FOLDER], by default assets/pictures.

Every picture shows one simple thing that its name says. Nothing is random, so that the same Pillow
writes the same pixels. Needs Pillow (Debian: python3-pil) and the DejaVu fonts (fonts-dejavu-core).
"""
import math
import pathlib
import sys

from PIL import Image, ImageDraw, ImageFont

SCALE = 4  # drawn this many times larger, then averaged: smooth edges
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
COLOURS = {
    "black": (15, 15, 15), "blue": (35, 80, 220), "brown": (125, 75, 35), "cyan": (40, 205, 215),
    "gray": (130, 130, 130), "green": (40, 160, 60), "orange": (245, 135, 25),
    "pink": (245, 130, 180), "purple": (130, 50, 170), "red": (220, 30, 35),
    "white": (250, 250, 250), "yellow": (245, 215, 40),
}


class Canvas:
    """A picture of width x height pixels, in whose units all positions and sizes are."""

    def __init__(self, width, height, background):
        self.image = Image.new("RGB", (width * SCALE, height * SCALE), COLOURS[background])
        self.draw = ImageDraw.Draw(self.image)

    def ellipse(self, x, y, rx, ry, colour):
        box = [(x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE]
        self.draw.ellipse(box, fill=COLOURS.get(colour, colour))

    def polygon(self, points, colour):
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.draw.polygon(scaled, fill=COLOURS.get(colour, colour))

    def line(self, points, width, colour):
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.draw.line(scaled, fill=COLOURS.get(colour, colour), width=width * SCALE, joint="curve")

    def text(self, x, y, size, colour, words):
        font = ImageFont.truetype(FONT, size * SCALE)
        self.draw.text((x * SCALE, y * SCALE), words, font=font, anchor="mm",
                       fill=COLOURS[colour])

    def finished(self):
        size = (self.image.width // SCALE, self.image.height // SCALE)
        return self.image.resize(size, Image.Resampling.BOX)


def text(canvas, x, y, size, colour, words):
    canvas.text(x, y, size, colour, words)


def circle(canvas, x, y, r, colour):
    canvas.ellipse(x, y, r, r, colour)


def rectangle(canvas, x, y, rx, ry, colour):
    canvas.polygon([(x - rx, y - ry), (x + rx, y - ry), (x + rx, y + ry), (x - rx, y + ry)], colour)


def square(canvas, x, y, r, colour):
    rectangle(canvas, x, y, 0.8 * r, 0.8 * r, colour)


def diamond(canvas, x, y, r, colour):
    canvas.polygon([(x, y - r), (x + 0.7 * r, y), (x, y + r), (x - 0.7 * r, y)], colour)


def cross(canvas, x, y, r, colour):
    rectangle(canvas, x, y, r, 0.32 * r, colour)
    rectangle(canvas, x, y, 0.32 * r, r, colour)


def polar(x, y, r, turn):
    """The point at distance r from (x, y); turn goes clockwise from the top, in turns."""
    return x + r * math.sin(2 * math.pi * turn), y - r * math.cos(2 * math.pi * turn)


def triangle(canvas, x, y, r, colour):
    canvas.polygon([polar(x, y, r, k / 3) for k in range(3)], colour)


def star(canvas, x, y, r, colour):
    canvas.polygon([polar(x, y, r if k % 2 == 0 else 0.42 * r, k / 10) for k in range(10)], colour)


def heart(canvas, x, y, r, colour):
    points = []
    for k in range(120):
        t = 2 * math.pi * k / 120
        across = 16 * math.sin(t) ** 3
        up = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((x + r * across / 16, y - r * up / 16))
    canvas.polygon(points, colour)


def moon(canvas, x, y, r, colour, sky):
    canvas.ellipse(x, y, r, r, colour)
    canvas.ellipse(x + 0.57 * r, y - 0.12 * r, 0.92 * r, 0.88 * r, sky)


def flower(canvas, x, y, r):
    canvas.line([(x, y), (x, y + 2.6 * r)], 10, "green")
    canvas.ellipse(x + 0.7 * r, y + 1.9 * r, 0.6 * r, 0.25 * r, "green")
    for k in range(6):
        px, py = polar(x, y, 0.75 * r, k / 6)
        canvas.ellipse(px, py, 0.45 * r, 0.45 * r, "pink")
    canvas.ellipse(x, y, 0.45 * r, 0.45 * r, "yellow")


def apple(canvas, x, y, r):
    for side in (-1, 1):
        canvas.ellipse(x + side * 0.32 * r, y + 0.1 * r, 0.52 * r, 0.7 * r, "red")
    canvas.line([(x, y - 0.4 * r), (x + 0.08 * r, y - 0.9 * r)], round(0.1 * r), "brown")
    canvas.polygon([(x + 0.05 * r, y - 0.6 * r), (x + 0.35 * r, y - 0.95 * r),
                    (x + 0.65 * r, y - 0.85 * r), (x + 0.4 * r, y - 0.6 * r)], "green")


def sun(canvas, x, y, r):
    for k in range(8):
        turn = k / 8
        canvas.polygon([polar(x, y, 0.62 * r, turn - 0.035), polar(x, y, r, turn),
                        polar(x, y, 0.62 * r, turn + 0.035)], (255, 180, 30))
    canvas.ellipse(x, y, 0.55 * r, 0.55 * r, (255, 200, 40))


PICTURES = {
    # name: (size, background, what is drawn, each (function, its arguments...))
    "apple": ((240, 240), "white", [(apple, 120, 125, 100)]),
    "blue-square": ((240, 240), "white", [(square, 120, 120, 70, "blue")]),
    "flower": ((240, 240), "white", [(flower, 120, 80, 58)]),
    "green-circle": ((240, 240), "pink", [(circle, 120, 120, 70, "green")]),
    "number-7": ((320, 240), "white", [(text, 160, 120, 140, "blue", "7")]),
    "purple-diamond": ((240, 240), "yellow", [(diamond, 120, 120, 85, "purple")]),
    "red-heart": ((240, 240), "white", [(heart, 120, 120, 70, "red")]),
    "star-and-circle": ((240, 240), "white",
                        [(star, 180, 60, 48, "orange"), (circle, 60, 180, 45, "green")]),
    "sun": ((240, 240), "blue", [(sun, 120, 120, 100)]),
    "three-red-circles": ((240, 240), "white",
                          [(circle, 45, 45, 34, "red"), (circle, 195, 60, 34, "red"),
                           (circle, 120, 190, 34, "red")]),
    "two-green-triangles": ((240, 240), "white",
                            [(triangle, 65, 70, 45, "green"), (triangle, 180, 175, 45, "green")]),
    "white-cross": ((240, 240), "red", [(cross, 120, 120, 70, "white")]),
    "word-house": ((320, 240), "white", [(text, 160, 120, 80, "blue", "house")]),
    "yellow-moon": ((240, 240), "blue", [(moon, 120, 120, 80, "yellow", "blue")]),
    "yellow-star": ((320, 240), "black", [(star, 160, 120, 85, "yellow")]),
}


def draw(size, background, things):
    canvas = Canvas(*size, background)
    for function, *arguments in things:
        function(canvas, *arguments)
    return canvas.finished()


def main():
    here = pathlib.Path(__file__).parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (size, background, things) in PICTURES.items():
        draw(size, background, things).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
