// LLaVA-1.6's "anyres": a picture is shown to the tower as a whole and, larger, in a grid of tiles
// whose shape comes nearest to its own. Facts: llava/mm_utils.py and llava_arch.py of LLaVA-NeXT.
// Pure functions; double precision and the order of operations are the reference's, down to what is
// rounded when.
#pragma once

#include "engine/image/preprocess.h"

// The grid that fits a picture best; 1 x 1 of a rule that has none.
struct anyres_grid {
    uint32_t columns, rows;
};
struct anyres_grid anyres_choose(const struct preprocess_rule *rule, uint32_t width,
                                 uint32_t height);

// The picture as a whole, then its tiles row by row: 1 + columns * rows images of rule->size
// squared, RGB, one behind the other. The caller frees *rgb.
bool anyres_tiles(const struct preprocess_rule *rule, const struct image *image,
                  struct anyres_grid grid, uint8_t **rgb, struct error *e);

// What of the tiles' rows, put together to a plane of columns x rows, shows the picture and not the
// margin that it was padded with.
struct anyres_part {
    uint32_t left, top, columns, rows;
};
struct anyres_part anyres_unpad(uint32_t width, uint32_t height, uint32_t columns, uint32_t rows);
