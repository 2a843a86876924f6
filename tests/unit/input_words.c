// Events put into words, and examples fed in pieces.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "tests/unit/input_words.h"

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

void take_all(struct input *in, struct buffer *out)
{
    struct event e;
    while (input_next(in, &e))
        describe(&e, out);
}

void flush(struct input *in, int times, struct buffer *out)
{
    struct event e;
    for (int i = 0; i < times; i++)
        while (input_flush(in, &e))
            describe(&e, out);
}

void assert_events(const char *bytes, size_t size, size_t piece, const char *expected)
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

void check_events(const struct example *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(list[i].bytes);
        for (size_t piece = 1; piece <= size; piece++)
            assert_events(list[i].bytes, size, piece, list[i].events);
    }
}
