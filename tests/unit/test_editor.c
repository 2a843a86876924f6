// Keys and pastes -> text and cursor, and the rows where they are shown. The expected text has |
// where the cursor is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/editor_keys.h"

#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467"
#define FLAG   "\U0001F1E9\U0001F1EA"

static void keys_edit_as_in_readline(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *text;
    } cases[] = {
        {"", "|"},
        {"abc", "abc|"},
        // Moving.
        {"abc<C-a>x", "x|abc"},
        {"abc<C-a><C-e>x", "abcx|"},
        {"abc<Home>x<End>y", "xabcy|"},
        {"abc<C-b><C-b>x", "ax|bc"},
        {"abc<C-a><C-f>x", "ax|bc"},
        {"abc<Left><Left><Right>x", "abx|c"},
        {"<Left><C-b><M-b>a", "a|"},
        {"one two, three<M-b>x", "one two, x|three"},
        {"one two, three<M-b><M-b>x", "one x|two, three"},
        {"one two, three<C-a><M-f>x", "onex| two, three"},
        {"one two<C-Left>x", "one x|two"},
        {"one two<C-a><M-Right>x", "onex| two"},
        {"größe über<M-b><M-b>x", "x|größe über"},
        // Deleting.
        {"abc<BS>", "ab|"},
        {"abc<C-h><C-h>", "a|"},
        {"abc<C-a><Del>", "|bc"},
        {"abc<C-a><C-d>", "|bc"},
        {"abc<Del>", "abc|"},
        {"<BS>", "|"},
        // Clusters are one.
        {"a" FAMILY "<BS>", "a|"},
        {FLAG FLAG "<BS>", FLAG "|"},
        {"e\u0301x<Left><BS>", "|x"},
        {"e\u0301<C-a><Right>x", "e\u0301x|"},
        {FAMILY "b<C-a><Del>", "|b"},
        {"日本<Left>x", "日x|本"},
        // A sign that joins what is on both sides takes the cursor with it.
        {"\U0001F468\U0001F467<Left>\u200D", "\U0001F468\u200D\U0001F467|"},
        // Killing and yanking.
        {"one two<C-w>", "one |"},
        {"one two <C-w>", "one |"},
        {"one -x.y<C-w>", "one |"},
        {"one -x.y<M-BS>", "one -x.|"},
        {"one two<C-a><M-d>", "| two"},
        {"one two<C-a><C-k>", "|"},
        {"one two<M-b><C-u>", "|two"},
        {"one two<C-w><C-y><C-y>", "one twotwo|"},
        {"one two three<C-w><C-w><C-y>", "one two three|"},
        {"one two<C-a><M-d><M-d><C-y>", "one two|"},
        {"one two<M-b><C-k><C-u><C-y>", "one two|"},
        {"one two<C-w><Left><C-e><C-w><C-y>", "one |"},
        {"one two<C-w><Left><C-e><C-w><C-y><M-y>", "two|"},
        {"one two<C-w><Left><C-e><C-w><C-y><M-y><M-y>", "one |"},
        {"abc<M-y>", "abc|"},
        {"abc<C-y>", "abc|"},
        {"a<M-Enter>b<Up><C-e><C-k>", "a|b"},
        {"a<M-Enter>b<C-a><C-u>", "a|b"},
        // Changing places.
        {"abc<C-t>", "acb|"},
        {"abc<Left><C-t>", "acb|"},
        {"a<C-t>", "a|"},
        {"a" FAMILY "<C-t>", FAMILY "a|"},
        // Undoing: a word at a time.
        {"one two<C-_>", "one |"},
        {"one two<C-_><C-_>", "|"},
        {"one two<C-_><C-_><C-_>", "|"},
        {"one two<C-w><C-_>", "one two|"},
        {"one<C-a>x<C-_>", "|one"},
        {"abc<BS><BS><C-_>", "abc|"},
        {"one<C-w><C-y><C-_>", "|"},
        // Lines.
        {"a<M-Enter>b", "a\nb|"},
        {"a<C-j>b", "a\nb|"},
        {"a\\<Enter>b", "a\nb|"},
        {"a<M-Enter>b<C-a>x", "a\nx|b"},
        {"abc<M-Enter>d<Up>x", "ax|bc\nd"},
        {"abc<M-Enter>d<Up><Down>x", "abc\ndx|"},
        // The column is kept over a shorter row.
        {"abcd<C-j>e<C-j>fghi<Up><Up>x", "abcdx|\ne\nfghi"},
        {"abcd<C-j>e<C-j>fghi<Left><Up><Up>x", "abcx|d\ne\nfghi"},
        {"日本<C-j>abcd<Left><Up>x", "日x|本\nabcd"},
        // What means nothing here changes nothing.
        {"ab<Left><Esc><PgUp><C-l><C-g><M-x><C-S-a>", "a|b"},
        // Controls never get in.
        {"a\x01\x1b"
         "b",
         "a\uFFFD\uFFFDb|"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct editor *e = editor_create();
        press(e, cases[i].keys);
        if (strcmp(shown(e), cases[i].text) != 0)
            print_message("keys: %s\n", cases[i].keys);
        assert_string_equal(shown(e), cases[i].text);
        editor_destroy(e);
    }
}

