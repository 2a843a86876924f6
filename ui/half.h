// Pixels -> upper half blocks: each cell shows two pixels, one above the other, as its foreground
// and its background. For every terminal that has colours but no sixel. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum half_depth { HALF_8, HALF_16, HALF_256, HALF_TRUE };

// Adds `rows` lines of `cols` cells for cols x 2 * rows RGB pixels. Every line sets its own
// colours and ends with SGR 0; a newline stands between lines, none at the end. False: no memory.
bool half_add(struct buffer *out, const uint8_t *rgb, int cols, int rows, enum half_depth depth);
