// What the terminal says by itself, bytes -> events: its replies, whole, split and cut short, are
// never keys. What they look like is taken from xterm's "Control Sequences", not from the parser.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/input_words.h"

// As xterm 379, foot, tmux and others send them.
static const struct example replies[] = {
    {"\033[?63;1;2;4;6;9;15;16;22;28c", "reply attributes 63 1 2 4 6 9 15 16 22 28"},
    {"\033[?1;2c", "reply attributes 1 2"},
    {"\033[?4;6c", "reply attributes 4 6"},
    {"\033[?1;0;1024S", "reply graphics 1 0 1024"},
    {"\033[?2;0;480;312S", "reply graphics 2 0 480 312"},
    {"\033[?2;3;0S", "reply graphics 2 3 0"},
    {"\033[6;13;6t", "reply cells 6 13 6"},
    {"\033[4;312;480t", "reply cells 4 312 480"},
    {"\033[8;24;80t", "reply cells 8 24 80"},
    {"\033[>41;379;0c", "reply other"},
    {"\033[24;80R", "reply other"},
    {"\033[1;2R", "reply other"},
    {"\033[?1;2R", "reply other"},
    {"\033[0n", "reply other"},
    {"\033[?2026;2$y", "reply other"},
    {"\033[?1u", "reply other"},
    {"\033[3;0;0t", "reply other"},
    {"\033]10;rgb:ffff/ffff/ffff\033\\", ""},
    {"\033]11;rgb:0000/0000/0000\007", ""},
    {"\033P>|XTerm(379)\033\\", ""},
    {"\033P!|00000000\033\\", ""},
    {"\033P1+r524742=38\033\\", ""},
};

static void replies_are_read(void **state)
{
    (void)state;
    CHECK(replies);
}

static void more_values_than_fit_are_left_out(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"\033[?1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18c",
         "reply attributes 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"},
    };
    CHECK(list);
}

static size_t count_keys(const char *bytes, size_t cut, size_t drop, int pauses)
{
    struct input *in = input_create();
    size_t size = strlen(bytes), keys = 0;
    struct event e;
    input_feed(in, bytes, cut);
    while (input_next(in, &e))
        keys += e.kind != EVENT_REPLY;
    for (int i = 0; i < pauses; i++)
        while (input_flush(in, &e))
            keys += e.kind != EVENT_REPLY;
    if (cut < size - drop)
        input_feed(in, bytes + cut, size - drop - cut);
    while (input_next(in, &e))
        keys += e.kind != EVENT_REPLY;
    for (int i = 0; i < 60; i++)
        while (input_flush(in, &e))
            keys += e.kind != EVENT_REPLY;
    assert_false(input_pending(in));
    input_destroy(in);
    return keys;
}

static void split_replies_are_never_keys(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof(replies) / sizeof(replies[0]); r++) {
        const char *bytes = replies[r].bytes;
        for (size_t cut = 3; cut < strlen(bytes); cut++)
            assert_int_equal(count_keys(bytes, cut, 0, 10), 0);
        // ESC alone, and Alt with the next, can be keys; but the rest must not become text.
        assert_true(count_keys(bytes, 1, 0, 3) <= 1);
    }
}

static void replies_cut_short_are_never_keys(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof(replies) / sizeof(replies[0]); r++)
        for (size_t drop = 1; drop + 3 <= strlen(replies[r].bytes); drop++)
            assert_int_equal(count_keys(replies[r].bytes, 1, drop, 0), 0);
}

static void a_string_cut_short_does_not_swallow_controls(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"\033]11;rgb:00\x03", "C-c"},
        {"\033P>|XTe\r", "enter"},
        {"\033]11;rgb:00\033[A", "up"},
        {"\033]11;rgb:00", ""},
    };
    CHECK(list);
}

static void half_a_sequence_is_given_up_after_a_while(void **state)
{
    (void)state;
    struct input *in = input_create();
    struct buffer out = {0};
    input_feed(in, "\033[?6", 4);
    assert_true(input_pending(in));
    flush(in, 30, &out);
    assert_false(input_pending(in));
    input_feed(in, "c", 1);
    take_all(in, &out);
    assert_string_equal(out.data, "c");
    buffer_free(&out);
    input_destroy(in);
}

static void escape_typed_before_a_reply_stays_a_key(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"\033\033[?62;4c", "esc reply attributes 62 4"},
        {"\033\033[<64;1;1M", "esc wheel -3 @0,0"},
    };
    CHECK(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read),
        cmocka_unit_test(more_values_than_fit_are_left_out),
        cmocka_unit_test(split_replies_are_never_keys),
        cmocka_unit_test(replies_cut_short_are_never_keys),
        cmocka_unit_test(a_string_cut_short_does_not_swallow_controls),
        cmocka_unit_test(half_a_sequence_is_given_up_after_a_while),
        cmocka_unit_test(escape_typed_before_a_reply_stays_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
