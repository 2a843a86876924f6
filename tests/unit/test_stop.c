// engine/text/stop: the end of an answer in its text, cut into tokens in every way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/text/stop.h"

static void assert_found(const char *text, const char *stop, size_t at, bool whole)
{
    bool seen;
    assert_int_equal(stop_find(text, strlen(text), stop, &seen), at);
    assert_int_equal(seen, whole);
}

static void it_is_found_whole_or_in_part(void **state)
{
    (void)state;
    assert_found("red.###Human", "###", 4, true);
    assert_found("red.", "###", 4, false);
    assert_found("red.#", "###", 4, false);
    assert_found("red.##", "###", 4, false);
    assert_found("# red", "###", 5, false);
    assert_found("##", "###", 0, false);
    assert_found("###", "###", 0, true);
    assert_found("####", "###", 0, true);
    assert_found("a</", "</s>", 1, false);
    assert_found("a<</", "</s>", 2, false);
    assert_found("a<</s>b", "</s>", 2, true);
    assert_found("aab", "aabaac", 0, false);
    assert_found("aabaa", "aabaac", 0, false);
    assert_found("aabaaa", "aabaac", 4, false);
    assert_found("one\ntwo", "\n", 3, true);
}

static void nothing_is_found_in_nothing(void **state)
{
    (void)state;
    assert_found("", "###", 0, false);
    assert_found("text", "", 4, false);
    assert_found("", "", 0, false);
}

// What is handed on before the end, piece by piece, never holds a part of it.
static void no_part_of_it_is_handed_on(void **state)
{
    (void)state;
    static const char text[] = "a # b ## c ### d", want[] = "a # b ## c ";
    for (size_t step = 1; step < sizeof(text); step++) {
        char held[64] = "", said[64] = "";
        bool whole = false;
        for (size_t at = 0; !whole && at < strlen(text); at += step) {
            strncat(held, text + at, step);
            size_t ready = stop_find(held, strlen(held), "###", &whole);
            strncat(said, held, ready);
            memmove(held, held + ready, strlen(held + ready) + 1);
        }
        assert_true(whole);
        assert_string_equal(said, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_found_whole_or_in_part),
        cmocka_unit_test(nothing_is_found_in_nothing),
        cmocka_unit_test(no_part_of_it_is_handed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
