#include "app/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    struct buffer clean = {0};
    if (buffer_reserve(&clean, 3 * strlen(text) + 1)) {
        utf8_clean(clean.data, clean.room, text, strlen(text));
        value = json_string(clean.data);
    }
    buffer_free(&clean);
    return value;
}

// Outside of strings JSON is harmless ASCII, so whatever would be cleaned stands in a string and
// can be escaped there: the value stays what it was.
static bool escape(struct buffer *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint32_t code;
        size_t n = utf8_decode(text + i, size - i, &code);
        char clean[8];
        bool same =
            utf8_clean(clean, sizeof(clean), text + i, n) == n && !memcmp(clean, text + i, n);
        bool ok = same              ? buffer_add(out, text + i, n)
                  : code >= 0x10000 ? buffer_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
                                                    0xdc00 + (code & 0x3ff))
                                    : buffer_printf(out, "\\u%04x", code);
        if (!ok)
            return false;
        i += n;
    }
    return true;
}

bool json_print_text(struct console *c, const char *text, size_t size, struct error *e)
{
    while (size && (text[size - 1] == '\n' || text[size - 1] == ' '))
        size--;
    struct buffer out = {0};
    bool ok = (escape(&out, text, size) && buffer_add(&out, "\n", 1)) || error_no_memory(e);
    ok = ok && console_write(c, out.data, out.size, e);
    buffer_free(&out);
    return ok;
}

bool json_print(struct console *c, json_t *value, struct error *e)
{
    char *text = value ? json_dumps(value, JSON_REAL_PRECISION(7)) : NULL;
    json_decref(value);
    bool ok = text ? json_print_text(c, text, strlen(text), e) : error_no_memory(e);
    free(text);
    return ok;
}
