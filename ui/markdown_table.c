// Tables: columns as wide as their text, made narrower where they do not fit; where not even that
// helps, each row as a list of "heading: value".
#include <stdlib.h>

#include <md4c.h>

#include "base/array.h"
#include "ui/markdown_internal.h"

enum { COLUMN_LEAST = 6, BETWEEN = 3, HANG = 2 }; // cells: a column that is cut, " │ "

static const struct style dim = {STYLE_DIM, 0};

bool table_cell(struct renderer *r)
{
    struct table *t = &r->table;
    if (t->count >= r->most)
        return false;
    size_t *ends = array_reserve(t->ends, t->count, &t->room, sizeof(*ends));
    if (!ends)
        return false;
    t->ends = ends;
    if (!styled_add_part(&t->text, &r->line, 0, r->line.size))
        return false;
    styled_cut(&r->line, 0);
    t->ends[t->count++] = t->text.size;
    return true;
}

static size_t cell_begin(const struct table *t, size_t i)
{
    return i > 0 ? t->ends[i - 1] : 0;
}

static int cell_width(const struct table *t, size_t i)
{
    size_t begin = cell_begin(t, i);
    return t->ends[i] > begin ? text_width(t->text.text + begin, t->ends[i] - begin) : 0;
}

// ---- widths

static int sum_capped(const int *widths, size_t columns, int cap)
{
    int sum = 0;
    for (size_t c = 0; c < columns; c++)
        sum += widths[c] < cap ? widths[c] : cap;
    return sum;
}

// The widest columns give way until all fit. False: there is no room for that.
static bool fit_columns(const struct table *t, int avail, int *widths)
{
    if (t->columns > COLUMNS_MOST)
        return false;
    for (size_t c = 0; c < t->columns; c++)
        widths[c] = 1;
    for (size_t i = 0; i < t->count; i++) {
        int w = cell_width(t, i);
        if (w > widths[i % t->columns])
            widths[i % t->columns] = w;
    }
    avail -= BETWEEN * (int)(t->columns - 1);
    if (sum_capped(widths, t->columns, COLUMN_LEAST) > avail)
        return false;
    int cap = COLUMN_LEAST;
    while (cap < avail && sum_capped(widths, t->columns, cap + 1) <= avail)
        cap++;
    int left = avail - sum_capped(widths, t->columns, cap);
    for (size_t c = 0; c < t->columns; c++)
        if (widths[c] > cap) {
            widths[c] = cap + (left > 0);
            left -= left > 0;
        }
    return true;
}

// ---- aligned columns

static bool add_blanks(struct styled *s, int n)
{
    for (; n > 0; n--)
        if (!styled_add(s, " ", 1, dim))
            return false;
    return true;
}

static int blanks_before(unsigned char align, int blanks)
{
    return align == MD_ALIGN_RIGHT ? blanks : align == MD_ALIGN_CENTER ? blanks / 2 : 0;
}

// Row `line` of the cell that was wrapped to `rows`, in a column of `width`.
static bool add_cell_line(struct renderer *r, size_t begin, const struct text_rows *rows,
                          size_t line, size_t column, int width)
{
    const struct table *t = &r->table;
    bool last = column + 1 == t->columns;
    if (line >= rows->count)
        return last || add_blanks(&r->line, width);
    const struct text_row *row = &rows->list[line];
    size_t from = begin + row->begin, to = begin + row->end;
    int blanks = width - (to > from ? text_width(t->text.text + from, to - from) : 0);
    int before = blanks_before(t->align[column], blanks);
    return add_blanks(&r->line, before) && styled_add_part(&r->line, &t->text, from, to) &&
           (last || add_blanks(&r->line, blanks - before));
}

static bool add_line(struct renderer *r)
{
    bool ok = rows_add(r, &r->line, 0, r->line.size, 0) && styled_add(&r->out->text, "\n", 1, dim);
    styled_cut(&r->line, 0);
    return ok;
}

static bool table_row(struct renderer *r, size_t first, const int *widths, struct text_rows *cells)
{
    const struct table *t = &r->table;
    size_t lines = 1;
    for (size_t c = 0; c < t->columns; c++) {
        size_t begin = cell_begin(t, first + c), size = t->ends[first + c] - begin;
        if (!text_wrap(size ? t->text.text + begin : "", size, widths[c], 0, &cells[c]))
            return false;
        lines = cells[c].count > lines ? cells[c].count : lines;
    }
    for (size_t line = 0; line < lines; line++) {
        for (size_t c = 0; c < t->columns; c++) {
            if (c > 0 && !styled_add(&r->line, " │ ", sizeof(" │ ") - 1, dim))
                return false;
            if (!add_cell_line(r, cell_begin(t, first + c), &cells[c], line, c, widths[c]))
                return false;
        }
        if (!add_line(r))
            return false;
    }
    return true;
}

static bool rule_below_head(struct renderer *r, const int *widths)
{
    for (size_t c = 0; c < r->table.columns; c++) {
        if (c > 0 && !styled_add(&r->line, "─┼─", sizeof("─┼─") - 1, dim))
            return false;
        for (int i = 0; i < widths[c]; i++)
            if (!styled_add(&r->line, "─", sizeof("─") - 1, dim))
                return false;
    }
    return add_line(r);
}

static bool aligned(struct renderer *r, const int *widths)
{
    struct text_rows cells[COLUMNS_MOST] = {{0}};
    bool ok = true;
    for (size_t i = 0; ok && i + r->table.columns <= r->table.count; i += r->table.columns) {
        ok = table_row(r, i, widths, cells);
        if (i == 0)
            ok = ok && rule_below_head(r, widths);
    }
    for (size_t c = 0; c < COLUMNS_MOST; c++)
        text_rows_finish(&cells[c]);
    return ok;
}

// ---- heading: value

static bool add_pair(struct renderer *r, size_t heading, size_t value)
{
    const struct table *t = &r->table;
    size_t begin = cell_begin(t, heading), from = cell_begin(t, value);
    if (t->ends[heading] > begin &&
        (!styled_add_part(&r->line, &t->text, begin, t->ends[heading]) ||
         !styled_add(&r->line, ": ", 2, dim)))
        return false;
    return styled_add_part(&r->line, &t->text, from, t->ends[value]) && rows_paragraph(r, HANG);
}

static bool pairs(struct renderer *r)
{
    const struct table *t = &r->table;
    for (size_t i = t->columns; i + t->columns <= t->count; i += t->columns) {
        r->gap = i > t->columns;
        if (!rows_gap(r))
            return false;
        for (size_t c = 0; c < t->columns; c++)
            if (t->ends[i + c] > cell_begin(t, i + c) && !add_pair(r, c, i + c))
                return false;
    }
    return true;
}

bool table_rows(struct renderer *r)
{
    struct table *t = &r->table;
    int widths[COLUMNS_MOST];
    bool ok = rows_gap(r);
    if (ok && t->columns > 0)
        ok = fit_columns(t, level_avail(r), widths) ? aligned(r, widths) : pairs(r);
    t->count = 0;
    styled_cut(&t->text, 0);
    return ok;
}
