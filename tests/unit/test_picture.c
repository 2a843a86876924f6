// ui/picture: sizes in cells, sixels and half blocks read back by a terminal of the test's own, and
// what is kept.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/picture_screen.h"
#include "ui/picture.h"
#include "ui/picture_crops.h"

// ---- the terminal: remembers what it is told to draw

struct term {
    struct term_caps caps;
    int rows, cols;
    struct term_image image;
    int images;
};

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

static struct term sixel_terminal(int cell_width, int cell_height)
{
    return (struct term){.rows = 60,
                         .cols = 200,
                         .caps = {.pictures = PICTURES_SIXEL,
                                  .cell_width = cell_width,
                                  .cell_height = cell_height,
                                  .colors = 256,
                                  .sixel_colors = 1024}};
}

static struct term half_terminal(int colors, bool true_color)
{
    return (struct term){.rows = 60,
                         .cols = 200,
                         .caps = {.pictures = PICTURES_HALF,
                                  .cell_width = 10,
                                  .cell_height = 20,
                                  .colors = colors,
                                  .true_color = true_color}};
}

// ---- pixels

static struct screen drawn(struct term *t)
{
    return read_sixels(t->image.bytes, t->image.size);
}

// A smooth picture with edges in it.
static uint8_t *make_rgb(int width, int height)
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

static struct ui_picture *make_picture(int width, int height)
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

