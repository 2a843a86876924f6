// Keys -> text and cursor. Keys are written as in a manual: "abc<C-a><M-f><Left>"; the expected
// text has | where the cursor is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "ui/editor.h"

#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467"
#define FLAG   "\U0001F1E9\U0001F1EA"

static const struct {
    const char *name;
    enum key key;
} names[] = {
    {"BS", INPUT_BACKSPACE}, {"Del", INPUT_DELETE}, {"Left", INPUT_LEFT},  {"Right", INPUT_RIGHT},
    {"Up", INPUT_UP},        {"Down", INPUT_DOWN},  {"Home", INPUT_HOME},  {"End", INPUT_END},
    {"Enter", INPUT_ENTER},  {"Tab", INPUT_TAB},    {"Esc", INPUT_ESCAPE}, {"PgUp", INPUT_PAGE_UP},
};

static struct event named(const char *name, size_t size)
{
    struct event e = {.kind = EVENT_KEY};
    for (; size > 2 && name[1] == '-'; name += 2, size -= 2)
        e.mods |= name[0] == 'C' ? MOD_CTRL : name[0] == 'M' ? MOD_ALT : MOD_SHIFT;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strlen(names[i].name) == size && memcmp(names[i].name, name, size) == 0)
            e.key = names[i].key;
    if (e.key == INPUT_NONE) {
        e.key = INPUT_CHAR;
        utf8_decode(name, size, &e.code);
    }
    return e;
}

static enum editor_result press(struct editor *e, const char *keys)
{
    enum editor_result r = EDITOR_IGNORED;
    while (*keys) {
        const char *end = *keys == '<' ? strchr(keys, '>') : NULL;
        struct event event = {.kind = EVENT_KEY, .key = INPUT_CHAR};
        if (end) {
            event = named(keys + 1, (size_t)(end - keys - 1));
            keys = end + 1;
        } else {
            keys += utf8_decode(keys, strlen(keys), &event.code);
        }
        r = editor_key(e, &event);
    }
    return r;
}

static const char *shown(const struct editor *e)
{
    static char out[1024];
    const char *text = editor_text(e);
    snprintf(out, sizeof(out), "%.*s|%s", (int)editor_cursor(e), text, text + editor_cursor(e));
    return out;
}

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

static struct editor *with_history(void)
{
    struct editor *e = editor_create();
    editor_remember(e, "first");
    editor_remember(e, "second question");
    editor_remember(e, "third");
    return e;
}

static void history_is_walked_and_what_was_being_written_comes_back(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *text;
    } cases[] = {
        {"new<Up>", "third|"},
        {"new<Up><Up>", "second question|"},
        {"<Up><Up><Up><Up>", "first|"},
        {"new<Left><Up><Up><Down><Down>", "ne|w"},
        {"<C-p><C-p><C-n>", "third|"},
        {"new<Up><C-_>", "new|"},
        {"a<C-j>b<Up><Up>", "third|"},
        {"a<C-j>b<C-p>", "third|"},
        // Searching.
        {"new<C-r>quest", "second question|"},
        {"new<C-r>QUEST", "second question|"},
        {"<C-r>ir", "third|"},
        {"<C-r>ir<C-r>", "first|"},
        {"<C-r>ir<C-r><C-r>", "first|"},
        {"new<C-r>ir<C-g>", "new|"},
        {"new<Left><C-r>ir<Esc>", "ne|w"},
        {"<C-r>irx<BS>", "third|"},
        {"<C-r>quest<C-a>x", "x|second question"},
        {"<C-r>quest<Up>", "first|"},
        {"new<C-r>quest<Down><Down>", "new|"},
        {"new<C-r>zz", "new|"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct editor *e = with_history();
        press(e, cases[i].keys);
        if (strcmp(shown(e), cases[i].text) != 0)
            print_message("keys: %s\n", cases[i].keys);
        assert_string_equal(shown(e), cases[i].text);
        editor_destroy(e);
    }
}

static void a_search_says_what_is_searched_for(void **state)
{
    (void)state;
    struct editor *e = with_history();
    assert_null(editor_search_text(e));
    press(e, "<C-r>");
    assert_string_equal(editor_search_text(e), "");
    press(e, "qu");
    assert_string_equal(editor_search_text(e), "qu");
    assert_int_equal(press(e, "<Enter>"), EDITOR_SUBMIT);
    assert_null(editor_search_text(e));
    assert_string_equal(editor_text(e), "second question");
    editor_destroy(e);
}

