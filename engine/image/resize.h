// Private to engine/image: resampling of a picture that lies on a larger canvas of one colour,
// without ever making the canvas. image_resize (preprocess.h) is the case without a margin.
#pragma once

#include "engine/image/preprocess.h"

// The picture's left upper corner is at (left, top); it lies on the canvas as a whole.
struct canvas {
    const struct image *image;
    uint32_t width, height;
    uint32_t left, top;
    uint8_t fill[3];
};

// As if the canvas had been painted and then resized to width x height (1..IMAGE_MOST_SIDE). Beyond
// `out` it takes about 12 bytes for each pixel of the canvas's longer side.
bool canvas_resize(const struct canvas *canvas, uint32_t width, uint32_t height, enum filter filter,
                   struct image *out, struct error *e);
