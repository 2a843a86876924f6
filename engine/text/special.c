#include "engine/text/special.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static bool add_cut(struct special_cuts *l, struct special_cut c)
{
    struct special_cut *list = array_reserve(l->list, l->count, &l->room, sizeof(*list));
    if (!list)
        return false;
    l->list = list;
    l->list[l->count++] = c;
    return true;
}

// Cuts out the occurrences of `s` in text[start..end), left to right, that touch no byte marked in
// `taken`, and marks theirs.
static bool cut_token(const struct special_token *s, const char *text, size_t start, size_t end,
                      char *taken, struct special_cuts *cuts)
{
    const char *hit, *from = text + start;
    size_t size = s->text.size;
    while ((hit = memmem(from, (size_t)(text + end - from), s->text.data, size))) {
        size_t at = (size_t)(hit - text);
        from = hit + 1;
        if (memchr(taken + at, 1, size))
            continue;
        if (!add_cut(cuts, (struct special_cut){at, s}))
            return false;
        memset(taken + at, 1, size);
        from = hit + size;
    }
    return true;
}

// The same in the special spans alone, those side by side as one.
static bool cut_in_special(const struct special_token *s, const char *text,
                           const struct text_span *spans, size_t n, char *taken,
                           struct special_cuts *cuts)
{
    size_t at = 0;
    for (size_t i = 0; i < n;) {
        size_t start = at;
        bool special = spans[i].special;
        for (; i < n && spans[i].special == special; i++)
            at += spans[i].size;
        if (special && !cut_token(s, text, start, at, taken, cuts))
            return false;
    }
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct special_cut *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

bool special_find(const struct vocabulary *v, const struct buffer *text,
                  const struct text_span *spans, size_t n, struct special_cuts *cuts)
{
    char *taken = calloc(1, text->size + 1);
    bool ok = taken != NULL;
    for (size_t i = 0; ok && i < v->n_specials; i++) {
        const struct special_token *s = &v->specials[i];
        ok = s->typed ? cut_token(s, text->data, 0, text->size, taken, cuts)
                      : cut_in_special(s, text->data, spans, n, taken, cuts);
    }
    free(taken);
    if (ok && cuts->count > 0)
        qsort(cuts->list, cuts->count, sizeof(*cuts->list), by_start);
    return ok;
}

void special_cuts_free(struct special_cuts *l)
{
    free(l->list);
    *l = (struct special_cuts){0};
}