static void doublets_and_blanks_are_not_remembered(void **state)
{
    (void)state;
    struct editor *e = with_history();
    editor_remember(e, "third");
    editor_remember(e, "  \n");
    press(e, "<Up><Up>");
    assert_string_equal(editor_text(e), "second question");
    editor_destroy(e);
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

// ---- chips

static void a_chip_moves_and_vanishes_as_one(void **state)
{
    (void)state;
    struct editor *e = editor_create();
    int number;
    press(e, "ab<Left>");
    editor_add_chip(e, 12);
    assert_string_equal(shown(e), "a[picture 12] |b");
    assert_true(editor_has_chip(e, 12));
    press(e, "<Left>");
    assert_string_equal(shown(e), "a|[picture 12] b");
    press(e, "<Right>");
    assert_false(editor_taken_chip(e, &number));
    press(e, "<BS>");
    assert_string_equal(shown(e), "a|b");
    assert_false(editor_has_chip(e, 12));
    assert_true(editor_taken_chip(e, &number));
    assert_int_equal(number, 12);
    assert_false(editor_taken_chip(e, &number));
    editor_destroy(e);
}

static void a_deleted_chip_does_not_come_back(void **state)
{
    (void)state;
    struct editor *e = editor_create();
    int number;
    editor_add_chip(e, 1);
    press(e, "x<C-w>");
    assert_true(editor_taken_chip(e, &number));
    press(e, "<C-y>");
    assert_string_equal(editor_text(e), "x");
    press(e, "<C-_><C-_><C-_>");
    assert_null(strstr(editor_text(e), "picture"));
    assert_false(editor_taken_chip(e, &number));
    // Unless it is put in anew.
    editor_add_chip(e, 1);
    assert_string_equal(editor_text(e), "[picture 1]");
    editor_destroy(e);
}

static void removing_from_outside_is_not_reported(void **state)
{
    (void)state;
    struct editor *e = editor_create();
    int number;
    editor_add_chip(e, 1);
    editor_add_chip(e, 2);
    press(e, "hi");
    editor_remove_chip(e, 1);
    assert_string_equal(shown(e), "[picture 2] hi|");
    editor_clear(e);
    assert_true(editor_empty(e));
    assert_false(editor_has_chip(e, 2));
    assert_false(editor_taken_chip(e, &number));
    editor_destroy(e);
}

static void chips_stay_when_history_is_recalled(void **state)
{
    (void)state;
    struct editor *e = with_history();
    int number;
    press(e, "what ");
    editor_add_chip(e, 3);
    press(e, "<Up>");
    assert_string_equal(shown(e), "[picture 3] third|");
    press(e, "<C-r>quest");
    assert_string_equal(shown(e), "[picture 3] second question|");
    press(e, "<C-g><Down>");
    assert_string_equal(shown(e), "what [picture 3]|");
    press(e, "<C-r>quest<Down><Down>");
    assert_string_equal(shown(e), "what [picture 3]|");
    assert_false(editor_taken_chip(e, &number));
    editor_destroy(e);
}

static void set_text_keeps_the_chips_that_it_names(void **state)
{
    (void)state;
    struct editor *e = editor_create();
    int number;
    editor_add_chip(e, 1);
    editor_add_chip(e, 2);
    editor_set(e, "look at [picture 2] and [picture 7] or [picture");
    assert_string_equal(editor_text(e), "look at [picture 2] and [picture 7] or [picture");
    assert_true(editor_has_chip(e, 2));
    assert_true(editor_taken_chip(e, &number));
    assert_int_equal(number, 1);
    // The one that is no chip is text.
    press(e, "<C-a><M-f><M-f><M-f><BS>");
    assert_string_equal(shown(e), "look at | and [picture 7] or [picture");
    editor_set(e, "other");
    press(e, "<C-_>");
    assert_string_equal(editor_text(e), "look at  and [picture 7] or [picture");
    editor_destroy(e);
}

static void remembered_text_has_no_chips(void **state)
{
    (void)state;
    struct editor *e = editor_create();
    editor_add_chip(e, 1);
    press(e, "what is this?");
    editor_remember(e, editor_text(e));
    editor_clear(e);
    press(e, "<Up>");
    assert_string_equal(shown(e), "what is this?|");
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

// ---- the history's file

static void history_survives_in_a_file_of_the_user_alone(void **state)
{
    (void)state;
    char dir[] = "/tmp/pumice-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/history", dir);
    struct editor *e = editor_create();
    assert_true(editor_load_history(e, path)); // none yet
    editor_remember(e, "one");
    editor_remember(e, "two\nlines \\n and \\");
    assert_true(editor_save_history(e, path));
    editor_remember(e, "日本");
    assert_true(editor_save_history(e, path));
    editor_destroy(e);
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
    e = editor_create();
    assert_true(editor_load_history(e, path));
    press(e, "<C-p>");
    assert_string_equal(editor_text(e), "日本");
    press(e, "<C-p>");
    assert_string_equal(editor_text(e), "two\nlines \\n and \\");
    press(e, "<C-p>");
    assert_string_equal(editor_text(e), "one");
    editor_destroy(e);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); // nothing was left beside it
}

