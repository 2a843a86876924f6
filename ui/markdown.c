// What the parser reports -> rows.
#include "ui/markdown.h"

#include <stdlib.h>
#include <string.h>

#include <md4c.h>

#include "ui/markdown_internal.h"

enum {
    // HTML is text here: there is no browser, and what a model says is not hidden.
    DIALECT = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_NOHTML,
    SWELL_MOST = 128, // bytes of rows for a byte of text
    SWELL_LEAST = 1 << 16,
};

static struct style style_now(const struct renderer *r)
{
    struct style s = {STYLE_TEXT, 0};
    for (int i = 0; i < r->depth && i < LEVELS_MOST; i++)
        if (r->levels[i].kind == LEVEL_QUOTE)
            s.role = STYLE_QUOTE;
    if (r->heading) {
        s.role = STYLE_HEADING;
        s.flags = EMPHASIS_BOLD;
    }
    if (r->link) {
        s.role = STYLE_ACCENT;
        s.flags |= EMPHASIS_UNDERLINE;
    }
    if (r->code || r->verbatim)
        s.role = STYLE_CODE;
    if (r->image)
        s.role = STYLE_DIM;
    s.flags |= (r->strong ? EMPHASIS_BOLD : 0) | (r->emphasis ? EMPHASIS_ITALIC : 0) |
               (r->strike ? EMPHASIS_STRIKE : 0);
    return s;
}

// The parser stops at once for what is below 0 (for what is above, only somewhere).
static int status(bool ok)
{
    return ok ? 0 : -1;
}

static bool say(struct renderer *r, const char *words, struct style style)
{
    return styled_add(&r->line, words, strlen(words), style);
}

// ---- blocks

// In a tight list the text of an item is no paragraph of its own: it ends where something else
// begins.
static bool end_text(struct renderer *r)
{
    if (r->line.size == 0)
        return true;
    bool ok = rows_paragraph(r, 0);
    r->gap = !level_tight(r);
    return ok;
}

static bool leave_item(struct renderer *r)
{
    const struct level *item = r->depth > LEVELS_MOST ? NULL : &r->levels[r->depth - 1];
    bool ok = r->line.size > 0 || (item && !item->begun) ? rows_paragraph(r, 0) : true;
    level_pop(r);
    r->gap = !level_tight(r);
    return ok;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct renderer *r = data;
    bool ok = type == MD_BLOCK_DOC || type == MD_BLOCK_TH || type == MD_BLOCK_TD || end_text(r);
    switch (type) {
    case MD_BLOCK_QUOTE:
        level_push(r, &(struct level){.kind = LEVEL_QUOTE, .first = "▎ ", .rest = "▎ "});
        break;
    case MD_BLOCK_UL:
        level_push_list(r, false, ((MD_BLOCK_UL_DETAIL *)detail)->is_tight, 0);
        break;
    case MD_BLOCK_OL:
        level_push_list(r, true, ((MD_BLOCK_OL_DETAIL *)detail)->is_tight,
                        ((MD_BLOCK_OL_DETAIL *)detail)->start);
        break;
    case MD_BLOCK_LI:
        level_push_item(r);
        break;
    case MD_BLOCK_H:
        r->heading = true;
        break;
    case MD_BLOCK_CODE:
        r->verbatim = true;
        break;
    case MD_BLOCK_TABLE:
        r->table.columns = ((MD_BLOCK_TABLE_DETAIL *)detail)->col_count;
        break;
    case MD_BLOCK_TH:
        r->strong++;
        if (r->table.count < COLUMNS_MOST)
            r->table.align[r->table.count] = (unsigned char)((MD_BLOCK_TD_DETAIL *)detail)->align;
        break;
    default:
        break;
    }
    return status(ok);
}

static bool leave_leaf(struct renderer *r, MD_BLOCKTYPE type, void *detail)
{
    bool ok = true;
    if (type == MD_BLOCK_HR) {
        ok = rows_rule(r);
    } else if (type == MD_BLOCK_CODE) {
        const MD_ATTRIBUTE *language = &((MD_BLOCK_CODE_DETAIL *)detail)->lang;
        ok = rows_code(r, language->text, language->size);
    } else if (type == MD_BLOCK_TABLE) {
        ok = table_rows(r);
    } else if (r->line.size > 0) {
        ok = rows_paragraph(r, 0);
    }
    r->heading = r->verbatim = false;
    r->gap = !level_tight(r);
    return ok;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct renderer *r = data;
    switch (type) {
    case MD_BLOCK_LI:
        return status(leave_item(r));
    case MD_BLOCK_QUOTE:
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
        level_pop(r);
        r->gap = !level_tight(r);
        return 0;
    case MD_BLOCK_TH:
        r->strong--;
        return status(table_cell(r));
    case MD_BLOCK_TD:
        return status(table_cell(r));
    case MD_BLOCK_HR:
    case MD_BLOCK_H:
    case MD_BLOCK_CODE:
    case MD_BLOCK_P:
    case MD_BLOCK_TABLE:
        return status(leave_leaf(r, type, detail));
    default:
        return 0;
    }
}

