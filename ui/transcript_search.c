// Going from match to match. Text that cannot hold one is not laid out.
#include <string.h>

#include "ui/transcript_internal.h"

// The matches of an entry, in t->matches. NULL: there are none.
static const struct entry *find_in(struct transcript *t, size_t entry)
{
    const struct entry *e = &t->list[entry];
    const char *text = transcript_text(t, entry);
    bool may = query_may_match(&t->query, text) || e->kind == ENTRY_ERROR ||
               (e->figures && query_may_match(&t->query, e->figures));
    e = may ? transcript_page_of(t, entry) : NULL;
    t->matches.count = 0;
    if (e && e->page.text.size > 0)
        query_find(&t->query, e->page.text.text, e->page.text.size, &t->matches);
    if (t->matches.count > 0)
        return e;
    transcript_release(t, entry);
    return NULL;
}

static struct place place_of(size_t entry, const struct entry *e, const struct match *m)
{
    return (struct place){entry, transcript_gap(entry) + entry_row_of_byte(e, m->begin)};
}

static void go_to(struct transcript *t, size_t entry, const struct entry *e, size_t match)
{
    t->match_entry = entry;
    t->match = match;
    transcript_show(t, place_of(entry, e, &t->matches.list[match]));
}

// How many matches of the entry are before where the search begins: before the last match, or
// before the view's edge.
static size_t passed(const struct transcript *t, size_t entry, const struct entry *e,
                     struct place edge, int direction)
{
    if (t->match_entry == entry)
        return t->match < t->matches.count ? t->match + (direction > 0) : t->matches.count;
    size_t n = 0;
    while (n < t->matches.count && place_of(entry, e, &t->matches.list[n]).row < edge.row)
        n++;
    return n;
}

static bool search(struct transcript *t, int direction)
{
    struct place edge = direction < 0 ? transcript_view_end(t) : t->anchor;
    size_t first = t->match_entry < t->count ? t->match_entry : edge.entry;
    // Once around; the first entry twice, for what is on the other side of where it begins.
    for (size_t i = 0; i <= t->count; i++) {
        size_t entry =
            direction < 0 ? (first + t->count - i % t->count) % t->count : (first + i) % t->count;
        const struct entry *e = find_in(t, entry);
        if (!e)
            continue;
        size_t n = t->matches.count;
        size_t k = i > 0 ? (direction < 0 ? n : 0) : passed(t, entry, e, edge, direction);
        if (direction < 0 ? k > 0 : k < n) {
            go_to(t, entry, e, direction < 0 ? k - 1 : k);
            return true;
        }
    }
    return false;
}

bool transcript_search(struct transcript *t, const char *text, int direction)
{
    if (!t->query.text || strcmp(t->query.text, text) != 0) {
        t->match_entry = SIZE_MAX;
        query_set(&t->query, text);
    }
    return t->query.text && t->count > 0 && t->rows > 0 && search(t, direction);
}
