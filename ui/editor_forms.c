// The two forms of the text: the editor's own, in which a chip is one code point, and the one that
// others see.
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/editor_internal.h"

enum { CHIP_BYTES = 4, CHIP_TEXT_MOST = 32 };

// "[picture N]" at the beginning of the text -> its length, or 0.
static size_t read_chip(const char *text, size_t size, int *number)
{
    static const char begin[] = "[picture ";
    size_t n = sizeof(begin) - 1;
    if (size < n || memcmp(text, begin, n) != 0)
        return 0;
    int value = 0;
    size_t digits = n;
    while (n < size && text[n] >= '0' && text[n] <= '9' && value < CHIP_LAST - CHIP_FIRST)
        value = 10 * value + (text[n++] - '0');
    if (n == digits || n == size || text[n] != ']')
        return 0;
    *number = value;
    return n + 1;
}

// A carriage return, alone or before a newline, ends a line.
bool editor_clean(struct buffer *out, const char *text, size_t size)
{
    char clean[8];
    for (size_t at = 0; at < size;) {
        uint32_t code;
        size_t n = utf8_decode(text + at, size - at, &code);
        bool pair = code == '\r' && at + 1 < size && text[at + 1] == '\n';
        const char *piece = code == '\r' ? "\n" : text + at;
        size_t length = code == '\r' ? (pair ? 0 : 1) : n;
        at += n;
        length = utf8_clean(clean, sizeof(clean), editor_is_chip(code) ? "\xff" : piece,
                            editor_is_chip(code) ? 1 : length);
        if (!buffer_add(out, clean, length))
            return false;
    }
    return true;
}

bool editor_take_in(const struct editor *e, struct buffer *out, const char *text, size_t size)
{
    size_t from = 0;
    for (size_t at = 0; at < size; at++) {
        int number;
        size_t n = text[at] == '[' ? read_chip(text + at, size - at, &number) : 0;
        if (n == 0 || !editor_has_chip(e, number))
            continue;
        char chip[4];
        size_t length = utf8_encode((uint32_t)(CHIP_FIRST + number), chip);
        if (!editor_clean(out, text + from, at - from) || !buffer_add(out, chip, length))
            return false;
        from = at + n;
        at = from - 1;
    }
    return editor_clean(out, text + from, size - from);
}

// A chip is set off from the word behind it, though no space was typed.
static size_t chip_text(const struct editor *e, size_t after, uint32_t code, char *out)
{
    bool apart = after < e->text.size && !strchr(" \n", e->text.data[after]);
    return (size_t)snprintf(out, CHIP_TEXT_MOST, "[picture %u]%s", (unsigned)(code - CHIP_FIRST),
                            apart ? " " : "");
}

// The next chip in [at, end); `end` if there is none.
static size_t next_chip(const struct editor *e, size_t at, size_t end, uint32_t *code)
{
    for (; at < end; at++) {
        // What all of plane 15 begins with.
        const char *lead = memchr(e->text.data + at, 0xf3, end - at);
        if (!lead)
            return end;
        at = (size_t)(lead - e->text.data);
        utf8_decode(lead, e->text.size - at, code);
        if (editor_is_chip(*code))
            return at;
    }
    return end;
}

size_t editor_show(const struct editor *e, size_t end, struct buffer *out)
{
    size_t total = 0;
    for (size_t at = 0; at < end;) {
        uint32_t code;
        char chip[CHIP_TEXT_MOST];
        size_t to = next_chip(e, at, end, &code);
        size_t n = to < end ? chip_text(e, to + CHIP_BYTES, code, chip) : 0;
        if (out && (!buffer_add(out, e->text.data + at, to - at) || !buffer_add(out, chip, n)))
            break;
        total += to - at + n;
        at = to < end ? to + CHIP_BYTES : end;
    }
    return total;
}

size_t editor_own_place(const struct editor *e, size_t shown)
{
    size_t at = 0;
    while (at < e->text.size) {
        uint32_t code;
        char chip[CHIP_TEXT_MOST];
        size_t to = next_chip(e, at, e->text.size, &code);
        if (shown <= to - at)
            return at + shown;
        if (to == e->text.size)
            return to;
        size_t n = chip_text(e, to + CHIP_BYTES, code, chip);
        shown -= to - at;
        if (shown < n)
            return to;
        shown -= n;
        at = to + CHIP_BYTES;
    }
    return at;
}

const char *editor_text(const struct editor *e)
{
    // Made anew at each call; the text itself does not change.
    struct buffer *shown = &((struct editor *)e)->shown;
    buffer_clear(shown);
    editor_show(e, e->text.size, shown);
    return shown->data ? shown->data : "";
}

size_t editor_cursor(const struct editor *e)
{
    return editor_show(e, e->cursor, NULL);
}
