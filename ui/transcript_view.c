// Places, scrolling and drawing. Everything counts from the view or from the end, and over no more
// entries than are seen.
#include "ui/transcript_internal.h"

// ---- places

static bool before(struct place a, struct place b)
{
    return a.entry != b.entry ? a.entry < b.entry : a.row < b.row;
}

static struct place end_of(struct transcript *t)
{
    if (t->count == 0)
        return (struct place){0};
    return (struct place){t->count - 1, transcript_height(t, t->count - 1)};
}

static struct place up(struct transcript *t, struct place p, int rows)
{
    while (rows > p.row && p.entry > 0) {
        rows -= p.row;
        p.entry--;
        p.row = transcript_height(t, p.entry);
    }
    p.row = rows < p.row ? p.row - rows : 0;
    return p;
}

static struct place down(struct transcript *t, struct place p, int rows)
{
    while (p.entry < t->count) {
        int height = transcript_height(t, p.entry);
        if (p.row + rows < height || p.entry + 1 == t->count) {
            p.row = p.row + rows < height ? p.row + rows : height;
            break;
        }
        rows -= height - p.row;
        p.entry++;
        p.row = 0;
    }
    return p;
}

// Where the view begins when the last row is at its bottom.
static struct place lowest(struct transcript *t)
{
    return up(t, end_of(t), t->rows);
}

struct place transcript_view_end(struct transcript *t)
{
    return t->count ? down(t, t->anchor, t->rows) : (struct place){0};
}

static void stop_following(struct transcript *t)
{
    if (t->following)
        t->seen = end_of(t);
    t->following = false;
}

// The view begins here, or where the last row is at its bottom; there it follows.
static void move_to(struct transcript *t, struct place p)
{
    struct place last = lowest(t);
    if (before(p, last)) {
        stop_following(t);
        t->anchor = p;
    } else {
        t->anchor = last;
        t->following = true;
    }
}

void transcript_show(struct transcript *t, struct place p)
{
    stop_following(t);
    struct place last = lowest(t);
    p = up(t, p, t->rows / 3);
    t->anchor = before(p, last) ? p : last;
}

// ---- scrolling

void transcript_scroll(struct transcript *t, int rows)
{
    if (t->count == 0 || t->rows <= 0)
        return;
    struct place from = t->following ? lowest(t) : t->anchor;
    move_to(t, rows < 0 ? up(t, from, -rows) : down(t, from, rows));
}

void transcript_page(struct transcript *t, int pages)
{
    // Two rows of the page before stay in sight.
    int rows = t->rows > 3 ? t->rows - 2 : 1;
    transcript_scroll(t, pages * rows);
}

void transcript_top(struct transcript *t)
{
    if (t->count > 0 && t->rows > 0)
        move_to(t, (struct place){0});
}

void transcript_bottom(struct transcript *t)
{
    t->following = true;
    t->anchor = (struct place){t->count ? t->count - 1 : 0, 0};
}

void transcript_turn(struct transcript *t, int direction)
{
    if (t->count == 0 || t->rows <= 0)
        return;
    struct place from = t->following ? lowest(t) : t->anchor;
    size_t i = from.entry + (direction < 0);
    for (;;) {
        if (direction < 0 ? i == 0 : i >= t->count)
            break;
        i -= direction < 0;
        struct place p = {i, transcript_gap(i)};
        bool beyond = direction < 0 ? before(p, from) : before(from, p);
        if (beyond && t->list[i].kind == ENTRY_USER) {
            move_to(t, p);
            return;
        }
        i += direction >= 0;
    }
    if (direction < 0)
        transcript_top(t);
    else
        transcript_bottom(t);
}

bool transcript_following(const struct transcript *t)
{
    return t->following;
}

int transcript_unseen(struct transcript *t)
{
    if (t->following || t->count == 0 || t->rows <= 0)
        return 0;
    struct place end = transcript_view_end(t);
    if (before(t->seen, end))
        t->seen = end;
    int rows = -t->seen.row;
    for (size_t i = t->seen.entry; i < t->count; i++)
        rows += transcript_height(t, i);
    return rows > 0 ? rows : 0;
}

// ---- drawing

static int old_rows(const struct transcript *t, struct place p)
{
    return p.entry < t->count ? t->list[p.entry].rows : 0;
}

// What was there stays there, as nearly as the rows of another width allow.
static void rescale(struct transcript *t, struct place *p, int old)
{
    if (p->entry >= t->count)
        return;
    int gap = transcript_gap(p->entry), rows = transcript_height(t, p->entry) - gap;
    if (p->row > gap && old > 0)
        p->row = gap + (int)((long)(p->row - gap) * rows / old);
}

static void take_space(struct transcript *t, const struct term_caps *caps, int rows, int cols)
{
    if (cols != t->space.cols) {
        t->space.generation++;
        t->rescale = t->rescale || t->space.cols > 0;
    }
    t->space.cols = cols;
    t->space.caps = *caps;
    t->rows = rows;
    if (t->rescale && !t->following) {
        int anchor = old_rows(t, t->anchor), seen = old_rows(t, t->seen);
        rescale(t, &t->anchor, anchor);
        rescale(t, &t->seen, seen);
    }
    t->rescale = false;
    struct place last = lowest(t);
    if (t->following || before(last, t->anchor))
        t->anchor = last;
}

static void draw_entry(struct transcript *t, size_t entry, const struct entry_view *v)
{
    const struct entry *e = transcript_page_of(t, entry);
    struct entry_view with = *v;
    t->matches.count = 0;
    if (!e)
        return;
    if (t->query.text && e->page.text.size > 0)
        query_find(&t->query, e->page.text.text, e->page.text.size, &t->matches);
    with.matches = &t->matches;
    with.current = entry == t->match_entry ? t->match : SIZE_MAX;
    entry_draw(e, &with);
}

void transcript_draw(struct transcript *t, struct term *term, int row, int col, int rows, int cols)
{
    if (rows <= 0 || cols <= 0)
        return;
    take_space(t, term_get_caps(term), rows, cols);
    // Before anything is drawn: the pictures of this frame must stay until it is shown.
    transcript_drop_far(t);
    int skip = t->anchor.row;
    for (size_t i = t->anchor.entry; i < t->count && rows > 0; i++) {
        int gap = transcript_gap(i), height = transcript_height(t, i), n = height - skip;
        n = n < rows ? n : rows;
        int blank = skip < gap && n > 0 ? gap - skip : 0;
        struct entry_view v = {.term = term,
                               .row = row + blank,
                               .col = col,
                               .cols = cols,
                               .from = skip > gap ? skip - gap : 0,
                               .n = n - blank};
        if (v.n > 0)
            draw_entry(t, i, &v);
        row += n;
        rows -= n;
        skip = 0;
    }
}
