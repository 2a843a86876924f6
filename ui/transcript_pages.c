// Which entries have their rows at hand: those around the view. Of the others the height is known.
#include <stdlib.h>

#include "base/array.h"
#include "ui/transcript_internal.h"

int transcript_gap(size_t entry)
{
    return entry > 0;
}

static bool is_near(const struct transcript *t, size_t entry)
{
    size_t a = t->anchor.entry;
    return entry + 1 == t->count || (entry <= a + PAGES_AROUND && a <= entry + PAGES_AROUND);
}

static void forget_pictures(struct entry *e)
{
    for (size_t i = 0; i < e->n_pictures; i++)
        ui_picture_forget(e->pictures[i].picture);
}

void transcript_drop_far(struct transcript *t)
{
    for (size_t i = t->n_laid; i > 0; i--) {
        size_t entry = t->laid[i - 1];
        if (is_near(t, entry))
            continue;
        entry_drop_page(&t->list[entry]);
        forget_pictures(&t->list[entry]);
        t->laid[i - 1] = t->laid[--t->n_laid];
    }
}

void transcript_changed(struct transcript *t)
{
    t->space.generation++;
    t->rescale = true;
    for (size_t i = 0; i < t->n_laid; i++)
        forget_pictures(&t->list[t->laid[i]]);
}

static bool note_page(struct transcript *t, size_t entry)
{
    for (size_t i = 0; i < t->n_laid; i++)
        if (t->laid[i] == entry)
            return true;
    size_t *laid = array_reserve(t->laid, t->n_laid, &t->laid_room, sizeof(*laid));
    if (!laid)
        return false;
    t->laid = laid;
    t->laid[t->n_laid++] = entry;
    return true;
}

static struct entry *lay_out(struct transcript *t, size_t entry, bool page)
{
    struct entry *e = &t->list[entry];
    bool had = e->laid;
    bool ok = entry_lay_out(e, &t->space, page);
    if (!had && e->laid && !note_page(t, entry))
        entry_drop_page(e);
    return ok && (e->laid || !page) ? e : NULL;
}

int transcript_height(struct transcript *t, size_t entry)
{
    struct entry *e = lay_out(t, entry, false);
    transcript_release(t, entry);
    return transcript_gap(entry) + (e ? e->rows : 0);
}

struct entry *transcript_page_of(struct transcript *t, size_t entry)
{
    return lay_out(t, entry, true);
}

void transcript_release(struct transcript *t, size_t entry)
{
    if (t->n_laid == 0 || t->laid[t->n_laid - 1] != entry || is_near(t, entry))
        return;
    entry_drop_page(&t->list[entry]);
    t->n_laid--;
}
