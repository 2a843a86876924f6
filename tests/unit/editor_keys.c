// Names of keys, and an editor to press them in.
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/unit/editor_keys.h"

static const struct {
    const char *name;
    enum key key;
} names[] = {
    {"BS", INPUT_BACKSPACE}, {"Del", INPUT_DELETE}, {"Left", INPUT_LEFT},  {"Right", INPUT_RIGHT},
    {"Up", INPUT_UP},        {"Down", INPUT_DOWN},  {"Home", INPUT_HOME},  {"End", INPUT_END},
    {"Enter", INPUT_ENTER},  {"Tab", INPUT_TAB},    {"Esc", INPUT_ESCAPE}, {"PgUp", INPUT_PAGE_UP},
};

static struct event named(const char *name, size_t size)
{
    struct event e = {.kind = EVENT_KEY};
    for (; size > 2 && name[1] == '-'; name += 2, size -= 2)
        e.mods |= name[0] == 'C' ? MOD_CTRL : name[0] == 'M' ? MOD_ALT : MOD_SHIFT;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strlen(names[i].name) == size && memcmp(names[i].name, name, size) == 0)
            e.key = names[i].key;
    if (e.key == INPUT_NONE) {
        e.key = INPUT_CHAR;
        utf8_decode(name, size, &e.code);
    }
    return e;
}

enum editor_result press(struct editor *e, const char *keys)
{
    enum editor_result r = EDITOR_IGNORED;
    while (*keys) {
        const char *end = *keys == '<' ? strchr(keys, '>') : NULL;
        struct event event = {.kind = EVENT_KEY, .key = INPUT_CHAR};
        if (end) {
            event = named(keys + 1, (size_t)(end - keys - 1));
            keys = end + 1;
        } else {
            keys += utf8_decode(keys, strlen(keys), &event.code);
        }
        r = editor_key(e, &event);
    }
    return r;
}

const char *shown(const struct editor *e)
{
    static char out[1024];
    const char *text = editor_text(e);
    snprintf(out, sizeof(out), "%.*s|%s", (int)editor_cursor(e), text, text + editor_cursor(e));
    return out;
}

struct editor *with_history(void)
{
    struct editor *e = editor_create();
    editor_remember(e, "first");
    editor_remember(e, "second question");
    editor_remember(e, "third");
    return e;
}
