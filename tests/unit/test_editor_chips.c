// Chips, pictures that stand in the text: each moves and goes as one, and is told when it is gone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/editor_keys.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chip_moves_and_vanishes_as_one),
        cmocka_unit_test(a_deleted_chip_does_not_come_back),
        cmocka_unit_test(removing_from_outside_is_not_reported),
        cmocka_unit_test(chips_stay_when_history_is_recalled),
        cmocka_unit_test(set_text_keeps_the_chips_that_it_names),
        cmocka_unit_test(remembered_text_has_no_chips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
