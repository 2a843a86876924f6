// Moving by clusters, words and lines; typing, deleting, the kill ring.
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/utf8.h"
#include "ui/editor_internal.h"

// ---- places

void editor_snap(struct editor *e)
{
    if (e->cursor == 0)
        return;
    size_t begin = text_back(e->text.data, e->cursor);
    size_t end = editor_after(e, begin);
    if (end > e->cursor)
        e->cursor = end;
}

size_t editor_before(const struct editor *e, size_t at)
{
    return at > 0 ? text_back(e->text.data, at) : 0;
}

size_t editor_after(const struct editor *e, size_t at)
{
    int cells;
    return at < e->text.size ? at + text_grapheme(e->text.data + at, e->text.size - at, &cells)
                             : at;
}

size_t editor_line_begin(const struct editor *e, size_t at)
{
    while (at > 0 && e->text.data[at - 1] != '\n')
        at--;
    return at;
}

size_t editor_line_end(const struct editor *e, size_t at)
{
    const char *newline = memchr(e->text.data + at, '\n', e->text.size - at);
    return newline ? (size_t)(newline - e->text.data) : e->text.size;
}

enum sign { SIGN_BETWEEN, SIGN_WORD, SIGN_CHIP };

static enum sign sign_at(const struct editor *e, size_t at)
{
    uint32_t code;
    utf8_decode(e->text.data + at, e->text.size - at, &code);
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)code);
    if (editor_is_chip(code))
        return SIGN_CHIP;
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO ? SIGN_WORD : SIGN_BETWEEN;
}

static bool is_blank(const struct editor *e, size_t at)
{
    char c = e->text.data[at];
    return c == ' ' || c == '\t' || c == '\n';
}

static enum sign sign_before(const struct editor *e, size_t at)
{
    return sign_at(e, editor_before(e, at));
}

size_t editor_word_before(const struct editor *e, size_t at)
{
    while (at > 0 && sign_before(e, at) == SIGN_BETWEEN)
        at = editor_before(e, at);
    if (at > 0 && sign_before(e, at) == SIGN_CHIP)
        return editor_before(e, at);
    while (at > 0 && sign_before(e, at) == SIGN_WORD)
        at = editor_before(e, at);
    return at;
}

size_t editor_word_after(const struct editor *e, size_t at)
{
    while (at < e->text.size && sign_at(e, at) == SIGN_BETWEEN)
        at = editor_after(e, at);
    if (at < e->text.size && sign_at(e, at) == SIGN_CHIP)
        return editor_after(e, at);
    while (at < e->text.size && sign_at(e, at) == SIGN_WORD)
        at = editor_after(e, at);
    return at;
}

size_t editor_blank_before(const struct editor *e, size_t at)
{
    while (at > 0 && is_blank(e, at - 1))
        at--;
    while (at > 0 && !is_blank(e, at - 1))
        at--;
    return at;
}

// ---- changes

void editor_type(struct editor *e, uint32_t code)
{
    if (e->text.size >= TEXT_MOST || editor_is_chip(code) || (code >= 0xd800 && code < 0xe000) ||
        code > 0x10ffff)
        return;
    char bytes[4], clean[8];
    size_t n = utf8_clean(clean, sizeof(clean), bytes, utf8_encode(code, bytes));
    // An undo takes back a word, not a letter and not a page.
    bool new_word = e->cursor > 0 && is_blank(e, e->cursor - 1) && code != ' ';
    editor_begin(e, ACTION_TYPE, !new_word);
    if (editor_replace(e, e->cursor, e->cursor, clean, n))
        editor_snap(e);
}

void editor_delete(struct editor *e, size_t begin, size_t end)
{
    if (begin >= end)
        return;
    editor_begin(e, ACTION_DELETE, true);
    editor_replace(e, begin, end, "", 0);
    editor_snap(e);
    editor_count_chips(e);
}

static bool join_kill(struct editor *e, size_t begin, size_t end)
{
    const char *old = e->kills[0] ? e->kills[0] : "";
    size_t size = end - begin, length = strlen(old);
    char *both = malloc(length + size + 1);
    if (!both)
        return false;
    // What stands before the cursor goes before what was killed already.
    char *to = begin < e->cursor ? both + size : both;
    memcpy(to, old, length);
    memcpy(to == both ? both + length : both, e->text.data + begin, size);
    both[length + size] = '\0';
    free(e->kills[0]);
    e->kills[0] = both;
    return true;
}

void editor_kill(struct editor *e, size_t begin, size_t end)
{
    if (begin >= end)
        return;
    bool joins = e->last == ACTION_KILL;
    editor_begin(e, ACTION_KILL, false);
    if (!joins) {
        free(e->kills[KILLS_MOST - 1]);
        memmove(e->kills + 1, e->kills, (KILLS_MOST - 1) * sizeof(*e->kills));
        e->kills[0] = NULL;
    }
    if (join_kill(e, begin, end)) {
        editor_replace(e, begin, end, "", 0);
        editor_snap(e);
        editor_count_chips(e);
    }
}

static void yank(struct editor *e)
{
    const char *text = e->kills[e->yank];
    e->yank_begin = e->cursor;
    if (editor_replace(e, e->cursor, e->cursor, text, strlen(text))) {
        editor_count_chips(e);
        editor_snap(e);
    }
}

void editor_yank(struct editor *e)
{
    e->yank = 0;
    if (!e->kills[0])
        return;
    editor_begin(e, ACTION_YANK, false);
    yank(e);
}

void editor_yank_pop(struct editor *e)
{
    if (e->last != ACTION_YANK)
        return;
    e->yank = e->yank + 1 < KILLS_MOST && e->kills[e->yank + 1] ? e->yank + 1 : 0;
    editor_begin(e, ACTION_YANK, false);
    editor_replace(e, e->yank_begin, e->cursor, "", 0);
    yank(e);
}

// The clusters beside the cursor change places; at the end of a line the two before it.
void editor_transpose(struct editor *e)
{
    size_t end = e->cursor;
    if (end < e->text.size && e->text.data[end] != '\n')
        end = editor_after(e, end);
    size_t middle = editor_before(e, end), begin = editor_before(e, middle);
    if (begin == middle || editor_line_begin(e, end) > begin)
        return;
    char *swapped = malloc(end - begin);
    if (!swapped)
        return;
    memcpy(swapped, e->text.data + middle, end - middle);
    memcpy(swapped + (end - middle), e->text.data + begin, middle - begin);
    editor_begin(e, ACTION_NONE, false);
    memcpy(e->text.data + begin, swapped, end - begin);
    free(swapped);
    e->cursor = end;
    editor_snap(e);
}
