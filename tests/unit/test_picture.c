// ui/picture: how many cells a picture takes, which of them it may be drawn in, and its caption.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/picture_terminal.h"

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
    struct screen s = read_sixels(t.image.bytes, t.image.size);
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
        cmocka_unit_test(a_crop_outside_the_picture_draws_nothing),
        cmocka_unit_test(the_last_row_of_a_sixel_terminal_stays_free),
        cmocka_unit_test(a_caption_is_one_harmless_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