// The mean over the area of target pixel (x, y), written out.
static int32_t area_mean(const uint8_t *rgb, int width, int height, int x, int y, int to_width,
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

// ---- sizes

struct fit_case {
    int width, height, cell_width, cell_height, max_cols, max_rows, cols, rows;
};

static void assert_fits(const struct term_caps *caps, const struct fit_case *f)
{
    struct ui_picture *p = make_picture(f->width, f->height);
    int cols = -1, rows = -1;
    ui_picture_fit(p, caps, f->max_cols, f->max_rows, &cols, &rows);
    if (cols != f->cols || rows != f->rows)
        fail_msg("%d x %d pixels in %d x %d cells of %d x %d: %d x %d, not %d x %d", f->width,
                 f->height, f->max_cols, f->max_rows, f->cell_width, f->cell_height, cols, rows,
                 f->cols, f->rows);
    ui_picture_unref(p);
}

static void a_sixel_picture_takes_the_cells_of_its_pixels(void **state)
{
    (void)state;
    static const struct fit_case cases[] = {
        {480, 360, 10, 20, 80, 40, 48, 18},      // exactly its pixels
        {480, 360, 6, 13, 200, 100, 80, 28},     // 27.7 rows
        {480, 360, 10, 20, 24, 40, 24, 9},       // bounded by columns
        {480, 360, 10, 20, 80, 9, 24, 9},        // bounded by rows
        {360, 480, 10, 20, 80, 12, 18, 12},      // upright
        {480, 360, 10, 20, 1, 1, 1, 1},          //
        {480, 360, 10, 20, 0, 5, 0, 0},          // no room
        {480, 360, 10, 20, 5, 0, 0, 0},          //
        {3000, 4, 10, 20, 80, 40, 80, 1},        // at least a row
        {4, 3000, 10, 20, 80, 40, 1, 40},        // at least a column
        {1, 1, 10, 20, 80, 40, 1, 1},            // 8 times its pixels
        {16, 16, 10, 20, 80, 40, 13, 6},         // 8 times: 128
        {16, 16, 10, 20, 80, 4, 8, 4},           // as far as there is room
        {32, 32, 10, 20, 80, 40, 16, 8},         // 5 times: 8 rows
        {90, 90, 10, 20, 80, 40, 9, 5},          // 9 rows if doubled
        {100, 20, 10, 20, 80, 40, 30, 3},        // 4 times would be over 32 columns
        {2000, 1000, 10, 20, 200, 100, 100, 25}, // xterm's limit of 1000 pixels
        {640, 480, 16, 32, 10, 100, 10, 4},      // 3.75 rows
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct term t = sixel_terminal(cases[i].cell_width, cases[i].cell_height);
        assert_fits(&t.caps, &cases[i]);
    }
}

static void half_blocks_take_a_cell_for_two_pixels(void **state)
{
    (void)state;
    static const struct fit_case cases[] = {
        {480, 360, 0, 0, 80, 100, 80, 30},                                // 80 x 60 pixels
        {480, 360, 0, 0, 80, 12, 32, 12},  {16, 16, 0, 0, 80, 40, 16, 8}, // as it is
        {8, 8, 0, 0, 80, 40, 16, 8},                                      // doubled: 8 rows
        {1, 1, 0, 0, 80, 40, 8, 4},        {60, 41, 0, 0, 80, 40, 60, 21},
    };
    struct term t = half_terminal(256, true);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_fits(&t.caps, &cases[i]);
}

static void a_terminal_without_pictures_gives_no_cells(void **state)
{
    (void)state;
    static const struct fit_case none = {480, 360, 0, 0, 80, 40, 0, 0};
    struct term t = half_terminal(256, true);
    t.caps.pictures = PICTURES_NONE;
    assert_fits(&t.caps, &none);
    t = half_terminal(2, false);
    assert_fits(&t.caps, &none);
    t = sixel_terminal(0, 20);
    assert_fits(&t.caps, &none);
    t = sixel_terminal(10, 100000);
    assert_fits(&t.caps, &none);
    t = sixel_terminal(10, 20);
    t.caps.sixel_colors = 0;
    assert_fits(&t.caps, &none);
}

// ---- sixels

// Draws rows [from, from + n) and checks that the rectangle is painted, all of it and nothing else.
static struct screen draw_crop(struct ui_picture *p, struct term *t, int cols, int rows, int from,
                               int n)
{
    t->images = 0;
    ui_picture_draw(p, t, 3, 5, cols, rows, from, n);
    assert_int_equal(t->images, 1);
    assert_int_equal(t->image.row, 3);
    assert_int_equal(t->image.col, 5);
    assert_int_equal(t->image.rows, n);
    assert_int_equal(t->image.cols, cols);
    struct screen s = drawn(t);
    const int width = cols * t->caps.cell_width, height = n * t->caps.cell_height;
    assert_int_equal(s.width, width);
    assert_int_equal(s.height, height);
    for (int y = 0; y < SCREEN; y++)
        for (int x = 0; x < SCREEN; x++)
            if ((at(&s, x, y) != UNTOUCHED) != (x < width && y < height))
                fail_msg("%d, %d of %d x %d", x, y, width, height);
    return s;
}

static void sixels_show_the_picture_within_what_256_colours_can(void **state)
{
    (void)state;
    struct ui_picture *p = make_picture(480, 360);
    uint8_t *rgb = make_rgb(480, 360);
    struct term t = sixel_terminal(6, 13);
    const int cols = 41, rows = 14, width = cols * 6, height = rows * 13;
    struct screen s = draw_crop(p, &t, cols, rows, 0, rows);
    double sum = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int32_t want = area_mean(rgb, 480, 360, x, y, width, height);
            int d = difference(at(&s, x, y), want);
            sum += d;
            if (d > 40)
                fail_msg("%d, %d: %06x, not %06x", x, y, (unsigned)at(&s, x, y), (unsigned)want);
        }
    if (sum / (width * height) > 10)
        fail_msg("off by %.1f on average", sum / (width * height));
    free(s.pixel);
    free(rgb);
    ui_picture_unref(p);
}

static void few_colours_are_shown_as_they_are(void **state)
{
    (void)state;
    static const uint8_t colors[4][3] = {{255, 0, 0}, {0, 128, 255}, {255, 255, 255}, {0, 0, 0}};
    uint8_t rgb[40 * 40 * 3];
    for (int i = 0; i < 40 * 40; i++)
        memcpy(rgb + i * 3, colors[(i / 40 >= 20 ? 2 : 0) + (i % 40 >= 20)], 3);
    struct ui_picture *p = ui_picture_create(40, 40, rgb, "");
    struct term t = sixel_terminal(10, 20);
    struct screen s = draw_crop(p, &t, 4, 2, 0, 2);
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 40; x++) {
            const uint8_t *c = colors[(y >= 20 ? 2 : 0) + (x >= 20)];
            // A sixel palette counts in percent.
            assert_in_range(difference(at(&s, x, y), c[0] << 16 | c[1] << 8 | c[2]), 0, 1);
        }
    free(s.pixel);
    ui_picture_unref(p);
}

