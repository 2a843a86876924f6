// ui/picture: half blocks, read back to pixels.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/picture_terminal.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_blocks_show_the_picture_in_true_colour),
        cmocka_unit_test(half_blocks_take_the_nearest_of_few_colours),
        cmocka_unit_test(half_blocks_say_a_colour_once_for_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
