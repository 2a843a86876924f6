// Clusters, widths and wrapping. Widths follow UAX #11 and the rules for emoji (UTS #51): a
// presentation selector, a joined sequence and a flag take two cells.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/text.h"

#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466"
#define FLAG   "\U0001F1E9\U0001F1EA"
#define WAVE   "\U0001F44B\U0001F3FD" // with a skin tone

static void clusters_have_the_width_that_terminals_give_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int cells;
    } cases[] = {
        {"a", 1},
        {"e\u0301", 1},
        {"日", 2},
        {FAMILY, 2},
        {FLAG, 2},
        {WAVE, 2},
        {"\u2764\uFE0F", 2},
        {"\u2764", 1},
        {"1\uFE0F\u20E3", 2},
        {"a\uFE0F", 1},
        {"\uD55C", 2},
        {"\u1112\u1161\u11AB", 2},
        {"\t", 1},
        {"\x1b", 1},
        {"\xff", 1},
        {"\u202E", 1}, // overrides the direction: shown as U+FFFD
        {"\u0301", 0},
        {"\u0915\u093E", 2},
        {"\u0915\u093E\u0903", 3},
        {"\u0915\u0941", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int cells = -1;
        size_t size = strlen(cases[i].text);
        assert_int_equal(text_grapheme(cases[i].text, size, &cells), size);
        assert_int_equal(cells, cases[i].cells);
        assert_int_equal(text_width(cases[i].text, size), cases[i].cells);
    }
}

static void flags_come_in_pairs_of_letters(void **state)
{
    (void)state;
    int cells;
    assert_int_equal(text_grapheme(FLAG FLAG, 16, &cells), 8);
    assert_int_equal(text_width(FLAG FLAG, 16), 4);
}

static void control_characters_are_clusters_of_their_own(void **state)
{
    (void)state;
    int cells;
    assert_int_equal(text_grapheme("\r\n", 2, &cells), 1);
    assert_int_equal(text_grapheme("\x1b\u0301", 3, &cells), 1);
    assert_int_equal(text_grapheme("a\x1b", 2, &cells), 1);
}

static void fit_takes_whole_clusters(void **state)
{
    (void)state;
    int used;
    assert_int_equal(text_fit("a日b", 5, 2, &used), 1);
    assert_int_equal(used, 1);
    assert_int_equal(text_fit("a日b", 5, 3, &used), 4);
    assert_int_equal(used, 3);
    assert_int_equal(text_fit(FAMILY "x", sizeof(FAMILY), 2, &used), sizeof(FAMILY) - 1);
    assert_int_equal(text_fit("abc", 3, 0, &used), 0);
}

static void back_finds_the_cluster_that_forward_found(void **state)
{
    (void)state;
    static const char text[] = "a" FAMILY "e\u0301" FLAG FLAG FLAG "日本 x\n" WAVE
                               "\uD55C\u1112\u1161\u11AB\uAC00\u0301\r\n\xff\x80\xe6\x97";
    size_t starts[64], n = 0;
    for (size_t at = 0; at < sizeof(text) - 1;) {
        int cells;
        starts[n++] = at;
        at += text_grapheme(text + at, sizeof(text) - 1 - at, &cells);
    }
    for (size_t at = sizeof(text) - 1; at > 0; n--) {
        at = text_back(text, at);
        assert_int_equal(at, starts[n - 1]);
    }
    assert_int_equal(n, 0);
}

