// Picture bytes -> RGB. The format is told by content, never by name: JPEG (libjpeg-turbo), PNG and
// GIF's first frame (stb_image), WebP (libwebp), BMP and binary PPM/PGM (own code). HEIC, AVIF,
// TIFF, JPEG XL, SVG and PDF are refused by name with a hint. Sizes are checked before memory is
// taken. Pure functions: any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// width x height pixels, rows from the top, 3 bytes a pixel, no padding. Owned by its holder.
struct image {
    uint32_t width, height;
    uint8_t *rgb;
};
void image_finish(struct image *i);

enum { IMAGE_MOST_PIXELS = 100 * 1000 * 1000, IMAGE_MOST_SIDE = 65535 };

// What a file says about itself, from its header alone.
struct image_info {
    const char *format;     // "PNG"
    uint32_t width, height; // upright, as a person sees it
};

// `name` is what messages call the picture ("cat.png", "standard input"). Fails with ERROR_PICTURE:
// empty, not a picture, a format that we do not read (named), too large, truncated or damaged.
bool image_probe(const uint8_t *bytes, size_t size, const char *name, struct image_info *out,
                 struct error *e);
// Turned upright by EXIF. Alpha is dropped (the colour under it stays), gray is replicated, 16 bits
// become their high byte: what Pillow's convert("RGB") does, which is what the models were trained
// with.
bool image_decode(const uint8_t *bytes, size_t size, const char *name, struct image *out,
                  struct error *e);
// Smaller: the longest side at most `side`, a picture to look at (JPEG is scaled while it is
// decoded).
bool image_preview(const uint8_t *bytes, size_t size, const char *name, uint32_t side,
                   struct image *out, struct error *e);
