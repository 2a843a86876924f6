// Making and destroying, chips, and what is changed from outside.
#include "ui/editor.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/editor_internal.h"

enum { WIDTH_AT_START = 80 };

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
    if (size > 0 && editor_clean(&own, text, size) &&
        editor_replace(e, e->cursor, e->cursor, own.data, own.size))
        editor_snap(e);
    buffer_free(&own);
}
