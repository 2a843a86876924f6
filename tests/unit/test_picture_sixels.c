// ui/picture: sixels, read back to pixels.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/picture_terminal.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixels_show_the_picture_within_what_256_colours_can),
        cmocka_unit_test(few_colours_are_shown_as_they_are),
        cmocka_unit_test(a_picture_of_one_colour_is_shown),
        cmocka_unit_test(a_crop_is_the_same_rows_of_the_whole),
        cmocka_unit_test(a_band_of_one_colour_can_be_the_first),
        cmocka_unit_test(no_more_colours_than_the_terminal_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
