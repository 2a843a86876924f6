// Rows, and what stands before them: bullets, numbers, bars, indents.
#include <stdio.h>
#include <string.h>

#include "ui/markdown_internal.h"

static const struct style text = {STYLE_TEXT, 0}, dim = {STYLE_DIM, 0};

static const char bullets[][4] = {"•", "◦", "▪"};

// ---- levels

static int cells_before(const struct renderer *r)
{
    int cells = 0;
    for (int i = 0; i < r->depth && i < LEVELS_MOST; i++)
        cells += r->levels[i].cells;
    return cells;
}

int level_avail(const struct renderer *r)
{
    int cells = r->width - cells_before(r);
    return cells > 1 ? cells : 1;
}

bool level_tight(const struct renderer *r)
{
    int i = r->depth < LEVELS_MOST ? r->depth : LEVELS_MOST;
    return i > 0 && r->levels[i - 1].tight;
}

void level_push(struct renderer *r, const struct level *l)
{
    if (r->depth++ >= LEVELS_MOST)
        return;
    struct level *new = &r->levels[r->depth - 1];
    *new = *l;
    new->cells = text_width(l->first, strlen(l->first));
    // What is nested deeper than there is room for stands at the same place.
    if (cells_before(r) > r->width / 2) {
        new->first[0] = new->rest[0] = '\0';
        new->cells = 0;
    }
}

void level_pop(struct renderer *r)
{
    r->depth--;
}

void level_push_list(struct renderer *r, bool ordered, bool tight, unsigned number)
{
    level_push(r, &(struct level){
                      .kind = LEVEL_LIST, .ordered = ordered, .tight = tight, .number = number});
}

void level_push_item(struct renderer *r)
{
    struct level item = {.kind = LEVEL_ITEM};
    int depth = 0;
    struct level *list = r->depth > LEVELS_MOST ? NULL : &r->levels[r->depth - 1];
    for (int i = 0; i < r->depth && i < LEVELS_MOST; i++)
        depth += r->levels[i].kind == LEVEL_LIST && !r->levels[i].ordered;
    if (list && list->ordered)
        snprintf(item.first, sizeof(item.first), "%u. ", list->number++);
    else if (list)
        snprintf(item.first, sizeof(item.first), "%s ", bullets[(depth + 2) % 3]);
    snprintf(item.rest, sizeof(item.rest), "%*s", text_width(item.first, strlen(item.first)), "");
    item.tight = list && list->tight;
    level_push(r, &item);
}

// ---- one row

static struct style prefix_style(const struct level *l)
{
    return (struct style){l->kind == LEVEL_QUOTE ? STYLE_QUOTE : STYLE_DIM, 0};
}

// Spaces before the first sign are the row's indent and no text.
static bool add_prefix(struct renderer *r, struct text_row *row)
{
    struct styled *s = &r->out->text;
    for (int i = 0; i < r->depth && i < LEVELS_MOST; i++) {
        struct level *l = &r->levels[i];
        const char *sign = l->begun ? l->rest : l->first;
        size_t blanks = s->size == row->begin ? strspn(sign, " ") : 0;
        row->indent += (int)blanks;
        if (!styled_add(s, sign + blanks, strlen(sign) - blanks, prefix_style(l)))
            return false;
        l->begun = true;
    }
    return true;
}

static bool add_spaces(struct renderer *r, struct text_row *row, int n)
{
    struct styled *s = &r->out->text;
    if (s->size == row->begin) {
        row->indent += n;
        return true;
    }
    for (; n > 0; n--)
        if (!styled_add(s, " ", 1, text))
            return false;
    return true;
}

bool rows_add(struct renderer *r, const struct styled *from, size_t begin, size_t end, int hang)
{
    struct styled *s = &r->out->text;
    struct text_row row = {.begin = s->size};
    if (s->size > r->most || !add_prefix(r, &row) || !add_spaces(r, &row, hang) ||
        !styled_add_part(s, from, begin, end))
        return false;
    row.end = s->size;
    return text_rows_add(&r->out->rows, row);
}

