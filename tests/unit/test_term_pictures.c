// Pictures on the screen: each is sent when it must be, and not again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "tests/unit/term_script.h"

#define SECOND "\033Pq#SECOND\033\\"

// Frames are told apart in the output by a number that goes past the terminal's code.
static void begin(struct term *t, int number)
{
    dprintf(STDOUT_FILENO, "<%d>", number);
    term_begin(t);
}

static void popup(struct term *t, const char *text)
{
    term_fill(t, 4, 15, 3, 10, (struct style){STYLE_TEXT, 0});
    put(t, 5, 16, text);
}

static void draw_pictures(struct term *t, int report)
{
    (void)report;
    begin(t, 1);
    image(t, 3, 5, 1, FIRST);
    term_show(t);
    begin(t, 2); // nothing new
    image(t, 3, 5, 1, FIRST);
    term_show(t);
    begin(t, 3); // a popup over it: its cells alone
    image(t, 3, 5, 1, FIRST);
    popup(t, "popup");
    term_show(t);
    begin(t, 4); // another picture under it
    image(t, 3, 5, 2, SECOND);
    popup(t, "popup");
    term_show(t);
    begin(t, 5); // the popup is closed
    image(t, 3, 5, 2, SECOND);
    term_show(t);
    begin(t, 6); // it moves
    image(t, 4, 5, 2, SECOND);
    term_show(t);
    begin(t, 7); // it is gone
    term_show(t);
    begin(t, 8); // and back
    image(t, 4, 5, 2, SECOND);
    term_show(t);
    begin(t, 9);
    image(t, 4, 5, 2, SECOND);
    term_repaint(t);
    term_show(t);
    begin(t, 10);
    term_show(t);
}

// What was sent for a frame, as words.
static void assert_sent(const struct outcome *o, int number, const char *expected)
{
    char mark[16], next[16];
    snprintf(mark, sizeof(mark), "<%d>", number);
    snprintf(next, sizeof(next), "<%d>", number + 1);
    const char *at = strstr(o->screen.data, mark);
    assert_non_null(at);
    const char *stop = strstr(at, next);
    assert_non_null(stop);
    struct buffer seen = {0};
    for (; at < stop; at++) {
        if (!strncmp(at, FIRST, strlen(FIRST)))
            buffer_add_text(&seen, "first ");
        else if (!strncmp(at, SECOND, strlen(SECOND)))
            buffer_add_text(&seen, "second ");
        else if (!strncmp(at, "popup", 5))
            buffer_add_text(&seen, "popup ");
    }
    assert_string_equal(seen.data ? seen.data : "", expected);
    buffer_free(&seen);
}

static void pictures_are_sent_when_they_must_be(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "first ", "", "popup ", "second popup ", "second ", "second ", "", "second ", "second ",
    };
    struct outcome o = run_well((struct setup){.run = draw_pictures});
    for (int i = 0; i < 9; i++)
        assert_sent(&o, i + 1, expected[i]);
    assert_non_null(strstr(o.screen.data, "<2><3>")); // not a byte
    outcome_finish(&o);
}

static void a_picture_keeps_the_cursor(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_pictures});
    const char *saved = strstr(o.screen.data, "\0337"),
               *placed = strstr(o.screen.data, "\033[4;11H" FIRST),
               *restored = strstr(o.screen.data, "\0338");
    assert_non_null(saved);
    assert_non_null(placed);
    assert_non_null(restored);
    assert_true(saved < placed && placed < restored);
    outcome_finish(&o);
}

static void draw_odd_pictures(struct term *t, int report)
{
    (void)report;
    term_begin(t);
    image(t, 19, 5, 1, FIRST); // the last row: the screen would scroll
    image(t, -1, 5, 1, FIRST);
    image(t, 22, 5, 1, "HALF");
    image(t, 22, 2, 3, "line one\nline two\nline three");
    put(t, 0, 0, "end");
    term_show(t);
}

static void half_blocks_are_lines_and_sixels_never_scroll(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_odd_pictures});
    assert_int_equal(count(&o.screen, "FIRST"), 0);
    assert_int_equal(count(&o.screen, "HALF"), 0);
    assert_int_equal(count(&o.screen, "\033[23;11Hline one\033[24;11Hline two"), 1);
    assert_int_equal(count(&o.screen, "three"), 0);
    outcome_finish(&o);
}

static void draw_stacked(struct term *t, int report)
{
    (void)report;
    for (int frame = 0; frame < 2; frame++) {
        term_begin(t);
        image(t, 3, 5, frame ? 3 : 1, FIRST);
        popup(t, "日本語");
        image(t, 5, 1, 2, SECOND);
        term_show(t);
    }
}

static void what_lies_over_a_picture_is_sent_after_it(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_stacked});
    assert_int_equal(count(&o.screen, FIRST), 2);
    assert_int_equal(count(&o.screen, SECOND), 2);
    assert_true(last_of(&o.screen, SECOND) > last_of(&o.screen, FIRST));
    outcome_finish(&o);
}

static void draw_narrow(struct term *t, int report)
{
    (void)report;
    for (int frame = 0; frame < 3; frame++) {
        term_begin(t);
        put(t, 3, 0, frame == 2 ? "left" : "LEFT");
        put(t, 3, 20, frame == 2 ? "right" : "RIGHT");
        term_image(t, &(struct term_image){.row = 3,
                                           .col = 10,
                                           .rows = 1,
                                           .cols = 4,
                                           .id = 1,
                                           .bytes = FIRST,
                                           .size = strlen(FIRST)});
        term_show(t);
    }
}

static void a_narrow_picture_survives_changes_on_both_sides(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_narrow});
    assert_int_equal(count(&o.screen, FIRST), 2); // at first, and when curses wrote through it
    outcome_finish(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_sent_when_they_must_be),
        cmocka_unit_test(a_picture_keeps_the_cursor),
        cmocka_unit_test(half_blocks_are_lines_and_sixels_never_scroll),
        cmocka_unit_test(what_lies_over_a_picture_is_sent_after_it),
        cmocka_unit_test(a_narrow_picture_survives_changes_on_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
