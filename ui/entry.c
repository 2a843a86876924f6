// What an entry says, and its rows.
#include "ui/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/entry_layout.h"

void entry_finish(struct entry *e)
{
    entry_drop_page(e);
    for (size_t i = 0; i < e->n_pictures; i++)
        ui_picture_unref(e->pictures[i].picture);
    free(e->pictures);
    free(e->figures);
    buffer_free(&e->text);
    buffer_free(&e->held);
    buffer_free(&e->code);
    *e = (struct entry){0};
}

static void changed(struct entry *e)
{
    e->generation = 0;
}

// ---- what it says

static bool add_clean(struct buffer *out, const char *text, size_t size)
{
    if (!buffer_reserve(out, 3 * size))
        return false;
    out->size += utf8_clean(out->data + out->size, 3 * size + 1, text, size);
    return true;
}

bool entry_append(struct entry *e, const char *text, size_t size)
{
    if (!buffer_add(&e->held, text, size))
        return false;
    size_t whole = utf8_whole(e->held.data, e->held.size);
    if (!add_clean(&e->text, e->held.data, whole)) {
        e->held.size -= size;
        return false;
    }
    e->held.size -= whole;
    memmove(e->held.data, e->held.data + whole, e->held.size);
    changed(e);
    return true;
}

bool entry_set_text(struct entry *e, const char *text)
{
    struct buffer new = {0};
    if (!add_clean(&new, text, strlen(text)))
        return false;
    buffer_free(&e->text);
    buffer_clear(&e->held);
    e->text = new;
    entry_drop_page(e);
    changed(e);
    return true;
}

bool entry_set_figures(struct entry *e, const char *figures)
{
    char *copy = strdup(figures);
    if (!copy)
        return false;
    free(e->figures);
    e->figures = copy;
    e->streaming = false;
    changed(e);
    return true;
}

bool entry_add_picture(struct entry *e, struct ui_picture *p)
{
    struct entry_picture *more = realloc(e->pictures, (e->n_pictures + 1) * sizeof(*more));
    if (!more)
        return false;
    e->pictures = more;
    more[e->n_pictures++] = (struct entry_picture){.picture = ui_picture_ref(p)};
    changed(e);
    return true;
}

// ---- rows

void entry_drop_page(struct entry *e)
{
    page_finish(&e->page);
    e->markdown = (struct markdown){0};
    e->laid = false;
}

static int text_cols(const struct entry_space *space)
{
    int cols = space->cols - ENTRY_MARGIN;
    return cols < 1 ? 1 : cols > ENTRY_TEXT_MOST ? ENTRY_TEXT_MOST : cols;
}

static void fit_pictures(struct entry *e, const struct entry_space *space)
{
    int cols = text_cols(space);
    for (size_t i = 0; i < e->n_pictures; i++) {
        struct entry_picture *p = &e->pictures[i];
        ui_picture_fit(p->picture, &space->caps,
                       cols < ENTRY_PICTURE_COLS ? cols : ENTRY_PICTURE_COLS, ENTRY_PICTURE_ROWS,
                       &p->cols, &p->rows);
    }
}

static bool add_wrapped(struct page *page, const char *text, size_t size, int cols, int hang,
                        struct style style)
{
    struct text_rows rows = {0};
    size_t begin = page->text.size;
    bool ok = styled_add(&page->text, text, size, style);
    if (page->text.size > begin)
        ok = ok && text_wrap(page->text.text + begin, page->text.size - begin, cols, hang, &rows);
    for (size_t i = 0; ok && i < rows.count; i++) {
        struct text_row row = rows.list[i];
        row.begin += begin;
        row.end += begin;
        ok = text_rows_add(&page->rows, row);
    }
    text_rows_finish(&rows);
    return ok;
}

static bool lay_out_plain(struct entry *e, int cols)
{
    static const uint8_t roles[] = {
        [ENTRY_USER] = STYLE_TEXT, [ENTRY_NOTE] = STYLE_DIM, [ENTRY_ERROR] = STYLE_ERROR};
    static const char word[] = "error: ";
    struct style style = {roles[e->kind], 0};
    size_t size = e->text.size;
    while (size > 0 && (e->text.data[size - 1] == '\n' || e->text.data[size - 1] == ' '))
        size--;
    page_finish(&e->page);
    bool marks = e->kind == ENTRY_ERROR &&
                 (size < sizeof(word) - 1 || memcmp(e->text.data, word, sizeof(word) - 1) != 0);
    if (marks && !styled_add(&e->page.text, word, sizeof(word) - 1,
                             (struct style){STYLE_ERROR, EMPHASIS_BOLD}))
        return false;
    if (size > 0 && !styled_add(&e->page.text, e->text.data, size, style))
        return false;
    return e->page.text.size == 0 || text_wrap(e->page.text.text, e->page.text.size, cols,
                                               e->kind == ENTRY_USER ? 0 : 2, &e->page.rows);
}

static bool lay_out_answer(struct entry *e, int cols)
{
    const struct style dim = {STYLE_DIM, 0};
    if (!markdown_update(&e->markdown, e->text.data ? e->text.data : "", e->text.size, cols,
                         !e->streaming, &e->page))
        return false;
    if (e->streaming && e->page.rows.count == 0)
        return add_wrapped(&e->page, "…", sizeof("…") - 1, cols, 0, dim);
    return !e->figures || add_wrapped(&e->page, e->figures, strlen(e->figures), cols, 0, dim);
}

bool entry_lay_out(struct entry *e, const struct entry_space *space, bool page)
{
    if (e->generation == space->generation && (e->laid || !page))
        return true;
    // The page of a growing answer is gone on with as long as the width stays.
    if (e->laid && e->page_generation != space->generation)
        entry_drop_page(e);
    int cols = text_cols(space);
    bool ok = e->kind == ENTRY_ASSISTANT ? lay_out_answer(e, cols) : lay_out_plain(e, cols);
    if (!ok) {
        entry_drop_page(e);
        return false;
    }
    fit_pictures(e, space);
    e->rows = entry_text_row(e) + (int)e->page.rows.count;
    e->generation = e->page_generation = space->generation;
    e->laid = true;
    return true;
}

// A caption follows each picture, a blank row what is followed by more.
int entry_text_row(const struct entry *e)
{
    int rows = 0;
    for (size_t i = 0; i < e->n_pictures; i++)
        rows += e->pictures[i].rows + 1 + (i + 1 < e->n_pictures || e->page.rows.count > 0);
    return rows;
}

int entry_row_of_byte(const struct entry *e, size_t byte)
{
    size_t low = 0, high = e->page.rows.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (e->page.rows.list[middle].begin <= byte)
            low = middle;
        else
            high = middle;
    }
    return entry_text_row(e) + (int)low;
}
