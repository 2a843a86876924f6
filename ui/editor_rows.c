// The text in rows, and moving between them.
#include <string.h>

#include "base/utf8.h"
#include "ui/editor_internal.h"

// The last row that begins at or before the cursor; spaces that vanished at a break count to the
// row before it.
static void place(const char *text, const struct text_rows *rows, size_t cursor, int width,
                  int *row, int *col)
{
    size_t i = rows->count - 1;
    while (i > 0 && rows->list[i].begin > cursor)
        i--;
    const struct text_row *r = &rows->list[i];
    *row = (int)i;
    *col = r->indent + text_width(text + r->begin, cursor - r->begin);
    if (*col > width - 1)
        *col = width - 1;
}

bool editor_layout(struct editor *e, int width, struct text_rows *rows, int *cursor_row,
                   int *cursor_col)
{
    const char *text = editor_text(e);
    // A column is kept for the cursor behind the last character of a full row.
    if (!text_wrap(text, strlen(text), width > 1 ? width - 1 : 1, 0, rows))
        return false;
    e->width = width;
    place(text, rows, editor_cursor(e), width, cursor_row, cursor_col);
    return true;
}

bool editor_move_row(struct editor *e, int rows)
{
    struct text_rows list = {0};
    int row, col;
    bool moved = false;
    if (editor_layout(e, e->width, &list, &row, &col) && row + rows >= 0 &&
        (size_t)(row + rows) < list.count) {
        const char *text = editor_text(e);
        const struct text_row *r = &list.list[row + rows];
        int used, goal = e->goal >= 0 ? e->goal : col;
        size_t n = text_fit(text + r->begin, r->end - r->begin, goal, &used);
        e->cursor = editor_own_place(e, r->begin + n);
        e->goal = goal;
        moved = true;
    }
    text_rows_finish(&list);
    return moved;
}
