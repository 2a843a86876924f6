// The text and its chips, and what others see of them.
#include "ui/editor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/editor_internal.h"

enum { CHIP_BYTES = 4, CHIP_TEXT_MOST = 32, WIDTH_AT_START = 80 };

struct editor *editor_create(void)
{
    struct editor *e = calloc(1, sizeof(*e));
    if (!e || !buffer_reserve(&e->text, 1)) {
        free(e);
        return NULL;
    }
    e->width = WIDTH_AT_START;
    e->goal = -1;
    return e;
}

void editor_destroy(struct editor *e)
{
    if (!e)
        return;
    editor_forget_undo(e);
    for (size_t i = 0; i < KILLS_MOST; i++)
        free(e->kills[i]);
    snapshot_finish(&e->draft);
    snapshot_finish(&e->search.before);
    buffer_free(&e->search.query);
    history_finish(&e->history);
    buffer_free(&e->shown);
    buffer_free(&e->text);
    free(e);
}

// ---- chips

bool editor_is_chip(uint32_t code)
{
    return code >= CHIP_FIRST && code <= CHIP_LAST;
}

static size_t find_chip(const struct editor *e, int number)
{
    size_t i = 0;
    while (i < e->n_chips && e->chips[i] != number)
        i++;
    return i;
}

bool editor_has_chip(const struct editor *e, int number)
{
    return find_chip(e, number) < e->n_chips;
}

static void take_chip(struct editor *e, size_t i)
{
    if (e->n_taken < CHIPS_MOST)
        e->taken[e->n_taken++] = e->chips[i];
    memmove(e->chips + i, e->chips + i + 1, (--e->n_chips - i) * sizeof(*e->chips));
}

void editor_count_chips(struct editor *e)
{
    bool seen[CHIPS_MOST] = {false};
    for (size_t at = 0; at < e->text.size;) {
        uint32_t code;
        size_t n = utf8_decode(e->text.data + at, e->text.size - at, &code);
        size_t i = editor_is_chip(code) ? find_chip(e, (int)(code - CHIP_FIRST)) : 0;
        if (!editor_is_chip(code) || (i < e->n_chips && !seen[i])) {
            seen[i] = seen[i] || editor_is_chip(code);
            at += n;
        } else {
            // Undone, yanked or recalled after its picture was given up: it means nothing now.
            editor_replace(e, at, at + n, "", 0);
        }
    }
    for (size_t i = e->n_chips; i > 0; i--)
        if (!seen[i - 1])
            take_chip(e, i - 1);
}

void editor_add_chip(struct editor *e, int number)
{
    if (number < 0 || number > CHIP_LAST - CHIP_FIRST || e->n_chips == CHIPS_MOST ||
        editor_has_chip(e, number))
        return;
    editor_search_end(e, true);
    char text[4];
    size_t n = utf8_encode((uint32_t)(CHIP_FIRST + number), text);
    editor_begin(e, ACTION_NONE, false);
    if (!editor_replace(e, e->cursor, e->cursor, text, n))
        return;
    e->chips[e->n_chips++] = number;
    for (size_t i = e->n_taken; i > 0; i--)
        if (e->taken[i - 1] == number)
            e->taken[i - 1] = e->taken[--e->n_taken];
}

void editor_remove_chip(struct editor *e, int number)
{
    size_t i = find_chip(e, number);
    if (i == e->n_chips)
        return;
    editor_search_end(e, true);
    e->n_chips--;
    memmove(e->chips + i, e->chips + i + 1, (e->n_chips - i) * sizeof(*e->chips));
    editor_count_chips(e);
}

bool editor_taken_chip(struct editor *e, int *number)
{
    if (e->n_taken == 0)
        return false;
    *number = e->taken[0];
    memmove(e->taken, e->taken + 1, --e->n_taken * sizeof(*e->taken));
    return true;
}

// ---- changing

bool editor_replace(struct editor *e, size_t begin, size_t end, const char *text, size_t size)
{
    if (!buffer_reserve(&e->text, size))
        return false;
    char *data = e->text.data;
    memmove(data + begin + size, data + end, e->text.size - end + 1);
    if (size)
        memcpy(data + begin, text, size);
    e->text.size += size - (end - begin);
    if (e->cursor >= end)
        e->cursor += size - (end - begin);
    else if (e->cursor > begin)
        e->cursor = begin;
    e->goal = -1;
    return true;
}

void editor_replace_all(struct editor *e, const char *text, size_t size, size_t cursor)
{
    if (!editor_replace(e, 0, e->text.size, text, size))
        return;
    e->cursor = cursor;
    editor_count_chips(e);
}

// ---- the two forms of the text

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
static bool add_clean(struct buffer *out, const char *text, size_t size)
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
        if (!add_clean(out, text + from, at - from) || !buffer_add(out, chip, length))
            return false;
        from = at + n;
        at = from - 1;
    }
    return add_clean(out, text + from, size - from);
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

bool editor_empty(const struct editor *e)
{
    return e->text.size == 0;
}

// ---- from outside

static void change_all(struct editor *e, const char *text, size_t size)
{
    struct buffer own = {0};
    editor_search_end(e, true);
    editor_begin(e, ACTION_NONE, false);
    if (editor_take_in(e, &own, text, size))
        editor_replace_all(e, own.data ? own.data : "", own.size, own.size);
    buffer_free(&own);
    e->walk = e->history.count;
}

void editor_set(struct editor *e, const char *text)
{
    change_all(e, text, strlen(text) < TEXT_MOST ? strlen(text) : utf8_whole(text, TEXT_MOST));
}

void editor_clear(struct editor *e)
{
    // The caller has done with the chips: they are not reported.
    e->n_chips = 0;
    change_all(e, "", 0);
}

void editor_insert(struct editor *e, const char *text, size_t size)
{
    struct buffer own = {0};
    size_t room = e->text.size < TEXT_MOST ? TEXT_MOST - e->text.size : 0;
    if (size > room)
        size = utf8_whole(text, room);
    editor_search_end(e, true);
    editor_begin(e, ACTION_NONE, false);
    if (size > 0 && add_clean(&own, text, size) &&
        editor_replace(e, e->cursor, e->cursor, own.data, own.size))
        editor_snap(e);
    buffer_free(&own);
}
