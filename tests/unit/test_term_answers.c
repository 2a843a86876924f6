// What the terminal says: its capabilities and sizes, taken from answers that are never keys.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/unit/term_script.h"

static void report_caps(struct term *t, int report)
{
    show_text(t, "hello");
    struct event e;
    enum term_read r;
    // Changed or not, all answers are in when the letter comes.
    while ((r = term_read(t, &e)) != TERM_EVENT && r != TERM_CLOSED)
        if (r == TERM_NOTHING)
            poll(&(struct pollfd){term_fd(t), POLLIN, 0}, 1, 3000);
    const struct term_caps *c = term_get_caps(t);
    static const char *const names[] = {"auto", "sixel", "half", "none"};
    dprintf(report, "%s %dx%d %d %d", names[c->pictures], c->cell_width, c->cell_height,
            c->sixel_colors, c->colors);
}

static void assert_caps(const char *answers, struct winsize window, enum picture_protocol forced,
                        const char *expected)
{
    struct outcome o = run_well((struct setup){.run = report_caps,
                                               .answers = answers,
                                               .typed = "x",
                                               .window = window,
                                               .pictures = forced});
    assert_string_equal(o.report.data, expected);
    outcome_finish(&o);
}

static void answers_become_capabilities(void **state)
{
    (void)state;
    const struct winsize bordered = {24, 80, 484, 316}, silent = {24, 80, 0, 0},
                         large = {60, 200, 1204, 784};
#define VT340 "\033[?1;0;1024S\033[?2;0;480;312S\033[?63;1;2;4;6;9;15;16;22;28c"
    assert_caps(VT340, bordered, PICTURES_AUTO, "sixel 6x13 1024 256");
    // The default xterm, tmux, VT132 whose class is 4.
    assert_caps("\033[?1;3;0S\033[?2;3;0S\033[?64;1;2;6;9;15c", bordered, PICTURES_AUTO,
                "half 6x13 256 256");
    assert_caps("\033[?1;2c", bordered, PICTURES_AUTO, "half 6x13 256 256");
    assert_caps("\033[?4;6c", bordered, PICTURES_AUTO, "half 6x13 256 256");
    assert_caps("\033[?62;4c", bordered, PICTURES_AUTO, "sixel 6x13 256 256");
    // The window's pixels are old (xterm's font was zoomed): the graphics know better.
    assert_caps("\033[?2;0;640;384S\033[?62;4c", bordered, PICTURES_AUTO, "sixel 8x16 256 256");
    // xterm says at most 1000; others name the largest picture.
    assert_caps("\033[?2;0;1000;780S\033[?62;4c", large, PICTURES_AUTO, "sixel 6x13 256 256");
    assert_caps("\033[?2;0;4097;4097S\033[?62;4c", bordered, PICTURES_AUTO, "sixel 6x13 256 256");
    assert_caps("\033[6;18;9t\033[?62;4c", silent, PICTURES_AUTO, "sixel 9x18 256 256");
    assert_caps("\033[6;0;9000t\033[?62;4c", silent, PICTURES_AUTO, "sixel 10x20 256 256");
    assert_caps(VT340, bordered, PICTURES_HALF, "half 6x13 1024 256");
    assert_caps("\033[?1;2c", bordered, PICTURES_SIXEL, "sixel 6x13 256 256");
}

static void show_before_and_after(struct term *t, int report)
{
    (void)report;
    show_text(t, "hello");
    wait_caps(t);
    show_text(t, "hello");
    show_text(t, "hello");
}

static void another_cell_size_draws_everything_again(void **state)
{
    (void)state;
    struct outcome o =
        run_well((struct setup){.run = show_before_and_after, .answers = "\033[?62;4c"});
    assert_int_equal(count(&o.screen, "hello"), 2);
    outcome_finish(&o);
}

static void grow(struct term *t, int report)
{
    int rows, cols;
    show_text(t, "hello");
    wait_caps(t);
    ioctl(STDOUT_FILENO, TIOCSWINSZ, &(struct winsize){40, 120, 0, 0});
    term_resized(t);
    struct event e;
    dprintf(report, "%s ", term_read(t, &e) == TERM_CHANGED ? "changed" : "same");
    term_size(t, &rows, &cols);
    dprintf(report, "%dx%d ", rows, cols);
    term_begin(t);
    put(t, 39, 100, "corner");
    term_show(t);
    ioctl(STDOUT_FILENO, TIOCSWINSZ, &(struct winsize){1, 1, 0, 0});
    term_resized(t);
    term_size(t, &rows, &cols);
    dprintf(report, "%dx%d", rows, cols);
    term_begin(t);
    put(t, 0, 0, "corner");
    image(t, 0, 5, 1, FIRST);
    term_show(t);
}

static void a_new_size_is_taken_over(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = grow, .answers = "\033[?63;4c"});
    assert_string_equal(o.report.data, "changed 40x120 1x1");
    assert_int_equal(count(&o.screen, "corner"), 1);
    assert_int_equal(count(&o.screen, FIRST), 0);
    outcome_finish(&o);
}

// Waits for the next event that is not a change.
static bool wait_event(struct term *t, struct event *e)
{
    for (;;) {
        enum term_read r = term_read(t, e);
        if (r == TERM_EVENT)
            return true;
        if (r == TERM_CLOSED)
            return false;
        if (r == TERM_NOTHING &&
            poll(&(struct pollfd){term_fd(t), POLLIN, 0}, 1, term_pending(t) ? 50 : 3000) == 0 &&
            !term_pending(t))
            return false;
    }
}

static void report_keys(struct term *t, int report)
{
    struct event e;
    show_text(t, "hello");
    while (wait_event(t, &e) && !(e.kind == EVENT_KEY && e.code == 'q'))
        dprintf(report, "%d:%u ", e.kind == EVENT_KEY ? (int)e.key : -1, e.code);
}

static void answers_are_no_keys(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){
        .run = report_keys,
        .answers = "\033[?63;4c\033[?63;4c\033]11;rgb:0/0/0\033\\\033P>|xterm\033\\\033[1;1R",
        .typed = "aq"});
    assert_string_equal(o.report.data, "1:97 "); // INPUT_CHAR, 'a'
    outcome_finish(&o);
}

static void escape_is_a_key_after_a_moment(void **state)
{
    (void)state;
    struct outcome o =
        run_well((struct setup){.run = report_keys, .answers = "\033[?63;4c", .typed = "\033"});
    char expected[32];
    snprintf(expected, sizeof(expected), "%d:0 ", INPUT_ESCAPE);
    assert_string_equal(o.report.data, expected);
    outcome_finish(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_become_capabilities),
        cmocka_unit_test(another_cell_size_draws_everything_again),
        cmocka_unit_test(a_new_size_is_taken_over),
        cmocka_unit_test(answers_are_no_keys),
        cmocka_unit_test(escape_is_a_key_after_a_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
