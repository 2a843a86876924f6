// Text and colours on the screen, and text for the clipboard.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/term_script.h"

// 14 bytes with the NUL: an escape sequence, a bell, and an override of the writing direction.
static const char hostile[] = "\033[31mred\a\xe2\x80\xae"
                              "x";

static void draw_foreign_text(struct term *t, int report)
{
    term_begin(t);
    dprintf(report, "%d ",
            term_put(t, 0, 0, 80, hostile, sizeof(hostile), (struct style){STYLE_TEXT, 0}));
    dprintf(report, "%d ", term_put(t, 1, 0, 5, "日本語", 9, (struct style){STYLE_TEXT, 0}));
    dprintf(report, "%d ", term_put(t, 2, 78, 9, "abc", 3, (struct style){STYLE_TEXT, 0}));
    dprintf(report, "%d ", term_put(t, 99, 0, 9, "abc", 3, (struct style){STYLE_TEXT, 0}));
    dprintf(report, "%d", term_put(t, 3, -1, 9, "abc", 3, (struct style){STYLE_TEXT, 0}));
    put(t, 4, 0, "é─e\xcc\x81 \xc2\xa0|");
    term_fill(t, -5, -5, 6, 6, (struct style){STYLE_BAR, 0});
    term_fill(t, 20, 70, 100, 100, (struct style){STYLE_BAR, 0});
    term_frame(t, 22, 77, 5, 5, (struct style){STYLE_BOX, 0});
    term_show(t);
}

static void foreign_text_cannot_steer_the_terminal(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_foreign_text, .plain = true});
    assert_int_equal(count(&o.screen, "\033[31m"), 0);
    assert_int_equal(count(&o.screen, "\a"), 0);
    assert_int_equal(count(&o.screen, "\xe2\x80\xae"), 0);
    assert_int_equal(count(&o.screen, "red"), 1);
    outcome_finish(&o);
}

static void text_is_cut_at_clusters_and_edges(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_foreign_text});
    // What cannot be shown is cleaned to U+FFFD, a cell each: ESC, BEL, the override and the NUL.
    assert_string_equal(o.report.data, "12 4 2 0 0");
    assert_int_equal(count(&o.screen, "日本"), 1);
    assert_int_equal(count(&o.screen, "語"), 0);
    // Without LANG, too; and a no-break space is an ordinary one.
    assert_int_equal(count(&o.screen, "é─e\xcc\x81"), 1);
    assert_int_equal(count(&o.screen, "\xc2\xa0"), 0);
    outcome_finish(&o);
}

static void draw_colors(struct term *t, int report)
{
    (void)report;
    term_begin(t);
    for (uint8_t role = 0; role < STYLE_COUNT; role++)
        term_put(t, role, 0, 80, "role", 4, (struct style){role, EMPHASIS_BOLD});
    term_show(t);
    term_set_theme(t, THEME_LIGHT);
    term_show(t);
}

static void no_color_has_no_color(void **state)
{
    (void)state;
    static const char *const names[] = {"xterm-256color", "xterm", "vt100"};
    for (size_t i = 0; i < 3; i++) {
        struct outcome o =
            run_well((struct setup){.run = draw_colors, .plain = i == 0, .term = names[i]});
        bool colored = count(&o.screen, "8;5;") > 0;
        for (char color = '0'; color < '8'; color++)
            colored = colored || count(&o.screen, (char[]){'\033', '[', '3', color, 'm', '\0'});
        assert_int_equal(colored, i == 1);
        outcome_finish(&o);
    }
}

static void copy_text(struct term *t, int report)
{
    (void)report;
    // RFC 4648, section 10.
    static const char *const texts[] = {"f", "fo", "foo", "foob", "fooba", "foobar"};
    for (size_t i = 0; i < 6; i++)
        term_copy(t, texts[i], i + 1);
    term_bell(t);
}

static void copies_by_osc_52(void **state)
{
    (void)state;
    static const char *const coded[] = {"Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    struct outcome o = run_well((struct setup){.run = copy_text});
    for (size_t i = 0; i < 6; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "\033]52;c;%s\033\\", coded[i]);
        assert_int_equal(count(&o.screen, expected), 1);
    }
    assert_int_equal(count(&o.screen, "\a"), 1);
    // Nothing was drawn; the screen is left all the same, and not entered after that.
    assert_true(last_of(&o.screen, "\033[?1049l") > last_of(&o.screen, "\033[?1049h"));
    outcome_finish(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_text_cannot_steer_the_terminal),
        cmocka_unit_test(text_is_cut_at_clusters_and_edges),
        cmocka_unit_test(no_color_has_no_color),
        cmocka_unit_test(copies_by_osc_52),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
