// The terminal's bytes -> events. What keys and replies look like is taken from xterm's "Control
// Sequences" and from terminfo, not from the parser.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "ui/input.h"

static const char *key_name(enum key key)
{
    static const char *const names[] = {
        [INPUT_NONE] = "none",    [INPUT_ENTER] = "enter",  [INPUT_TAB] = "tab",
        [INPUT_BACKSPACE] = "bs", [INPUT_ESCAPE] = "esc",   [INPUT_DELETE] = "del",
        [INPUT_INSERT] = "ins",   [INPUT_UP] = "up",        [INPUT_DOWN] = "down",
        [INPUT_LEFT] = "left",    [INPUT_RIGHT] = "right",  [INPUT_HOME] = "home",
        [INPUT_END] = "end",      [INPUT_PAGE_UP] = "pgup", [INPUT_PAGE_DOWN] = "pgdn",
        [INPUT_F1] = "f1",        [INPUT_F2] = "f2",        [INPUT_F3] = "f3",
        [INPUT_F4] = "f4",        [INPUT_F5] = "f5",        [INPUT_F6] = "f6",
        [INPUT_F7] = "f7",        [INPUT_F8] = "f8",        [INPUT_F9] = "f9",
        [INPUT_F10] = "f10",      [INPUT_F11] = "f11",      [INPUT_F12] = "f12",
    };
    return names[key];
}

static void describe_key(const struct event *e, struct buffer *out)
{
    char text[5] = "";
    if (e->key == INPUT_CHAR)
        text[utf8_encode(e->code, text)] = '\0';
    assert_true(buffer_printf(out, "%s%s%s%s", e->mods & MOD_CTRL ? "C-" : "",
                              e->mods & MOD_ALT ? "M-" : "", e->mods & MOD_SHIFT ? "S-" : "",
                              e->key == INPUT_CHAR ? text : key_name(e->key)));
}

// Events as words: "C-a", "M-enter", "paste<...>", "wheel -3 @5,7", "reply attributes 62 4".
static void describe(const struct event *e, struct buffer *out)
{
    static const char *const replies[] = {"attributes", "graphics", "cells", "other"};
    if (out->size)
        buffer_add_text(out, " ");
    switch (e->kind) {
    case EVENT_NONE:
        fail();
        break;
    case EVENT_KEY:
        describe_key(e, out);
        break;
    case EVENT_PASTE:
        assert_int_equal(e->text[e->size], '\0');
        buffer_add_text(out, "paste<");
        buffer_add(out, e->text, e->size);
        buffer_add_text(out, ">");
        break;
    case EVENT_WHEEL:
        buffer_printf(out, "wheel %d @%d,%d", e->rows, e->row, e->col);
        break;
    case EVENT_REPLY:
        buffer_printf(out, "reply %s", replies[e->reply]);
        for (int i = 0; e->reply != REPLY_OTHER && i < e->n_values; i++)
            buffer_printf(out, " %d", e->values[i]);
        break;
    }
}

static void take_all(struct input *in, struct buffer *out)
{
    struct event e;
    while (input_next(in, &e))
        describe(&e, out);
}

static void flush(struct input *in, int times, struct buffer *out)
{
    struct event e;
    for (int i = 0; i < times; i++)
        while (input_flush(in, &e))
            describe(&e, out);
}

// In pieces of `piece` bytes, without a pause; then silence.
static void assert_events(const char *bytes, size_t size, size_t piece, const char *expected)
{
    struct input *in = input_create();
    struct buffer out = {0};
    assert_non_null(in);
    for (size_t i = 0; i < size; i += piece) {
        input_feed(in, bytes + i, size - i < piece ? size - i : piece);
        take_all(in, &out);
    }
    flush(in, 60, &out);
    assert_false(input_pending(in));
    assert_string_equal(out.data ? out.data : "", expected);
    buffer_free(&out);
    input_destroy(in);
}

struct example {
    const char *bytes, *events;
};

static void check(const struct example *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(list[i].bytes);
        for (size_t piece = 1; piece <= size; piece++)
            assert_events(list[i].bytes, size, piece, list[i].events);
    }
}

#define CHECK(list) check(list, sizeof(list) / sizeof(list[0]))

