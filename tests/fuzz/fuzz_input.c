// Fuzz target: arbitrary bytes from a terminal, at once and in pieces, with silences. Events must
// be well formed, and where the pieces are cut must not matter.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "ui/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(const struct event *e)
{
    if (e->key == INPUT_NONE || e->key > INPUT_F12 || e->mods > 7)
        abort();
    const uint32_t c = e->code;
    if (e->key == INPUT_CHAR
            ? c < 0x20 || (c >= 0x7f && c < 0xa0) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)
            : c != 0)
        abort();
}

// Appends what an event says, so that two ways of feeding can be compared.
static void note(const struct event *e, struct buffer *out)
{
    switch (e->kind) {
    case EVENT_NONE:
        abort();
    case EVENT_KEY:
        check_key(e);
        buffer_printf(out, "k%d,%u,%u;", e->key, e->code, e->mods);
        break;
    case EVENT_PASTE:
        if (e->size > 16 << 20 || e->text[e->size] != '\0')
            abort();
        buffer_add_text(out, "p");
        buffer_add(out, e->text, e->size);
        break;
    case EVENT_WHEEL:
        if (e->row < 0 || e->col < 0 || e->rows == 0)
            abort();
        buffer_printf(out, "w%d,%d,%d;", e->rows, e->row, e->col);
        break;
    case EVENT_REPLY:
        if (e->n_values < 0 || e->n_values > 16)
            abort();
        buffer_printf(out, "r%d:", e->reply);
        for (int i = 0; i < e->n_values; i++) {
            if (e->values[i] < 0)
                abort();
            buffer_printf(out, "%d,", e->values[i]);
        }
        break;
    }
}

static void feed(struct input *in, const uint8_t *data, size_t size, struct buffer *out)
{
    struct event e;
    input_feed(in, (const char *)data, size);
    while (input_next(in, &e))
        note(&e, out);
}

// Nothing may be held for ever.
static void silence(struct input *in, struct buffer *out)
{
    struct event e;
    for (int i = 0; i < 100 && input_pending(in); i++)
        while (input_flush(in, &e))
            note(&e, out);
    if (input_pending(in))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input *whole = input_create(), *pieces = input_create(), *paused = input_create();
    struct buffer a = {0}, b = {0}, c = {0};
    if (!whole || !pieces || !paused)
        abort();
    feed(whole, data, size, &a);
    silence(whole, &a);
    for (size_t i = 0, n; i < size; i += n) {
        n = 1 + data[i] % 7;
        n = n < size - i ? n : size - i;
        feed(pieces, data + i, n, &b);
        feed(paused, data + i, n, &c);
        struct event e;
        for (int k = 0; k < data[i] % 3; k++)
            if (input_flush(paused, &e))
                note(&e, &c);
    }
    silence(pieces, &b);
    silence(paused, &c);
    if (a.size != b.size || (a.size && memcmp(a.data, b.data, a.size) != 0))
        abort();
    buffer_free(&a);
    buffer_free(&b);
    buffer_free(&c);
    input_destroy(whole);
    input_destroy(pieces);
    input_destroy(paused);
    return 0;
}