static void keys_say_what_they_did(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        enum editor_result result;
    } cases[] = {
        {"a", EDITOR_CHANGED},
        {"<Enter>", EDITOR_SUBMIT},
        {"a<Enter>", EDITOR_SUBMIT},
        {"a\\<Enter>", EDITOR_CHANGED},
        {"a\\<Left><Enter>", EDITOR_SUBMIT},
        {"a\\b<Left><Enter>", EDITOR_SUBMIT},
        {"a<Tab>", EDITOR_COMPLETE},
        {"<C-d>", EDITOR_IGNORED},
        {"a<C-d>", EDITOR_CHANGED},
        {"<Esc>", EDITOR_IGNORED},
        {"<C-g>", EDITOR_IGNORED},
        {"<C-l>", EDITOR_IGNORED},
        {"<Up>", EDITOR_IGNORED},
        {"<S-Tab>", EDITOR_IGNORED},
        {"<C-Home>", EDITOR_IGNORED},
        {"<C-m>", EDITOR_SUBMIT},
        {"<PgUp>", EDITOR_IGNORED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct editor *e = editor_create();
        assert_int_equal(press(e, cases[i].keys), cases[i].result);
        editor_destroy(e);
    }
}

static void pastes_are_cleaned_and_keep_their_lines(void **state)
{
    (void)state;
    struct editor *e = editor_create();
    press(e, "ad<Left>");
    static const char text[] = "1\r\n2\r3\x1b[31m\xff\xf3\xb0\x80\x81";
    editor_insert(e, text, sizeof(text) - 1);
    assert_string_equal(shown(e), "a1\n2\n3\uFFFD[31m\uFFFD\uFFFD|d");
    press(e, "<C-_>");
    assert_string_equal(shown(e), "a|d");
    editor_destroy(e);
}

static void a_huge_paste_is_cut(void **state)
{
    (void)state;
    struct editor *e = editor_create();
    size_t size = 5 << 20;
    char *text = malloc(size);
    memset(text, 'x', size);
    editor_insert(e, text, size);
    press(e, "y");
    assert_int_equal(strlen(editor_text(e)), 1 << 20);
    free(text);
    editor_destroy(e);
}

// ---- rows

static void layout_places_the_cursor(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int width, rows, row, col;
    } cases[] = {
        {"", 10, 1, 0, 0},
        {"abc", 10, 1, 0, 3},
        {"abc<Left>", 10, 1, 0, 2},
        {"日本", 10, 1, 0, 4},
        {"hello world", 6, 2, 1, 5}, // a column is kept for the cursor
        {"hello", 6, 1, 0, 5},
        {"hello", 5, 2, 1, 1},
        {"hello ", 6, 1, 0, 5},
        {"hello world<C-a><M-f>", 6, 2, 0, 5},
        {"hello world<M-b>", 6, 2, 1, 0},
        {"a<C-j>", 6, 2, 1, 0},
        {"a<C-j>b<Up>", 6, 2, 0, 1},
        {"abc", 1, 3, 2, 0},
        {FAMILY "x", 4, 1, 0, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct editor *e = editor_create();
        struct text_rows rows = {0};
        int row, col;
        press(e, cases[i].keys);
        assert_true(editor_layout(e, cases[i].width, &rows, &row, &col));
        assert_int_equal(rows.count, cases[i].rows);
        assert_int_equal(row, cases[i].row);
        assert_int_equal(col, cases[i].col);
        text_rows_finish(&rows);
        editor_destroy(e);
    }
}

static void up_and_down_move_between_wrapped_rows(void **state)
{
    (void)state;
    struct editor *e = with_history();
    struct text_rows rows = {0};
    int row, col;
    press(e, "hello world again");
    assert_true(editor_layout(e, 7, &rows, &row, &col));
    press(e, "<Up>");
    assert_string_equal(shown(e), "hello world| again");
    press(e, "<Up>");
    assert_string_equal(shown(e), "hello| world again");
    press(e, "<Up>");
    assert_string_equal(shown(e), "third|");
    text_rows_finish(&rows);
    editor_destroy(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_edit_as_in_readline),
        cmocka_unit_test(keys_say_what_they_did),
        cmocka_unit_test(pastes_are_cleaned_and_keep_their_lines),
        cmocka_unit_test(a_huge_paste_is_cut),
        cmocka_unit_test(layout_places_the_cursor),
        cmocka_unit_test(up_and_down_move_between_wrapped_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
