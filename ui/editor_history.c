// Walking and searching what was sent before. Pictures that wait stay: their chips are carried
// along in front of what is recalled.
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/editor_internal.h"

static void show_entry(struct editor *e, const char *text)
{
    struct buffer own = {0};
    bool ok = true;
    for (size_t at = 0; ok && at < e->text.size;) {
        uint32_t code;
        size_t n = utf8_decode(e->text.data + at, e->text.size - at, &code);
        ok = !editor_is_chip(code) || buffer_add(&own, e->text.data + at, n);
        at += n;
    }
    if (ok && editor_take_in(e, &own, text, strlen(text)))
        editor_replace_all(e, own.data ? own.data : "", own.size, own.size);
    buffer_free(&own);
}

bool editor_walk(struct editor *e, int direction)
{
    struct history *h = &e->history;
    if (direction < 0 ? e->walk == 0 : e->walk >= h->count)
        return false;
    editor_begin(e, ACTION_HISTORY, true);
    if (e->walk == h->count && !snapshot_take(e, &e->draft))
        return false;
    e->walk += (size_t)direction;
    if (e->walk < h->count) {
        show_entry(e, h->list[e->walk]);
    } else {
        editor_replace_all(e, e->draft.text, e->draft.size, e->draft.cursor);
        snapshot_finish(&e->draft);
    }
    return true;
}

void editor_remember(struct editor *e, const char *text)
{
    // A chip means nothing once its picture is sent.
    struct buffer own = {0};
    if (editor_take_in(e, &own, text, strlen(text)) && own.data) {
        char *to = own.data;
        for (size_t at = 0; at < own.size;) {
            uint32_t code;
            size_t n = utf8_decode(own.data + at, own.size - at, &code);
            if (!editor_is_chip(code)) {
                memmove(to, own.data + at, n);
                to += n;
            } else {
                n += own.data[at + n] == ' ';
            }
            at += n;
        }
        *to = '\0';
        if (own.data[strspn(own.data, " \t\n")])
            history_add(&e->history, own.data);
    }
    buffer_free(&own);
    e->walk = e->history.count;
}

bool editor_load_history(struct editor *e, const char *path)
{
    bool ok = history_load(&e->history, path);
    e->walk = e->history.count;
    return ok;
}

bool editor_save_history(const struct editor *e, const char *path)
{
    return history_save(&e->history, path);
}

// ---- searching

const char *editor_search_text(const struct editor *e)
{
    if (!e->search.on)
        return NULL;
    return e->search.query.data ? e->search.query.data : "";
}

// The newest entry before `end` that holds the query; without one the text stays.
static void find(struct editor *e, size_t end)
{
    const char *query = editor_search_text(e);
    for (size_t i = end; *query && i > 0; i--)
        if (strcasestr(e->history.list[i - 1], query)) {
            e->search.at = i - 1;
            show_entry(e, e->history.list[i - 1]);
            return;
        }
}

void editor_search_begin(struct editor *e)
{
    if (e->search.on) {
        find(e, e->search.at);
        return;
    }
    if (!snapshot_take(e, &e->search.before))
        return;
    editor_begin(e, ACTION_NONE, false);
    buffer_clear(&e->search.query);
    e->search.on = true;
    e->search.at = e->history.count;
}

void editor_search_end(struct editor *e, bool keep)
{
    if (!e->search.on)
        return;
    e->search.on = false;
    e->last = ACTION_NONE;
    struct snapshot *s = &e->search.before;
    if (!keep) {
        editor_replace_all(e, s->text, s->size, s->cursor);
    } else if (e->search.at < e->history.count) {
        // As if it had been walked to.
        if (e->walk == e->history.count) {
            snapshot_finish(&e->draft);
            e->draft = *s;
            *s = (struct snapshot){0};
        }
        e->walk = e->search.at;
    }
    snapshot_finish(s);
}

static void change_query(struct editor *e, const struct event *key)
{
    struct buffer *q = &e->search.query;
    if (key->key == INPUT_BACKSPACE) {
        if (q->size > 0)
            q->data[q->size = text_back(q->data, q->size)] = '\0';
    } else {
        char bytes[4], clean[8];
        size_t n = utf8_encode(key->code, bytes);
        buffer_add(q, clean, utf8_clean(clean, sizeof(clean), bytes, n));
    }
    find(e, e->history.count);
}

bool editor_search_key(struct editor *e, const struct event *key)
{
    bool ctrl = key->key == INPUT_CHAR && key->mods == MOD_CTRL;
    if (key->key == INPUT_BACKSPACE || (key->key == INPUT_CHAR && !(key->mods & ~MOD_SHIFT)))
        change_query(e, key);
    else if (ctrl && key->code == 'h')
        change_query(e, &(struct event){.key = INPUT_BACKSPACE});
    else if (ctrl && key->code == 'r')
        editor_search_begin(e);
    else if (key->key == INPUT_ESCAPE || (ctrl && (key->code == 'g' || key->code == 'c')))
        editor_search_end(e, false);
    else
        return false;
    return true;
}
