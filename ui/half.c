#include "ui/half.h"

#include <stddef.h>
#include <stdlib.h>

enum {
    CUBE = 16,  // first colour of the 6 x 6 x 6 cube of the 256-colour palette
    GRAYS = 232 // first of its 24 grays: 8, 18, ... 238
};

// xterm's defaults for the first 16 colours. Themes change them, so that 256-colour pictures keep
// to those above, which nobody changes.
static const uint8_t basic[16][3] = {
    {0, 0, 0},     {205, 0, 0},     {0, 205, 0},     {205, 205, 0},   {0, 0, 238}, {205, 0, 205},
    {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0},     {0, 255, 0}, {255, 255, 0},
    {92, 92, 255}, {255, 0, 255},   {0, 255, 255},   {255, 255, 255},
};

static int distance(const uint8_t *p, int r, int g, int b)
{
    return (p[0] - r) * (p[0] - r) + (p[1] - g) * (p[1] - g) + (p[2] - b) * (p[2] - b);
}

static unsigned nearest_basic(const uint8_t *p, unsigned colors)
{
    unsigned best = 0;
    for (unsigned i = 1; i < colors; i++)
        if (distance(p, basic[i][0], basic[i][1], basic[i][2]) <
            distance(p, basic[best][0], basic[best][1], basic[best][2]))
            best = i;
    return best;
}

// Step of the cube, whose levels are 0, 95, 135, 175, 215 and 255.
static int cube_step(int value)
{
    return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

static int cube_level(int step)
{
    return step ? 55 + 40 * step : 0;
}

static unsigned nearest_256(const uint8_t *p)
{
    int r = cube_step(p[0]), g = cube_step(p[1]), b = cube_step(p[2]);
    int mean = (p[0] + p[1] + p[2]) / 3;
    int step = (mean - 3) / 10 > 23 ? 23 : (mean - 3) / 10;
    int gray = 8 + 10 * step;
    if (distance(p, gray, gray, gray) < distance(p, cube_level(r), cube_level(g), cube_level(b)))
        return GRAYS + (unsigned)step;
    return CUBE + (unsigned)(36 * r + 6 * g + b);
}

// What is asked of the terminal: equal colours are equal numbers.
static unsigned color_of(const uint8_t *p, enum half_depth depth)
{
    switch (depth) {
    case HALF_8:
        return nearest_basic(p, 8);
    case HALF_16:
        return nearest_basic(p, 16);
    case HALF_256:
        return nearest_256(p);
    case HALF_TRUE:
        break;
    }
    return (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
}

static bool set_color(struct buffer *out, unsigned color, bool background, enum half_depth depth)
{
    unsigned base = background ? 40 : 30;
    if (depth == HALF_TRUE)
        return buffer_printf(out, "\033[%u;2;%u;%u;%um", base + 8, color >> 16, color >> 8 & 255,
                             color & 255);
    if (depth == HALF_256)
        return buffer_printf(out, "\033[%u;5;%um", base + 8, color);
    return buffer_printf(out, "\033[%um", color < 8 ? base + color : base + 60 + color - 8);
}

static bool add_line(struct buffer *out, const uint8_t *upper, const uint8_t *lower, int cols,
                     enum half_depth depth)
{
    unsigned front = 0, back = 0;
    for (int x = 0; x < cols; x++, upper += 3, lower += 3) {
        unsigned top = color_of(upper, depth), bottom = color_of(lower, depth);
        if ((x == 0 || top != front) && !set_color(out, top, false, depth))
            return false;
        if ((x == 0 || bottom != back) && !set_color(out, bottom, true, depth))
            return false;
        front = top;
        back = bottom;
        if (!buffer_add_text(out, "\u2580"))
            return false;
    }
    return buffer_add_text(out, "\033[0m");
}

bool half_add(struct buffer *out, const uint8_t *rgb, int cols, int rows, enum half_depth depth)
{
    const size_t pitch = (size_t)cols * 3;
    for (int row = 0; row < rows; row++) {
        const uint8_t *upper = rgb + (size_t)row * 2 * pitch;
        if (row > 0 && !buffer_add_text(out, "\n"))
            return false;
        if (!add_line(out, upper, upper + pitch, cols, depth))
            return false;
    }
    return true;
}
