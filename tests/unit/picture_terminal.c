// The terminal in place of ui/term, and what is drawn on it.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/picture_terminal.h"

// ---- the terminal

void term_size(const struct term *t, int *rows, int *cols)
{
    *rows = t->rows;
    *cols = t->cols;
}

const struct term_caps *term_get_caps(const struct term *t)
{
    return &t->caps;
}

void term_image(struct term *t, const struct term_image *i)
{
    t->image = *i;
    t->images++;
}

struct term sixel_terminal(int cell_width, int cell_height)
{
    return (struct term){.rows = 60,
                         .cols = 200,
                         .caps = {.pictures = PICTURES_SIXEL,
                                  .cell_width = cell_width,
                                  .cell_height = cell_height,
                                  .colors = 256,
                                  .sixel_colors = 1024}};
}

struct term half_terminal(int colors, bool true_color)
{
    return (struct term){.rows = 60,
                         .cols = 200,
                         .caps = {.pictures = PICTURES_HALF,
                                  .cell_width = 10,
                                  .cell_height = 20,
                                  .colors = colors,
                                  .true_color = true_color}};
}

// ---- pictures

uint8_t *make_rgb(int width, int height)
{
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3), *p = rgb;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            *p++ = (uint8_t)(x * 255 / width);
            *p++ = (uint8_t)(y * 255 / height);
            *p++ = (x / 40 + y / 30) % 2 ? 40 : 200;
        }
    return rgb;
}

struct ui_picture *make_picture(int width, int height)
{
    uint8_t *rgb = make_rgb(width, height);
    struct ui_picture *p = ui_picture_create((uint32_t)width, (uint32_t)height, rgb, "made");
    assert_non_null(p);
    free(rgb);
    return p;
}

// How much of [i, i + 1) lies in target pixel `x` of `to`, on a side of `from`.
static double covered(int i, int x, int from, int to)
{
    double begin = (double)x * from / to, end = (double)(x + 1) * from / to;
    double overlap = fmin(i + 1, end) - fmax(i, begin);
    return overlap > 0 ? overlap / (end - begin) : 0;
}

int32_t area_mean(const uint8_t *rgb, int width, int height, int x, int y, int to_width,
                  int to_height)
{
    double sum[3] = {0};
    for (int j = y * height / to_height; j < height; j++) {
        double down = covered(j, y, height, to_height);
        if (down <= 0 && j > (y + 1) * height / to_height)
            break;
        for (int i = x * width / to_width; i < width; i++) {
            double across = covered(i, x, width, to_width);
            if (across <= 0 && i > (x + 1) * width / to_width)
                break;
            for (int c = 0; c < 3; c++)
                sum[c] +=
                    across * down * rgb[((size_t)j * (size_t)width + (size_t)i) * 3 + (size_t)c];
        }
    }
    int32_t color = 0;
    for (int c = 0; c < 3; c++)
        color = color << 8 | (int32_t)lround(sum[c]);
    return color;
}

struct screen draw_crop(struct ui_picture *p, struct term *t, int cols, int rows, int from, int n)
{
    t->images = 0;
    ui_picture_draw(p, t, 3, 5, cols, rows, from, n);
    assert_int_equal(t->images, 1);
    assert_int_equal(t->image.row, 3);
    assert_int_equal(t->image.col, 5);
    assert_int_equal(t->image.rows, n);
    assert_int_equal(t->image.cols, cols);
    struct screen s = read_sixels(t->image.bytes, t->image.size);
    const int width = cols * t->caps.cell_width, height = n * t->caps.cell_height;
    assert_int_equal(s.width, width);
    assert_int_equal(s.height, height);
    for (int y = 0; y < SCREEN; y++)
        for (int x = 0; x < SCREEN; x++)
            if ((at(&s, x, y) != UNTOUCHED) != (x < width && y < height))
                fail_msg("%d, %d of %d x %d", x, y, width, height);
    return s;
}