static void characters_come_as_code_points(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"aB 9~", "a B   9 ~"},
        {"\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80", "é 日 😀"},
        {"e\xcc\x81", "e \xcc\x81"},
        // Not UTF-8: overlong, surrogate, lone bytes, cut short; C1 controls.
        {"a\xc0\xaf"
         "b\xed\xa0\x80"
         "c\xff\x80"
         "d\xe6\x97z",
         "a b c d z"},
        {"a\xc2\x9b"
         "b\xc2\x85",
         "a b"},
        {"a\xe6\x97", "a"},
    };
    CHECK(list);
}

static void controls_are_keys(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"\r\n\t", "enter C-j tab"},
        {"\x7f\b", "bs bs"},
        {"\x01\x1a\x03", "C-a C-z C-c"},
        {"\x1c\x1d\x1e\x1f", "C-\\ C-] C-^ C-_"},
    };
    CHECK(list);
    assert_events("", 1, 1, "C- "); // NUL: Ctrl+Space
}

static void sequences_are_keys(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"\033[A\033[B\033[C\033[D\033[H\033[F", "up down right left home end"},
        {"\033OA\033OB\033OC\033OD\033OH\033OF", "up down right left home end"},
        {"\033[1~\033[2~\033[3~\033[4~\033[5~\033[6~", "home ins del end pgup pgdn"},
        {"\033[7~\033[8~", "home end"},
        {"\033OP\033OQ\033OR\033OS", "f1 f2 f3 f4"},
        {"\033[11~\033[12~\033[13~\033[14~\033[15~", "f1 f2 f3 f4 f5"},
        {"\033[17~\033[18~\033[19~\033[20~\033[21~\033[23~\033[24~", "f6 f7 f8 f9 f10 f11 f12"},
        {"\033[[A\033[[E", "f1 f5"},
        {"\033[Z", "S-tab"},
        {"\033OM", "enter"},
        {"\033[1;2A\033[1;3B\033[1;5C\033[1;6D", "S-up M-down C-right C-S-left"},
        {"\033[1;5H\033[1;5F\033[3;5~\033[5;3~", "C-home C-end C-del M-pgup"},
        {"\033[1;9A", "M-up"},
        {"\033[1;2P\033[1;5Q\033[15;2~", "S-f1 C-f2 S-f5"},
        {"\033[3^", "C-del"},
        {"\033[13;2u\033[97;5u\033[65;6u\033[27u", "S-enter C-a C-S-a esc"},
        {"\033[27;2;13~\033[27;5;9~", "S-enter C-tab"},
    };
    CHECK(list);
}

static void escape_before_a_key_is_alt(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"\033a\033B\033\r\033\x7f", "M-a M-B M-enter M-bs"},
        {"\033\x01\033\xc3\xa9", "C-M-a M-é"},
        {"\033\033[A\033\033OB", "M-up M-down"},
        {"\033\033", "esc esc"},
        {"\033\033a", "esc M-a"},
        {"\033", "esc"},
        {"a\033", "a esc"},
        {"\033O", "M-O"},
        {"\033P", "M-P"},
        {"\033]", "M-]"},
    };
    CHECK(list);
}

static void unknown_and_broken_sequences_are_no_keys(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"\033[99~a", "a"},
        {"\033[Ia\033[Ob", "a b"}, // focus
        {"\033[1;2:3Aa", "a"},     // sub-parameters
        {"\033[12$~a", "a"},
        {"\033[1;5\033[A", "up"}, // begun anew
        {"\033[1;5\x03", "C-c"},
        {"\033[12\xc3\xa9", "é"},
        {"\033[", ""},
        {"\033[1;5", ""},
        {"\033[999999999999999999999999~a", "a"},
        {"\033[1;99999999999999999999Aa", "a"},
        {"\033_Gi=1;OK\033\\a", "a"},
        {"\033Oza\033O5", "a"},
        {"\033[1114112u\033[55296u\033[133ua", "a"},
    };
    CHECK(list);
}

static void overlong_sequences_are_dropped_whole(void **state)
{
    (void)state;
    char bytes[1001];
    memset(bytes, ';', sizeof(bytes));
    memcpy(bytes, "\033[", 2);
    memcpy(bytes + 998, "cx", 3);
    assert_events(bytes, 999 + 1, 1000, "x");
    assert_events(bytes, 999 + 1, 7, "x");
}

