// RGB -> what a vision tower reads, by a rule record read from the vision file. Resampling is
// Pillow's to the byte (antialiased bicubic, 22-bit fixed point, horizontal pass first).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/image/decode.h"

enum fit_mode {
    FIT_PAD,    // LLaVA-1.5: centred in a square of the mean colour, then resized
    FIT_ANYRES, // LLaVA-1.6: as a whole, and in a grid of tiles (anyres.h)
};

enum filter { FILTER_BICUBIC };

enum { GRIDS_MOST = 32 };

struct preprocess_rule {
    enum fit_mode fit;
    enum filter filter;
    uint32_t size; // side of a tile in pixels
    float mean[3], std[3];
    struct {
        uint32_t width, height; // pixels, multiples of size
    } grids[GRIDS_MOST];        // FIT_ANYRES: to choose from
    uint32_t n_grids;
};

// Tiles of a picture, in the order in which their rows enter the prompt.
struct pixels {
    uint32_t tiles, grid_width,
        grid_height; // 1, 1, 1 for FIT_PAD; else the whole and width * height
    uint32_t size;
    uint32_t picture_width, picture_height; // upright
    float *values;                          // [tiles][3][size][size], (value / 255 - mean) / std
};
void pixels_finish(struct pixels *p);

bool preprocess(const struct preprocess_rule *rule, const struct image *image, struct pixels *out,
                struct error *e);

// Pillow's Image.resize for 8-bit RGB. Exact; `out` is allocated. width,
// height: 1..IMAGE_MOST_SIDE.
bool image_resize(const struct image *in, uint32_t width, uint32_t height, enum filter filter,
                  struct image *out, struct error *e);
