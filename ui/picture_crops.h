// What draws a part of a picture, made on demand and kept: the picture scaled and reduced to a
// palette once for a size, and the sequences for runs of its rows. Owned by one ui_picture;
// screen's thread only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "ui/half.h"
#include "ui/sixel.h"

// All that the look of a whole picture hangs on, besides its pixels.
struct picture_geometry {
    bool sixel;
    int cols, rows;
    int cell_width, cell_height; // pixels that a cell gets: 1 x 2 for half blocks
    int colors;                  // of the palette, sixel
    enum half_depth depth;       // half blocks
};

enum {
    PICTURE_CROPS = 32,
    PICTURE_CROPS_SAFE = 8,        // the newest, never dropped
    PICTURE_CROPS_BYTES = 1 << 20, // of all that are kept, but for those
};

struct picture_crop {
    struct picture_geometry geometry;
    int from, n;
    uint64_t used; // time of the last use; 0: free
    struct buffer bytes;
};

struct picture_crops {
    struct picture_geometry geometry; // of what was scaled last
    uint8_t *pixels;                  // palette indices (of sixel) or RGB; NULL: nothing yet
    struct sixel_picture sixel;
    struct picture_crop list[PICTURE_CROPS];
    uint64_t clock;
};

// Rows [from, from + n) of the width x height RGB picture as `g` says: bytes that stay until
// PICTURE_CROPS_SAFE further calls or picture_crops_clear. NULL: no memory.
const struct buffer *picture_crops_get(struct picture_crops *c, const struct picture_geometry *g,
                                       uint32_t width, uint32_t height, const uint8_t *rgb,
                                       int from, int n);
void picture_crops_clear(struct picture_crops *c);
