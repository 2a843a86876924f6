// What was sent before: walked and searched with keys, and kept in a file.
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

#include "tests/unit/editor_keys.h"

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
    assert_non_null(f);
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
        cmocka_unit_test(history_is_walked_and_what_was_being_written_comes_back),
        cmocka_unit_test(a_search_says_what_is_searched_for),
        cmocka_unit_test(doublets_and_blanks_are_not_remembered),
        cmocka_unit_test(history_survives_in_a_file_of_the_user_alone),
        cmocka_unit_test(a_history_that_cannot_be_written_says_so),
        cmocka_unit_test(the_newest_2000_entries_are_kept),
        cmocka_unit_test(a_damaged_history_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