static void a_picture_of_one_colour_is_shown(void **state)
{
    (void)state;
    static const uint8_t rgb[3] = {255, 255, 255};
    struct ui_picture *p = ui_picture_create(1, 1, rgb, "");
    struct term t = sixel_terminal(7, 15);
    struct screen s = draw_crop(p, &t, 2, 1, 0, 1);
    assert_int_equal(at(&s, 13, 14), 0xffffff);
    free(s.pixel);
    ui_picture_unref(p);
}

static void a_crop_is_the_same_rows_of_the_whole(void **state)
{
    (void)state;
    static const int crops[][2] = {{0, 1}, {0, 13}, {1, 13}, {5, 3}, {13, 1}, {3, 11}};
    static const int cells[][2] = {{6, 13}, {10, 20}, {9, 18}};
    for (size_t k = 0; k < sizeof(cells) / sizeof(cells[0]); k++) {
        struct ui_picture *p = make_picture(480, 360);
        struct term t = sixel_terminal(cells[k][0], cells[k][1]);
        struct screen whole = draw_crop(p, &t, 37, 14, 0, 14);
        for (size_t i = 0; i < sizeof(crops) / sizeof(crops[0]); i++) {
            struct screen part = draw_crop(p, &t, 37, 14, crops[i][0], crops[i][1]);
            for (int y = 0; y < part.height; y++)
                assert_memory_equal(part.pixel + y * SCREEN,
                                    whole.pixel + (y + crops[i][0] * t.caps.cell_height) * SCREEN,
                                    (size_t)part.width * sizeof(*part.pixel));
            free(part.pixel);
        }
        free(whole.pixel);
        ui_picture_unref(p);
    }
}

static void a_band_of_one_colour_can_be_the_first(void **state)
{
    (void)state;
    static const uint8_t colors[3][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}};
    enum { WIDTH = 90, HEIGHT = 108 };
    uint8_t rgb[WIDTH * HEIGHT * 3];
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        memcpy(rgb + i * 3, colors[i / WIDTH / 36], 3);
    struct ui_picture *p = ui_picture_create(WIDTH, HEIGHT, rgb, "");
    struct term t = sixel_terminal(9, 12);
    free(draw_crop(p, &t, 10, 9, 0, 9).pixel);
    for (int row = 0; row < 9; row++) {
        struct screen s = draw_crop(p, &t, 10, 9, row, 9 - row);
        const uint8_t *c = colors[row / 3];
        assert_int_equal(at(&s, 0, 0), c[0] << 16 | c[1] << 8 | c[2]);
        assert_int_equal(at(&s, WIDTH - 1, s.height - 1), 0x0000ff);
        free(s.pixel);
    }
    ui_picture_unref(p);
}

static void no_more_colours_than_the_terminal_has(void **state)
{
    (void)state;
    struct ui_picture *p = make_picture(200, 200);
    struct term t = sixel_terminal(10, 20);
    t.caps.sixel_colors = 16;
    struct screen s = draw_crop(p, &t, 20, 10, 0, 10);
    int32_t seen[17];
    int n = 0;
    for (int i = 0; i < 200 * 200; i++) {
        int32_t color = at(&s, i % 200, i / 200);
        int k = 0;
        while (k < n && seen[k] != color)
            k++;
        if (k == n)
            seen[n++] = color;
        assert_in_range(n, 1, 16);
    }
    assert_in_range(n, 12, 16);
    free(s.pixel);
    ui_picture_unref(p);
}

// ---- half blocks

// Squared distance of the best of the terminal's colours [first, last).
static int least_distance(int32_t color, int first, int last)
{
    int least = 1 << 30;
    for (int i = first; i < last; i++) {
        int sum = 0;
        for (int c = 0; c < 3; c++) {
            int d = channel(color, c) - channel(xterm_color(i), c);
            sum += d * d;
        }
        least = sum < least ? sum : least;
    }
    return least;
}

