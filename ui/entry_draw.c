// An entry's rows on the screen.
#include <string.h>

#include "ui/entry.h"
#include "ui/entry_layout.h"

static const struct style dim = {STYLE_DIM, 0}, accent = {STYLE_ACCENT, 0};

// Of the part of the entry that is drawn: rows [begin, begin + n) in it -> from and n of what is
// visible, and the row of the screen. False: nothing is.
static bool visible(const struct entry_view *v, int begin, int n, int *from, int *count, int *row)
{
    int first = begin > v->from ? begin : v->from;
    int end = begin + n < v->from + v->n ? begin + n : v->from + v->n;
    *from = first - begin;
    *count = end - first;
    *row = v->row + first - v->from;
    return end > first;
}

static void put_cut(const struct entry_view *v, int row, int cols, const char *text)
{
    size_t size = strlen(text);
    int used, col = v->col + ENTRY_MARGIN;
    if (text_width(text, size) <= cols) {
        term_put(v->term, row, col, cols, text, size, dim);
        return;
    }
    size_t fits = text_fit(text, size, cols - 1, &used);
    term_put(v->term, row, col, used, text, fits, dim);
    term_put(v->term, row, col + used, 1, "…", sizeof("…") - 1, dim);
}

static void draw_pictures(const struct entry *e, const struct entry_view *v)
{
    int at = 0, from, n, row;
    for (size_t i = 0; i < e->n_pictures; i++) {
        const struct entry_picture *p = &e->pictures[i];
        if (p->rows > 0 && visible(v, at, p->rows, &from, &n, &row))
            ui_picture_draw(p->picture, v->term, row, v->col + ENTRY_MARGIN, p->cols, p->rows, from,
                            n);
        at += p->rows;
        const char *caption = ui_picture_caption(p->picture);
        if (visible(v, at, 1, &from, &n, &row))
            put_cut(v, row, v->cols - ENTRY_MARGIN, *caption ? caption : "picture");
        at += 2;
    }
}

// The first match that ends behind `at`.
static size_t first_match(const struct matches *m, size_t at)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->list[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void draw_text_row(const struct entry *e, const struct entry_view *v, size_t i, int row)
{
    const struct styled *s = &e->page.text;
    const struct text_row *r = &e->page.rows.list[i];
    int col = v->col + ENTRY_MARGIN + r->indent, right = v->col + v->cols;
    size_t run = styled_run(s, r->begin), match = first_match(v->matches, r->begin);
    for (size_t at = r->begin; at < r->end && col < right;) {
        const struct match *m = match < v->matches->count ? &v->matches->list[match] : NULL;
        bool found = m && m->begin <= at;
        struct style style = s->runs[run].style;
        size_t next = r->end;
        if (run + 1 < s->n_runs)
            next = least(next, s->runs[run + 1].at);
        if (m)
            next = least(next, found ? m->end : m->begin);
        if (found)
            style = (struct style){STYLE_MATCH, match == v->current ? EMPHASIS_BOLD : 0};
        col += term_put(v->term, row, col, right - col, s->text + at, next - at, style);
        at = next;
        run += run + 1 < s->n_runs && s->runs[run + 1].at <= at;
        match += m && at >= m->end;
    }
}

void entry_draw(const struct entry *e, const struct entry_view *v)
{
    int from, n, row;
    if (e->kind == ENTRY_USER)
        for (int i = 0; i < v->n; i++)
            term_put(v->term, v->row + i, v->col, 1, "▌", sizeof("▌") - 1, accent);
    if (v->cols <= ENTRY_MARGIN)
        return; // the layout is for a cell more, which is not ours
    draw_pictures(e, v);
    if (!visible(v, entry_text_row(e), (int)e->page.rows.count, &from, &n, &row))
        return;
    for (int i = 0; i < n; i++)
        draw_text_row(e, v, (size_t)(from + i), row + i);
}