static bool end_line(struct renderer *r)
{
    return styled_add(&r->out->text, "\n", 1, text);
}

bool rows_gap(struct renderer *r)
{
    if (!r->gap)
        return true;
    r->gap = false;
    struct styled *s = &r->out->text;
    struct text_row row = {.begin = s->size};
    // A quote's bar goes on over blank rows.
    for (int i = 0; i < r->depth && i < LEVELS_MOST; i++) {
        const struct level *l = &r->levels[i];
        if (l->kind != LEVEL_QUOTE)
            row.indent += s->size == row.begin ? l->cells : 0;
        else if (l->begun && !styled_add(s, l->rest, strlen(l->rest), prefix_style(l)))
            return false;
    }
    while (s->size > row.begin && s->text[s->size - 1] == ' ')
        styled_cut(s, s->size - 1);
    row.end = s->size;
    row.indent = row.end > row.begin ? row.indent : 0;
    return text_rows_add(&r->out->rows, row) && end_line(r);
}

// ---- blocks

bool rows_paragraph(struct renderer *r, int hang)
{
    struct text_rows rows = {0};
    struct styled *from = &r->line;
    bool ok = rows_gap(r) &&
              text_wrap(from->size ? from->text : "", from->size, level_avail(r), hang, &rows);
    for (size_t i = 0; ok && i < rows.count; i++) {
        const struct text_row *row = &rows.list[i];
        ok = rows_add(r, from, row->begin, row->end, row->indent);
        if (ok && i + 1 < rows.count)
            ok = styled_add_part(&r->out->text, from, row->end, rows.list[i + 1].begin);
    }
    text_rows_finish(&rows);
    styled_cut(from, 0);
    return ok && end_line(r);
}

static bool code_line(struct renderer *r, size_t begin, size_t end)
{
    const char *from = r->line.size ? r->line.text : "";
    do {
        int used, cells;
        size_t n = text_fit(from + begin, end - begin, level_avail(r), &used);
        if (n == 0 && begin < end)
            n = text_grapheme(from + begin, end - begin, &cells);
        if (!rows_add(r, &r->line, begin, begin + n, 0))
            return false;
        begin += n;
    } while (begin < end);
    return end_line(r);
}

bool rows_code(struct renderer *r, const char *language, size_t size)
{
    struct styled name = {0};
    bool ok = rows_gap(r) && styled_add(&name, language, size, dim);
    level_push(r, &(struct level){.kind = LEVEL_CODE, .first = "  ", .rest = "  "});
    if (ok && size > 0) {
        size_t fits = 0;
        int used;
        if (name.size)
            fits = text_fit(name.text, name.size, level_avail(r), &used);
        ok = rows_add(r, &name, 0, fits, 0) && end_line(r);
    }
    styled_finish(&name);
    size_t last = r->line.size;
    if (last > 0 && r->line.text[last - 1] == '\n')
        last--;
    for (size_t at = 0; ok && (at < last || (at == 0 && size == 0));) {
        const char *newline = last > at ? memchr(r->line.text + at, '\n', last - at) : NULL;
        size_t end = newline ? (size_t)(newline - r->line.text) : last;
        ok = code_line(r, at, end);
        at = end + 1;
    }
    level_pop(r);
    styled_cut(&r->line, 0);
    return ok;
}

bool rows_rule(struct renderer *r)
{
    styled_cut(&r->line, 0);
    bool ok = true;
    for (int i = level_avail(r); ok && i > 0; i--)
        ok = styled_add(&r->line, "─", sizeof("─") - 1, dim);
    ok = ok && rows_gap(r) && rows_add(r, &r->line, 0, r->line.size, 0) && end_line(r);
    styled_cut(&r->line, 0);
    return ok;
}
