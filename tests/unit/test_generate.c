// app/generate: what ends an answer, and what is handed on before.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/generate.h"

// A backend that says the letters of `text` and then `last`; ids are the letters.
struct speaker {
    struct backend backend;
    const char *text;
    enum step last;
    const char *left;    // text that comes with `last`
    uint32_t stop_after; // tokens; 0: never
    char heard[256];
    bool refuses; // the first token
    int ends;     // calls with what was left
};

static enum step say(struct backend *b, const struct sampling *how, struct token *out,
                     struct error *e)
{
    (void)how;
    struct speaker *s = (struct speaker *)b;
    if (!*s->text) {
        *out = (struct token){.id = 7, .text = s->left, .size = s->left ? strlen(s->left) : 0};
        if (s->last == STEP_FAILED)
            error_set(e, ERROR_DEVICE, "the device is gone");
        return s->last;
    }
    *out = (struct token){.id = *s->text, .text = s->text++, .size = 1};
    return STEP_TOKEN;
}

static bool stopped(void *data)
{
    const struct speaker *s = data;
    return s->stop_after && strlen(s->heard) >= s->stop_after;
}

static bool take(void *data, const struct token *t, struct error *e)
{
    struct speaker *s = data;
    if (s->refuses)
        return error_set(e, ERROR_RUNTIME, "the disk is full");
    s->ends += t->id < 0;
    strncat(s->heard, t->text ? t->text : "", t->size);
    return true;
}

static bool run(struct speaker *s, uint32_t most, struct generated *out, struct error *e)
{
    static const struct sampling sampling;
    s->backend.next = say;
    const struct generate g = {&s->backend, &sampling, most, stopped, take, s};
    return generate(&g, out, e);
}

static void an_answer_ends_as_it_is_said(void **state)
{
    (void)state;
    static const struct {
        enum step last;
        enum answer_end end;
    } table[] = {
        {STEP_END, END_OF_ANSWER}, {STEP_CONTEXT, END_CONTEXT}, {STEP_STOPPED, END_STOPPED}};
    for (size_t i = 0; i < 3; i++) {
        struct speaker s = {.text = "abc", .last = table[i].last, .left = "!"};
        struct generated said;
        struct error e = {0};
        assert_true(run(&s, 100, &said, &e));
        assert_int_equal(said.end, table[i].end);
        assert_int_equal(said.tokens, 3);
        assert_true(said.ms >= 0);
        assert_string_equal(s.heard, "abc!");
        assert_int_equal(s.ends, 1);
    }
}

static void the_limit_is_kept(void **state)
{
    (void)state;
    struct speaker s = {.text = "abcdef", .last = STEP_END};
    struct generated said;
    struct error e = {0};
    assert_true(run(&s, 4, &said, &e));
    assert_int_equal(said.end, END_LENGTH);
    assert_string_equal(s.heard, "abcd");
    assert_true(run(&s, 0, &said, &e));
    assert_int_equal(said.tokens, 0);
}

static void who_asks_for_it_stops_it(void **state)
{
    (void)state;
    struct speaker s = {.text = "abcdef", .last = STEP_END, .stop_after = 2};
    struct generated said;
    struct error e = {0};
    assert_true(run(&s, 100, &said, &e));
    assert_int_equal(said.end, END_STOPPED);
    assert_string_equal(s.heard, "ab");
}

static void circles_are_left(void **state)
{
    (void)state;
    char text[200] = "begin: ";
    while (strlen(text) < 190)
        strcat(text, "xyz");
    struct speaker s = {.text = text, .last = STEP_END};
    struct generated said;
    struct error e = {0};
    assert_true(run(&s, 1000, &said, &e));
    assert_int_equal(said.end, END_REPETITION);
    // Over 64 tokens of it.
    assert_int_equal(said.tokens, strlen("begin: ") + 65);
}

static void failures_are_passed_on(void **state)
{
    (void)state;
    struct speaker s = {.text = "ab", .last = STEP_FAILED};
    struct generated said;
    struct error e = {0};
    assert_false(run(&s, 100, &said, &e));
    assert_int_equal(e.kind, ERROR_DEVICE);
    assert_string_equal(s.heard, "ab");
    s = (struct speaker){.text = "ab", .last = STEP_END, .refuses = true};
    assert_false(run(&s, 100, &said, &e));
    assert_string_equal(e.text, "the disk is full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_ends_as_it_is_said), cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(who_asks_for_it_stops_it),     cmocka_unit_test(circles_are_left),
        cmocka_unit_test(failures_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
