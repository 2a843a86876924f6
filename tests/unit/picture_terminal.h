// A terminal that remembers what it is told to draw, and pictures to draw on it.
#pragma once

#include "tests/unit/picture_screen.h"
#include "ui/picture.h"

struct term {
    struct term_caps caps;
    int rows, cols;
    struct term_image image;
    int images;
};

struct term sixel_terminal(int cell_width, int cell_height);
struct term half_terminal(int colors, bool true_color);

// A smooth picture with edges in it. The caller frees it.
uint8_t *make_rgb(int width, int height);
struct ui_picture *make_picture(int width, int height);
// The mean over the area of target pixel (x, y), written out.
int32_t area_mean(const uint8_t *rgb, int width, int height, int x, int y, int to_width,
                  int to_height);

// Draws rows [from, from + n) and checks that the rectangle is painted, all of it and nothing else.
// The caller frees the pixels.
struct screen draw_crop(struct ui_picture *p, struct term *t, int cols, int rows, int from, int n);