static void a_history_that_cannot_be_written_says_so(void **state)
{
    (void)state;
    struct editor *e = with_history();
    assert_false(editor_save_history(e, "/nonexistent/history"));
    editor_destroy(e);
}

static void the_newest_2000_entries_are_kept(void **state)
{
    (void)state;
    char dir[] = "/tmp/pumice-test-XXXXXX", path[64], text[32];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/history", dir);
    struct editor *e = editor_create();
    for (int i = 0; i < 2500; i++) {
        snprintf(text, sizeof(text), "question %d", i);
        editor_remember(e, text);
    }
    assert_true(editor_save_history(e, path));
    editor_destroy(e);
    FILE *f = fopen(path, "r");
    int lines = 0;
    while (fgets(text, sizeof(text), f))
        if (lines++ == 0)
            assert_string_equal(text, "question 500\n");
    assert_int_equal(lines, 2000);
    fclose(f);
    unlink(path);
    rmdir(dir);
}

static void a_damaged_history_is_harmless(void **state)
{
    (void)state;
    char path[] = "/tmp/pumice-test-XXXXXX";
    int fd = mkstemp(path);
    static const char bytes[] = "good\n\nnul\0line\nbad \xff\x1b[31m\\\nlast";
    assert_int_equal(write(fd, bytes, sizeof(bytes) - 1), sizeof(bytes) - 1);
    close(fd);
    struct editor *e = editor_create();
    assert_true(editor_load_history(e, path));
    press(e, "<C-p>");
    assert_string_equal(editor_text(e), "last");
    press(e, "<C-p>");
    assert_string_equal(editor_text(e), "bad \uFFFD\uFFFD[31m\\");
    press(e, "<C-p>");
    assert_string_equal(editor_text(e), "good");
    editor_destroy(e);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_edit_as_in_readline),
        cmocka_unit_test(keys_say_what_they_did),
        cmocka_unit_test(history_is_walked_and_what_was_being_written_comes_back),
        cmocka_unit_test(a_search_says_what_is_searched_for),
        cmocka_unit_test(doublets_and_blanks_are_not_remembered),
        cmocka_unit_test(pastes_are_cleaned_and_keep_their_lines),
        cmocka_unit_test(a_huge_paste_is_cut),
        cmocka_unit_test(a_chip_moves_and_vanishes_as_one),
        cmocka_unit_test(a_deleted_chip_does_not_come_back),
        cmocka_unit_test(removing_from_outside_is_not_reported),
        cmocka_unit_test(chips_stay_when_history_is_recalled),
        cmocka_unit_test(set_text_keeps_the_chips_that_it_names),
        cmocka_unit_test(remembered_text_has_no_chips),
        cmocka_unit_test(layout_places_the_cursor),
        cmocka_unit_test(up_and_down_move_between_wrapped_rows),
        cmocka_unit_test(history_survives_in_a_file_of_the_user_alone),
        cmocka_unit_test(a_history_that_cannot_be_written_says_so),
        cmocka_unit_test(the_newest_2000_entries_are_kept),
        cmocka_unit_test(a_damaged_history_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
