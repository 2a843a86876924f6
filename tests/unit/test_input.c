// What a person does at the terminal, bytes -> events: keys, the wheel and pastes. What keys look
// like is taken from xterm's "Control Sequences" and from terminfo, not from the parser.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/input_words.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_come_as_code_points),
        cmocka_unit_test(controls_are_keys),
        cmocka_unit_test(sequences_are_keys),
        cmocka_unit_test(escape_before_a_key_is_alt),
        cmocka_unit_test(unknown_and_broken_sequences_are_no_keys),
        cmocka_unit_test(overlong_sequences_are_dropped_whole),
        cmocka_unit_test(what_is_typed_after_escape_is_text),
        cmocka_unit_test(the_wheel_scrolls),
        cmocka_unit_test(a_paste_is_one_event),
        cmocka_unit_test(a_paste_is_limited),
        cmocka_unit_test(a_pause_does_not_end_a_paste),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
