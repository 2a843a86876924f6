// What the text was before each change. Whole copies: a prompt is short.
#include <stdlib.h>
#include <string.h>

#include "ui/editor_internal.h"

void snapshot_finish(struct snapshot *s)
{
    free(s->text);
    *s = (struct snapshot){0};
}

bool snapshot_take(const struct editor *e, struct snapshot *s)
{
    char *text = malloc(e->text.size + 1);
    if (!text)
        return false;
    memcpy(text, e->text.data, e->text.size + 1);
    snapshot_finish(s);
    *s = (struct snapshot){text, e->text.size, e->cursor};
    return true;
}

static void drop_oldest(struct editor *e)
{
    e->undo_bytes -= e->undo[0].size;
    snapshot_finish(&e->undo[0]);
    memmove(e->undo, e->undo + 1, --e->n_undo * sizeof(*e->undo));
    e->undo[e->n_undo] = (struct snapshot){0};
}

void editor_begin(struct editor *e, enum action action, bool joins)
{
    bool goes_on = joins && e->last == action;
    e->last = action;
    if (goes_on)
        return;
    while (e->n_undo == UNDOS_MOST ||
           (e->n_undo > 0 && e->undo_bytes + e->text.size > UNDO_BYTES_MOST))
        drop_oldest(e);
    if (snapshot_take(e, &e->undo[e->n_undo]))
        e->undo_bytes += e->undo[e->n_undo++].size;
}

void editor_undo(struct editor *e)
{
    e->last = ACTION_NONE;
    if (e->n_undo == 0)
        return;
    struct snapshot *s = &e->undo[--e->n_undo];
    e->undo_bytes -= s->size;
    editor_replace_all(e, s->text, s->size, s->cursor);
    snapshot_finish(s);
}

void editor_forget_undo(struct editor *e)
{
    while (e->n_undo > 0)
        snapshot_finish(&e->undo[--e->n_undo]);
    e->undo_bytes = 0;
}