// ---- spans

static bool enter_link(struct renderer *r, const MD_SPAN_A_DETAIL *link)
{
    r->link++;
    r->link_begin = r->line.size;
    buffer_clear(&r->address);
    return buffer_add(&r->address, link->href.text, link->href.size);
}

// The address follows, unless it is what was said already.
static bool leave_link(struct renderer *r)
{
    r->link--;
    const struct buffer *a = &r->address;
    size_t said = r->line.size - r->link_begin;
    bool same = said <= a->size && (said == 0 || memcmp(a->data + a->size - said,
                                                        r->line.text + r->link_begin, said) == 0);
    if (a->size == 0 || (same && said > 0))
        return true;
    const struct style dim = {STYLE_DIM, 0};
    return say(r, said ? " (" : "(", dim) && styled_add(&r->line, a->data, a->size, dim) &&
           say(r, ")", dim);
}

static int enter_span(MD_SPANTYPE type, void *detail, void *data)
{
    struct renderer *r = data;
    switch (type) {
    case MD_SPAN_EM:
        r->emphasis++;
        break;
    case MD_SPAN_STRONG:
        r->strong++;
        break;
    case MD_SPAN_DEL:
        r->strike++;
        break;
    case MD_SPAN_CODE:
        r->code++;
        break;
    case MD_SPAN_A:
        return status(enter_link(r, detail));
    case MD_SPAN_IMG:
        r->image++;
        return status(say(r, "[image: ", style_now(r)));
    default:
        break;
    }
    return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *data)
{
    struct renderer *r = data;
    (void)detail;
    switch (type) {
    case MD_SPAN_EM:
        r->emphasis--;
        break;
    case MD_SPAN_STRONG:
        r->strong--;
        break;
    case MD_SPAN_DEL:
        r->strike--;
        break;
    case MD_SPAN_CODE:
        r->code--;
        break;
    case MD_SPAN_A:
        return status(leave_link(r));
    case MD_SPAN_IMG: {
        bool ok = say(r, "]", style_now(r));
        r->image--;
        return status(ok);
    }
    default:
        break;
    }
    return 0;
}

static int add_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *data)
{
    struct renderer *r = data;
    if (r->line.size > r->most)
        return status(false);
    switch (type) {
    case MD_TEXT_NULLCHAR:
        return status(say(r, "\xef\xbf\xbd", style_now(r)));
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR:
        // An alternative text is one line.
        return status(say(r, r->image ? " " : "\n", style_now(r)));
    case MD_TEXT_ENTITY:
        return status(entity_add(&r->line, text, size, style_now(r)));
    default:
        return status(styled_add(&r->line, text, size, style_now(r)));
    }
}

// ---- the document

// What cannot be parsed is shown as it was written.
static bool render_plain(struct renderer *r, const char *text, size_t size)
{
    styled_cut(&r->line, 0);
    r->depth = 0;
    r->most = SIZE_MAX;
    return styled_add(&r->line, text, size, (struct style){STYLE_TEXT, 0}) && rows_paragraph(r, 0);
}

bool markdown_render(const char *text, size_t size, int width, struct page *out)
{
    static const MD_PARSER parser = {.flags = DIALECT,
                                     .enter_block = enter_block,
                                     .leave_block = leave_block,
                                     .enter_span = enter_span,
                                     .leave_span = leave_span,
                                     .text = add_text};
    size_t page_size = out->text.size, rows = out->rows.count;
    struct renderer r = {.out = out, .width = width, .gap = rows > 0};
    r.most = page_size + SWELL_LEAST + SWELL_MOST * size;
    bool ok = md_parse(text, (MD_SIZE)size, &parser, &r) == 0;
    if (!ok) {
        styled_cut(&out->text, page_size);
        out->rows.count = rows;
        r.gap = rows > 0;
        ok = render_plain(&r, text, size);
    }
    styled_finish(&r.line);
    styled_finish(&r.table.text);
    free(r.table.ends);
    buffer_free(&r.address);
    return ok;
}