static void the_wheel_scrolls(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"\033[<64;10;5M", "wheel -3 @4,9"},
        {"\033[<65;300;5M", "wheel 3 @4,299"},
        {"\033[<68;1;1M", "wheel -3 @0,0"},                // with Shift
        {"\033[<0;10;5M\033[<0;10;5m\033[<66;1;1Ma", "a"}, // clicks, sideways
        {"\033[<64;0;0M\033[<64;1Ma\033[<64;1;1;1Mb", "a b"},
        {"\033[M`*%\033[Ma!!", "wheel -3 @4,9 wheel 3 @0,0"}, // the old form
        {"\033[M !!x", "x"},
    };
    CHECK(list);
}

static void a_paste_is_one_event(void **state)
{
    (void)state;
    static const struct example list[] = {
        {"a\033[200~hello\r\nworld\033[201~b", "a paste<hello\r\nworld> b"},
        {"\033[200~\033[201~", "paste<>"},
        {"\033[200~\033[31m\033[A\033[200~\003\033\033[201~x",
         "paste<\033[31m\033[A\033[200~\003\033> x"},
        {"\033[200~\033[201\033[201~", "paste<\033[201>"},
        {"\033[200~\xc3\xa9\xff\033[201~", "paste<é\xff>"},
        {"\033[200~one\033[201~\033[200~two\033[201~", "paste<one> paste<two>"},
        {"\033[201~a", "a"},
        {"\033[200~without an end", "paste<without an end>"},
        {"\033\033[200~x\033[201~", "esc paste<x>"},
    };
    CHECK(list);
}

static void a_paste_is_limited(void **state)
{
    (void)state;
    const size_t limit = 16 << 20, size = limit + 100;
    struct input *in = input_create();
    char *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 'x', size);
    input_feed(in, "\033[200~", 6);
    struct event e;
    for (size_t i = 0; i < size; i += 60000) {
        input_feed(in, bytes + i, size - i < 60000 ? size - i : 60000);
        assert_false(input_next(in, &e));
    }
    input_feed(in, "\033[201~a", 7);
    assert_true(input_next(in, &e));
    assert_int_equal(e.kind, EVENT_PASTE);
    assert_int_equal(e.size, limit);
    assert_true(input_next(in, &e));
    assert_int_equal(e.code, 'a');
    free(bytes);
    input_destroy(in);
}

static void a_pause_does_not_end_a_paste(void **state)
{
    (void)state;
    struct input *in = input_create();
    struct buffer out = {0};
    input_feed(in, "\033[200~one", 9);
    flush(in, 10, &out);
    input_feed(in, " two\033[20", 8);
    flush(in, 10, &out);
    assert_true(input_pending(in));
    input_feed(in, "1~", 2);
    take_all(in, &out);
    assert_string_equal(out.data, "paste<one two>");
    buffer_free(&out);
    input_destroy(in);
}

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

static void what_is_typed_after_escape_is_text(void **state)
{
    (void)state;
    struct input *in = input_create();
    struct buffer out = {0};
    input_feed(in, "\033", 1);
    flush(in, 1, &out);
    input_feed(in, "[", 1);
    take_all(in, &out);
    input_feed(in, "1", 1);
    take_all(in, &out);
    assert_string_equal(out.data, "esc [ 1");
    buffer_free(&out);
    input_destroy(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_come_as_code_points),
        cmocka_unit_test(controls_are_keys),
        cmocka_unit_test(sequences_are_keys),
        cmocka_unit_test(escape_before_a_key_is_alt),
        cmocka_unit_test(unknown_and_broken_sequences_are_no_keys),
        cmocka_unit_test(overlong_sequences_are_dropped_whole),
        cmocka_unit_test(the_wheel_scrolls),
        cmocka_unit_test(a_paste_is_one_event),
        cmocka_unit_test(a_paste_is_limited),
        cmocka_unit_test(a_pause_does_not_end_a_paste),
        cmocka_unit_test(replies_are_read),
        cmocka_unit_test(more_values_than_fit_are_left_out),
        cmocka_unit_test(split_replies_are_never_keys),
        cmocka_unit_test(replies_cut_short_are_never_keys),
        cmocka_unit_test(a_string_cut_short_does_not_swallow_controls),
        cmocka_unit_test(half_a_sequence_is_given_up_after_a_while),
        cmocka_unit_test(escape_typed_before_a_reply_stays_a_key),
        cmocka_unit_test(what_is_typed_after_escape_is_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
