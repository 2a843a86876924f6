// Private to engine/image: what decode.c knows about each format. A format is one constant record;
// its file is the only one that knows the library behind it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/image/decode.h"

struct picture_file {
    const uint8_t *bytes;
    size_t size;
    const char *name; // for messages
};

struct picture_format {
    const char *name;
    // By the first bytes; the other two are called only when it answered true.
    bool (*matches)(const struct picture_file *f);
    // Sizes as stored, not yet turned upright, not yet held against the limits.
    bool (*header)(const struct picture_file *f, uint32_t *width, uint32_t *height,
                   struct error *e);
    // Called with a picture within the limits and a zeroed `out`, which on failure may be left half
    // made. A format that can scale while it decodes may return a smaller picture whose longest
    // side is still at least `side`; side 0 asks for the whole picture.
    bool (*decode)(const struct picture_file *f, uint32_t side, struct image *out, struct error *e);
};

extern const struct picture_format format_jpeg, format_png, format_gif, format_webp, format_bmp,
    format_pnm;

// Takes memory for the pixels, not cleared. width, height within the limits.
bool image_allocate(struct image *i, uint32_t width, uint32_t height, struct error *e);

// The two sentences that every format needs. Both return false.
bool picture_damaged(const struct picture_file *f, struct error *e);
bool picture_unsupported(const struct picture_file *f, const char *what, struct error *e);

// stb_image on a PNG or GIF whose header is within the limits. NULL: damaged (or no memory, which
// it does not tell apart).
uint8_t *stb_load(const uint8_t *bytes, size_t size, uint32_t *width, uint32_t *height);
