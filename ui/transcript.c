// The list of entries.
#include "ui/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ui/transcript_internal.h"

struct transcript *transcript_create(void)
{
    struct transcript *t = calloc(1, sizeof(*t));
    if (t) {
        t->following = true;
        t->match_entry = SIZE_MAX;
        t->space.generation = 1;
    }
    return t;
}

void transcript_destroy(struct transcript *t)
{
    if (!t)
        return;
    transcript_truncate(t, 0);
    query_finish(&t->query);
    matches_finish(&t->matches);
    free(t->list);
    free(t->laid);
    free(t);
}

size_t transcript_add(struct transcript *t, enum entry_kind kind, const char *text)
{
    struct entry *list = array_reserve(t->list, t->count, &t->room, sizeof(*list));
    if (!list)
        return SIZE_MAX;
    t->list = list;
    struct entry *e = &t->list[t->count];
    *e = (struct entry){.kind = kind, .streaming = kind == ENTRY_ASSISTANT};
    if (!entry_append(e, text, strlen(text))) {
        entry_finish(e);
        return SIZE_MAX;
    }
    return t->count++;
}

void transcript_add_picture(struct transcript *t, size_t entry, struct ui_picture *p)
{
    if (entry < t->count)
        entry_add_picture(&t->list[entry], p);
}

void transcript_append(struct transcript *t, size_t entry, const char *text, size_t size)
{
    if (entry < t->count)
        entry_append(&t->list[entry], text, size);
}

void transcript_set_text(struct transcript *t, size_t entry, const char *text)
{
    if (entry < t->count)
        entry_set_text(&t->list[entry], text);
}

void transcript_finish(struct transcript *t, size_t entry, const char *figures)
{
    if (entry < t->count)
        entry_set_figures(&t->list[entry], figures);
}

void transcript_truncate(struct transcript *t, size_t entries)
{
    if (entries >= t->count)
        return;
    for (size_t i = entries; i < t->count; i++)
        entry_finish(&t->list[i]);
    t->count = entries;
    size_t kept = 0;
    for (size_t i = 0; i < t->n_laid; i++)
        if (t->laid[i] < entries)
            t->laid[kept++] = t->laid[i];
    t->n_laid = kept;
    if (t->match_entry >= entries)
        t->match_entry = SIZE_MAX;
    if (t->anchor.entry >= entries)
        transcript_bottom(t);
    if (t->seen.entry >= entries)
        t->seen = (struct place){entries, 0};
}

size_t transcript_count(const struct transcript *t)
{
    return t->count;
}

const char *transcript_text(const struct transcript *t, size_t entry)
{
    const char *text = entry < t->count ? t->list[entry].text.data : NULL;
    return text ? text : "";
}

enum entry_kind transcript_kind(const struct transcript *t, size_t entry)
{
    return entry < t->count ? t->list[entry].kind : ENTRY_NOTE;
}

bool transcript_code(struct transcript *t, size_t entry, size_t n, const char **out, size_t *size)
{
    if (entry >= t->count || t->list[entry].kind != ENTRY_ASSISTANT)
        return false;
    struct entry *e = &t->list[entry];
    buffer_clear(&e->code);
    if (!markdown_code(transcript_text(t, entry), e->text.size, n, &e->code))
        return false;
    *out = e->code.data ? e->code.data : "";
    *size = e->code.size;
    return true;
}
