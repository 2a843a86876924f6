// Lines -> rows. One pass over the clusters; a row that overflows is cut at the last place where it
// could be, and reading goes on from there.
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "ui/text.h"

enum { TAB_CELLS = 4 };

void text_rows_finish(struct text_rows *r)
{
    free(r->list);
    *r = (struct text_rows){0};
}

void page_finish(struct page *p)
{
    styled_finish(&p->text);
    text_rows_finish(&p->rows);
}

bool text_rows_add(struct text_rows *r, struct text_row row)
{
    struct text_row *list = array_reserve(r->list, r->count, &r->room, sizeof(*list));
    if (!list)
        return false;
    r->list = list;
    r->list[r->count++] = row;
    return true;
}

// Marks that must not begin a row: they belong to what stands before them.
static bool closes(const char *text, size_t size)
{
    static const uint32_t marks[] = {0x3001, 0x3002, 0x300d, 0x300f, 0x3011, 0x3015,
                                     0x300b, 0x3009, 0xff01, 0xff09, 0xff0c, 0xff0e,
                                     0xff1a, 0xff1b, 0xff1f, 0x30fc};
    uint32_t code;
    utf8_decode(text, size, &code);
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (marks[i] == code)
            return true;
    return false;
}

struct row_state {
    size_t begin;      // of the row
    int indent, avail; // cells before it, and for it
    int col;           // cells used
    size_t fits;       // end of what is within `avail`
    size_t cut, next;  // the last place to cut: the row's end, and where the next one begins
    bool after_space, after_wide;
};

static void begin_row(struct row_state *s, size_t at, int indent, int width)
{
    *s = (struct row_state){
        .begin = at, .indent = indent, .avail = width - indent, .fits = at, .cut = at, .next = at};
}

static void take_space(struct row_state *s, size_t at, char c)
{
    if (!s->after_space)
        s->cut = at;
    s->next = at + 1;
    s->after_space = true;
    s->after_wide = false;
    s->col += c == '\t' ? TAB_CELLS - (s->indent + s->col) % TAB_CELLS : 1;
    if (s->col <= s->avail)
        s->fits = at + 1;
}

// Text without spaces between its words (Chinese, Japanese) can be cut beside each wide cluster.
static void note_wide(struct row_state *s, const char *text, size_t at, size_t size, int cells)
{
    bool beside = (cells == 2 || s->after_wide) && !s->after_space;
    if (beside && at > s->begin && !closes(text + at, size - at))
        s->cut = s->next = at;
    s->after_wide = cells == 2;
}

static bool wrap_line(const char *text, size_t begin, size_t end, int width, int hang,
                      struct text_rows *out)
{
    struct row_state s;
    begin_row(&s, begin, 0, width);
    for (size_t at = begin; at < end;) {
        if (text[at] == ' ' || text[at] == '\t') {
            take_space(&s, at, text[at]);
            at++;
            continue;
        }
        int cells;
        size_t n = text_grapheme(text + at, end - at, &cells);
        note_wide(&s, text, at, end, cells);
        if (s.col + cells <= s.avail || at == s.begin) {
            s.col += cells;
            s.fits = at += n;
            s.after_space = false;
            continue;
        }
        bool can = s.next > s.begin;
        if (!text_rows_add(out, (struct text_row){s.begin, can ? s.cut : at, s.indent}))
            return false;
        at = can ? s.next : at;
        begin_row(&s, at, hang, width);
    }
    // Spaces beyond the edge make no row of their own.
    return text_rows_add(out, (struct text_row){s.begin, s.fits, s.indent});
}

bool text_wrap(const char *text, size_t size, int width, int hang, struct text_rows *out)
{
    out->count = 0;
    if (hang >= width)
        hang = width - 1;
    for (size_t at = 0;;) {
        const char *newline = at < size ? memchr(text + at, '\n', size - at) : NULL;
        size_t end = newline ? (size_t)(newline - text) : size;
        if (!wrap_line(text, at, end, width, hang, out))
            return false;
        if (!newline)
            return true;
        at = end + 1;
    }
}