static void assert_blocks(int colors, bool true_color, int first, int last)
{
    const int cols = 37, rows = 14;
    struct ui_picture *p = make_picture(480, 360);
    uint8_t *rgb = make_rgb(480, 360);
    struct term t = half_terminal(colors, true_color);
    ui_picture_draw(p, &t, 0, 0, cols, rows, 2, 9);
    struct screen s = read_blocks(t.image.bytes, t.image.size);
    assert_int_equal(s.width, cols);
    assert_int_equal(s.height, 9 * 2);
    int exact = 0; // but for halves
    for (int y = 0; y < s.height; y++)
        for (int x = 0; x < cols; x++) {
            int32_t want = area_mean(rgb, 480, 360, x, y + 4, cols, rows * 2);
            if (true_color) {
                assert_in_range(difference(at(&s, x, y), want), 0, 1);
                exact += at(&s, x, y) == want;
                continue;
            }
            // The nearest there is, but for the rounding of the mean.
            int got = 0;
            for (int c = 0; c < 3; c++) {
                int d = channel(want, c) - channel(at(&s, x, y), c);
                got += d * d;
            }
            double best = least_distance(want, first, last);
            if (sqrt(got) > sqrt(best) + 4)
                fail_msg("%d, %d: %06x for %06x", x, y, (unsigned)at(&s, x, y), (unsigned)want);
        }
    if (true_color)
        assert_in_range(exact, s.height * cols * 9 / 10, s.height * cols);
    free(s.pixel);
    free(rgb);
    ui_picture_unref(p);
}

static void half_blocks_show_the_picture_in_true_colour(void **state)
{
    (void)state;
    assert_blocks(256, true, 0, 0);
}

static void half_blocks_take_the_nearest_of_few_colours(void **state)
{
    (void)state;
    assert_blocks(256, false, 16, 256);
    assert_blocks(88, false, 0, 16);
    assert_blocks(16, false, 0, 16);
    assert_blocks(8, false, 0, 8);
}

static void half_blocks_say_a_colour_once_for_a_run(void **state)
{
    (void)state;
    static const uint8_t rgb[2 * 3] = {1, 2, 3, 1, 2, 3};
    struct ui_picture *p = ui_picture_create(2, 1, rgb, "");
    struct term t = half_terminal(256, true);
    ui_picture_draw(p, &t, 0, 0, 3, 2, 0, 2);
    static const char line[] = "\033[38;2;1;2;3m\033[48;2;1;2;3m\u2580\u2580\u2580\033[0m";
    assert_int_equal(t.image.size, 2 * (sizeof(line) - 1) + 1);
    assert_memory_equal(t.image.bytes, line, sizeof(line) - 1);
    assert_int_equal(t.image.bytes[sizeof(line) - 1], '\n');
    assert_memory_equal(t.image.bytes + sizeof(line), line, sizeof(line) - 1);
    ui_picture_unref(p);
}

// ---- what is kept

static uint64_t drawn_id(struct ui_picture *p, struct term *t, int cols, int rows, int from, int n)
{
    t->image = (struct term_image){0};
    ui_picture_draw(p, t, 0, 0, cols, rows, from, n);
    return t->image.id;
}

static void an_image_is_named_by_what_is_seen(void **state)
{
    (void)state;
    struct ui_picture *p = make_picture(480, 360), *same = make_picture(480, 360);
    struct ui_picture *other = make_picture(480, 359);
    struct term t = sixel_terminal(10, 20), wider = sixel_terminal(11, 20);
    struct term blocks = half_terminal(256, true), few = half_terminal(16, false);
    uint64_t id = drawn_id(p, &t, 20, 8, 0, 8);
    const char *bytes = t.image.bytes;
    assert_true(drawn_id(p, &t, 20, 8, 0, 8) == id);
    assert_ptr_equal(t.image.bytes, bytes); // not made again
    assert_true(drawn_id(same, &t, 20, 8, 0, 8) == id);
    ui_picture_forget(p);
    uint64_t ids[] = {drawn_id(p, &t, 20, 8, 0, 8),     drawn_id(other, &t, 20, 8, 0, 8),
                      drawn_id(p, &t, 20, 8, 1, 7),     drawn_id(p, &t, 20, 8, 0, 7),
                      drawn_id(p, &t, 20, 9, 0, 8),     drawn_id(p, &t, 21, 8, 0, 8),
                      drawn_id(p, &wider, 20, 8, 0, 8), drawn_id(p, &blocks, 20, 8, 0, 8),
                      drawn_id(p, &few, 20, 8, 0, 8)};
    assert_true(ids[0] == id);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        for (size_t k = 0; k < i; k++)
            assert_true(ids[i] != ids[k]);
    ui_picture_unref(other);
    ui_picture_unref(same);
    ui_picture_unref(p);
}