// Rows of `text` as "row|row", indents as dots.
static const char *wrapped(const char *text, int width, int hang)
{
    static char out[4096];
    struct text_rows rows = {0};
    size_t n = 0;
    assert_true(text_wrap(text, strlen(text), width, hang, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const struct text_row *r = &rows.list[i];
        if (i > 0)
            out[n++] = '|';
        memset(out + n, '.', (size_t)r->indent);
        n += (size_t)r->indent;
        memcpy(out + n, text + r->begin, r->end - r->begin);
        n += r->end - r->begin;
    }
    out[n] = '\0';
    text_rows_finish(&rows);
    return out;
}

static void lines_break_at_spaces_which_vanish(void **state)
{
    (void)state;
    assert_string_equal(wrapped("one two three", 7, 0), "one two|three");
    assert_string_equal(wrapped("one two three", 8, 0), "one two|three");
    assert_string_equal(wrapped("one    two", 4, 0), "one|two");
    assert_string_equal(wrapped("one two three", 100, 0), "one two three");
    assert_string_equal(wrapped("one   ", 4, 0), "one ");
}

static void newlines_always_break(void **state)
{
    (void)state;
    assert_string_equal(wrapped("", 5, 0), "");
    assert_string_equal(wrapped("a\n\nb\n", 5, 0), "a||b|");
}

static void a_word_wider_than_the_row_is_cut(void **state)
{
    (void)state;
    assert_string_equal(wrapped("abcdefgh", 3, 0), "abc|def|gh");
    assert_string_equal(wrapped("x abcdefgh", 3, 0), "x|abc|def|gh");
    assert_string_equal(wrapped("abc", 1, 0), "a|b|c");
}

static void rows_that_go_on_hang(void **state)
{
    (void)state;
    assert_string_equal(wrapped("one two three\nfour five", 7, 2), "one two|..three|four|..five");
    // There is always room for something.
    assert_string_equal(wrapped("abc", 2, 9), "ab|.c");
}

static void wide_text_breaks_without_spaces(void **state)
{
    (void)state;
    assert_string_equal(wrapped("日本語日本", 5, 0), "日本|語日|本");
    assert_string_equal(wrapped("see 日本語", 8, 0), "see 日本|語");
    // A full stop stays with what it ends.
    assert_string_equal(wrapped("日本。語", 5, 0), "日|本。|語");
    // One that no row has room for still gets one.
    assert_string_equal(wrapped("日本", 1, 0), "日|本");
}

static void clusters_are_never_parted(void **state)
{
    (void)state;
    assert_string_equal(wrapped(FAMILY FLAG, 2, 0), FAMILY "|" FLAG);
    assert_string_equal(wrapped("xe\u0301e\u0301", 2, 0), "xe\u0301|e\u0301");
}

static void tabs_reach_to_multiples_of_four(void **state)
{
    (void)state;
    assert_string_equal(wrapped("a\tbcd", 6, 0), "a|bcd");
    assert_string_equal(wrapped("a\tbc", 6, 0), "a\tbc");
}

static void styled_text_is_clean_and_has_spaces_for_tabs(void **state)
{
    (void)state;
    struct styled s = {0};
    const struct style plain = {STYLE_TEXT, 0}, dim = {STYLE_DIM, EMPHASIS_BOLD};
    assert_true(styled_add(&s, "a\tb\x1b[2J", 7, plain));
    assert_true(styled_add(&s, "\n\u202ex\t", 6, dim));
    assert_string_equal(s.text, "a   b\uFFFD[2J\n\uFFFDx  ");
    assert_int_equal(s.n_runs, 2);
    assert_int_equal(styled_at(&s, 0).role, STYLE_TEXT);
    assert_int_equal(styled_at(&s, s.size - 1).role, STYLE_DIM);
    struct styled part = {0};
    assert_true(styled_add_part(&part, &s, 4, s.size));
    assert_string_equal(part.text, "b\uFFFD[2J\n\uFFFDx  ");
    assert_int_equal(styled_at(&part, 0).role, STYLE_TEXT);
    assert_int_equal(styled_at(&part, part.size - 1).flags, EMPHASIS_BOLD);
    styled_cut(&part, 3);
    assert_int_equal(part.n_runs, 1);
    styled_finish(&part);
    styled_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clusters_have_the_width_that_terminals_give_them),
        cmocka_unit_test(flags_come_in_pairs_of_letters),
        cmocka_unit_test(control_characters_are_clusters_of_their_own),
        cmocka_unit_test(fit_takes_whole_clusters),
        cmocka_unit_test(back_finds_the_cluster_that_forward_found),
        cmocka_unit_test(lines_break_at_spaces_which_vanish),
        cmocka_unit_test(newlines_always_break),
        cmocka_unit_test(a_word_wider_than_the_row_is_cut),
        cmocka_unit_test(rows_that_go_on_hang),
        cmocka_unit_test(wide_text_breaks_without_spaces),
        cmocka_unit_test(clusters_are_never_parted),
        cmocka_unit_test(tabs_reach_to_multiples_of_four),
        cmocka_unit_test(styled_text_is_clean_and_has_spaces_for_tabs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
