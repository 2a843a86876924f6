// What keys do.
#include "ui/editor_internal.h"

static bool alone(const struct event *k, unsigned mods)
{
    return k->mods == mods;
}

static enum editor_result moved(struct editor *e, size_t to)
{
    e->cursor = to;
    e->goal = -1;
    e->last = ACTION_NONE;
    return EDITOR_CHANGED;
}

static enum editor_result up_or_down(struct editor *e, int direction)
{
    int goal = e->goal;
    bool done = editor_move_row(e, direction);
    if (!done) {
        e->goal = goal;
        return editor_walk(e, direction) ? EDITOR_CHANGED : EDITOR_IGNORED;
    }
    e->last = ACTION_NONE;
    return EDITOR_CHANGED;
}

static enum editor_result enter(struct editor *e, const struct event *k)
{
    size_t at = e->cursor;
    if (!alone(k, 0)) {
        editor_type(e, '\n');
        return EDITOR_CHANGED;
    }
    bool at_end = editor_line_end(e, at) == at;
    if (at_end && at > 0 && e->text.data[at - 1] == '\\') {
        editor_begin(e, ACTION_NONE, false);
        editor_replace(e, at - 1, at, "\n", 1);
        return EDITOR_CHANGED;
    }
    return EDITOR_SUBMIT;
}

// To the line's border; at the border already, the newline there.
static enum editor_result kill_line(struct editor *e, bool forward)
{
    size_t at = e->cursor;
    size_t to = forward ? editor_line_end(e, at) : editor_line_begin(e, at);
    if (to == at)
        to = forward ? editor_after(e, at) : editor_before(e, at);
    if (forward)
        editor_kill(e, at, to);
    else
        editor_kill(e, to, at);
    return EDITOR_CHANGED;
}

static enum editor_result control(struct editor *e, uint32_t code)
{
    size_t at = e->cursor;
    switch (code) {
    case 'a':
        return moved(e, editor_line_begin(e, at));
    case 'e':
        return moved(e, editor_line_end(e, at));
    case 'b':
        return moved(e, editor_before(e, at));
    case 'f':
        return moved(e, editor_after(e, at));
    case 'd':
        if (editor_empty(e))
            return EDITOR_IGNORED;
        editor_delete(e, at, editor_after(e, at));
        return EDITOR_CHANGED;
    case 'h':
        editor_delete(e, editor_before(e, at), at);
        return EDITOR_CHANGED;
    case 'i':
        return EDITOR_COMPLETE;
    case 'j':
        editor_type(e, '\n');
        return EDITOR_CHANGED;
    case 'k':
    case 'u':
        return kill_line(e, code == 'k');
    case 'm':
        return enter(e, &(struct event){0});
    case 'p':
    case 'n':
        return editor_walk(e, code == 'p' ? -1 : 1) ? EDITOR_CHANGED : EDITOR_IGNORED;
    case 'r':
        editor_search_begin(e);
        return EDITOR_CHANGED;
    case 't':
        editor_transpose(e);
        return EDITOR_CHANGED;
    case 'w':
        editor_kill(e, editor_blank_before(e, at), at);
        return EDITOR_CHANGED;
    case 'y':
        editor_yank(e);
        return EDITOR_CHANGED;
    case '_':
    case '/':
        editor_undo(e);
        return EDITOR_CHANGED;
    default:
        return EDITOR_IGNORED;
    }
}

static enum editor_result alt(struct editor *e, uint32_t code)
{
    size_t at = e->cursor;
    switch (code) {
    case 'b':
        return moved(e, editor_word_before(e, at));
    case 'f':
        return moved(e, editor_word_after(e, at));
    case 'd':
        editor_kill(e, at, editor_word_after(e, at));
        return EDITOR_CHANGED;
    case 'y':
        editor_yank_pop(e);
        return EDITOR_CHANGED;
    default:
        return EDITOR_IGNORED;
    }
}

static enum editor_result erase(struct editor *e, const struct event *k)
{
    size_t at = e->cursor;
    bool word = k->mods & (MOD_ALT | MOD_CTRL);
    if (k->key == INPUT_BACKSPACE && word)
        editor_kill(e, editor_word_before(e, at), at);
    else if (k->key == INPUT_BACKSPACE)
        editor_delete(e, editor_before(e, at), at);
    else if (word)
        editor_kill(e, at, editor_word_after(e, at));
    else
        editor_delete(e, at, editor_after(e, at));
    return EDITOR_CHANGED;
}

static enum editor_result other(struct editor *e, const struct event *k)
{
    size_t at = e->cursor;
    bool word = k->mods & (MOD_ALT | MOD_CTRL);
    switch (k->key) {
    case INPUT_ENTER:
        return enter(e, k);
    case INPUT_TAB:
        return alone(k, 0) ? EDITOR_COMPLETE : EDITOR_IGNORED;
    case INPUT_BACKSPACE:
    case INPUT_DELETE:
        return erase(e, k);
    case INPUT_LEFT:
        return moved(e, word ? editor_word_before(e, at) : editor_before(e, at));
    case INPUT_RIGHT:
        return moved(e, word ? editor_word_after(e, at) : editor_after(e, at));
    case INPUT_HOME:
        return word ? EDITOR_IGNORED : moved(e, editor_line_begin(e, at));
    case INPUT_END:
        return word ? EDITOR_IGNORED : moved(e, editor_line_end(e, at));
    case INPUT_UP:
        return word ? EDITOR_IGNORED : up_or_down(e, -1);
    case INPUT_DOWN:
        return word ? EDITOR_IGNORED : up_or_down(e, 1);
    default:
        return EDITOR_IGNORED;
    }
}

enum editor_result editor_key(struct editor *e, const struct event *key)
{
    if (key->kind != EVENT_KEY)
        return EDITOR_IGNORED;
    if (e->search.on) {
        if (editor_search_key(e, key))
            return EDITOR_CHANGED;
        editor_search_end(e, true);
    }
    if (key->key != INPUT_CHAR)
        return other(e, key);
    if (key->mods & MOD_CTRL)
        return key->mods == MOD_CTRL ? control(e, key->code) : EDITOR_IGNORED;
    if (key->mods & MOD_ALT)
        return alt(e, key->code);
    editor_type(e, key->code);
    return EDITOR_CHANGED;
}