static void a_changed_terminal_gets_new_sequences(void **state)
{
    (void)state;
    struct ui_picture *p = make_picture(300, 200);
    struct term t = sixel_terminal(10, 20);
    free(draw_crop(p, &t, 20, 7, 0, 7).pixel);
    t.caps.cell_height = 25; // another font
    free(draw_crop(p, &t, 20, 7, 0, 7).pixel);
    t.caps.cell_width = 12;
    free(draw_crop(p, &t, 20, 7, 0, 7).pixel);
    t.caps.pictures = PICTURES_HALF;
    t.caps.true_color = true;
    ui_picture_draw(p, &t, 0, 0, 20, 7, 0, 7);
    struct screen s = read_blocks(t.image.bytes, t.image.size);
    assert_int_equal(s.width, 20);
    assert_int_equal(s.height, 14);
    free(s.pixel);
    t.images = 0;
    t.caps.pictures = PICTURES_NONE;
    ui_picture_draw(p, &t, 0, 0, 20, 7, 0, 7);
    assert_int_equal(t.images, 0);
    ui_picture_unref(p);
}

// Noise, which takes the most bytes.
static uint8_t *make_noise(size_t size)
{
    uint8_t *noise = malloc(size);
    uint32_t random = 1;
    for (size_t i = 0; i < size; i++) {
        random = random * 1664525 + 1013904223;
        noise[i] = (uint8_t)(random >> 24);
    }
    return noise;
}

static void a_frame_may_show_a_picture_in_many_places(void **state)
{
    (void)state;
    enum { SIDE = 600, FRAME = 8 };
    uint8_t *rgb = make_noise((size_t)SIDE * SIDE * 3);
    struct ui_picture *p = ui_picture_create(SIDE, SIDE, rgb, "");
    struct term t = sixel_terminal(10, 20);
    struct term_image kept[FRAME];
    char *copy[FRAME];
    for (int i = 0; i < FRAME; i++) {
        ui_picture_draw(p, &t, 0, 0, 60, 30, i, 30 - i);
        kept[i] = t.image;
        assert_true(kept[i].size > PICTURE_CROPS_BYTES / FRAME);
        copy[i] = malloc(kept[i].size);
        memcpy(copy[i], kept[i].bytes, kept[i].size);
    }
    for (int i = 0; i < FRAME; i++) {
        assert_memory_equal(copy[i], kept[i].bytes, kept[i].size);
        free(copy[i]);
    }
    ui_picture_unref(p);
    free(rgb);
}

static void what_is_kept_is_bounded(void **state)
{
    (void)state;
    enum { SIDE = 400 };
    uint8_t *rgb = make_noise((size_t)SIDE * SIDE * 3);
    const struct picture_geometry g = {
        .sixel = true, .cols = 40, .rows = 20, .cell_width = 10, .cell_height = 20, .colors = 256};
    struct picture_crops crops = {0};
    for (int i = 0; i < 3 * PICTURE_CROPS; i++) {
        assert_non_null(picture_crops_get(&crops, &g, SIDE, SIDE, rgb, i % 19, 1 + i % 2));
        assert_non_null(picture_crops_get(&crops, &g, SIDE, SIDE, rgb, i % 7, 13));
        size_t bytes = 0;
        int kept = 0;
        for (int k = 0; k < PICTURE_CROPS; k++) {
            bytes += crops.list[k].bytes.room;
            kept += crops.list[k].used > 0;
        }
        assert_true(bytes <= PICTURE_CROPS_BYTES || kept <= PICTURE_CROPS_SAFE);
    }
    picture_crops_clear(&crops);
    free(rgb);
}

static void a_crop_outside_the_picture_draws_nothing(void **state)
{
    (void)state;
    static const int crops[][4] = {{20, 8, -1, 2}, {20, 8, 0, 0},         {20, 8, 0, 9},
                                   {20, 8, 8, 1},  {0, 8, 0, 1},          {101, 8, 0, 8},
                                   {20, 51, 0, 8}, {20, 8, 7, 0x7fffffff}};
    struct ui_picture *p = make_picture(30, 20);
    struct term t = sixel_terminal(10, 20);
    for (size_t i = 0; i < sizeof(crops) / sizeof(crops[0]); i++)
        ui_picture_draw(p, &t, 0, 0, crops[i][0], crops[i][1], crops[i][2], crops[i][3]);
    assert_int_equal(t.images, 0);
    ui_picture_unref(p);
}

static void the_last_row_of_a_sixel_terminal_stays_free(void **state)
{
    (void)state;
    struct ui_picture *p = make_picture(200, 200);
    struct term t = sixel_terminal(10, 20);
    ui_picture_draw(p, &t, 50, 0, 20, 10, 1, 9);
    assert_int_equal(t.image.rows, 9);
    ui_picture_draw(p, &t, 50, 0, 20, 10, 0, 10);
    assert_int_equal(t.image.rows, 9);
    struct screen s = drawn(&t);
    assert_int_equal(s.height, 9 * 20);
    free(s.pixel);
    t.images = 0;
    ui_picture_draw(p, &t, 59, 0, 20, 10, 0, 1);
    assert_int_equal(t.images, 0);
    t.caps.pictures = PICTURES_HALF;
    ui_picture_draw(p, &t, 50, 0, 20, 10, 0, 10);
    assert_int_equal(t.image.rows, 10);
    ui_picture_unref(p);
}

static void a_caption_is_one_harmless_line(void **state)
{
    (void)state;
    static const uint8_t rgb[3] = {0};
    struct ui_picture *p = ui_picture_create(1, 1, rgb, "a\033[31m\nb\tc");
    assert_string_equal(ui_picture_caption(p), "a\uFFFD[31m b c");
    assert_ptr_equal(ui_picture_ref(p), p);
    ui_picture_unref(p);
    ui_picture_set_caption(p, "cat.png  640x480");
    assert_string_equal(ui_picture_caption(p), "cat.png  640x480");
    ui_picture_unref(p);
    ui_picture_unref(NULL);
    assert_null(ui_picture_create(0, 1, rgb, ""));
    assert_null(ui_picture_create(1, 65536, rgb, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sixel_picture_takes_the_cells_of_its_pixels),
        cmocka_unit_test(half_blocks_take_a_cell_for_two_pixels),
        cmocka_unit_test(a_terminal_without_pictures_gives_no_cells),
        cmocka_unit_test(sixels_show_the_picture_within_what_256_colours_can),
        cmocka_unit_test(few_colours_are_shown_as_they_are),
        cmocka_unit_test(a_picture_of_one_colour_is_shown),
        cmocka_unit_test(a_crop_is_the_same_rows_of_the_whole),
        cmocka_unit_test(a_band_of_one_colour_can_be_the_first),
        cmocka_unit_test(no_more_colours_than_the_terminal_has),
        cmocka_unit_test(half_blocks_show_the_picture_in_true_colour),
        cmocka_unit_test(half_blocks_take_the_nearest_of_few_colours),
        cmocka_unit_test(half_blocks_say_a_colour_once_for_a_run),
        cmocka_unit_test(an_image_is_named_by_what_is_seen),
        cmocka_unit_test(a_changed_terminal_gets_new_sequences),
        cmocka_unit_test(a_frame_may_show_a_picture_in_many_places),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(a_crop_outside_the_picture_draws_nothing),
        cmocka_unit_test(the_last_row_of_a_sixel_terminal_stays_free),
        cmocka_unit_test(a_caption_is_one_harmless_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
