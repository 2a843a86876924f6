// Cells: text, boxes and the places of pictures go into curses' window; nothing is sent here.
#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/array.h"
#include "base/utf8.h"
#include "ui/term_internal.h"

enum { CLUSTER_MOST = 64 }; // bytes of one grapheme cluster that are looked at

static const wchar_t no_break_space = 0xa0, replacement = 0xfffd, zero_width_joiner = 0x200d;

void frame_clear(struct term_frame *f, int rows, int cols)
{
    memset(f->owner, 0, (size_t)rows * (size_t)cols * sizeof(*f->owner));
    f->n_images = 0;
}

void frame_finish(struct term_frame *f)
{
    free(f->images);
    free(f->owner);
}

void term_begin(struct term *t)
{
    werase(stdscr);
    frame_clear(&t->now, t->rows, t->cols);
    t->cursor_row = -1;
}

static void own(struct term *t, int row, int col, int cols, int owner)
{
    for (int c = col; c < col + cols; c++)
        t->now.owner[row * t->cols + c] = (uint16_t)owner;
}

static void put_cell(struct term *t, int row, int col, int width, const wchar_t *text, attr_t a,
                     short pair)
{
    cchar_t cell;
    setcchar(&cell, text, a, pair, NULL);
    mvadd_wchnstr(row, col, &cell, 1);
    own(t, row, col, width, 0);
}

// What curses and the terminal draw for a code point, which may not be what the layout counted:
// where they think of it as wider, or not as a character at all, it is replaced.
static wchar_t drawable(uint32_t code, int room)
{
    if (code == '\t' || code == '\n' || code == (uint32_t)no_break_space)
        return L' '; // no-break spaces are for pictures
    int width = wcwidth((wchar_t)code);
    return width < 0 || width > room ? replacement : (wchar_t)code;
}

// Draws one cluster into `cells` cells. It may take several cells of curses (flags are two
// letters), and what does not fit is left out (later members of a joined emoji).
static void put_cluster(struct term *t, int row, int col, int cells, const char *text, size_t size,
                        attr_t a, short pair)
{
    char clean[3 * CLUSTER_MOST + 1];
    wchar_t cell[CCHARW_MAX + 1];
    int used = 0, n = 0, width = 0;
    if (size > CLUSTER_MOST)
        size = utf8_whole(text, CLUSTER_MOST);
    size = utf8_clean(clean, sizeof(clean), text, size);
    for (size_t i = 0; i < size;) {
        uint32_t code;
        i += utf8_decode(clean + i, size - i, &code);
        wchar_t c = drawable(code, n ? 2 : cells - used);
        int wide = wcwidth(c);
        if (wide == 0) {
            if (n > 0 && n < CCHARW_MAX)
                cell[n++] = c;
            continue;
        }
        if (used + width + wide > cells) {
            // A joiner that joins nothing would take in what follows on the screen.
            n -= n > 1 && cell[n - 1] == zero_width_joiner;
            break;
        }
        if (n) {
            cell[n] = L'\0';
            put_cell(t, row, col + used, width, cell, a, pair);
            used += width;
        }
        cell[0] = c;
        n = 1;
        width = wide;
    }
    if (n) {
        cell[n] = L'\0';
        put_cell(t, row, col + used, width, cell, a, pair);
        used += width;
    }
    for (; used < cells; used++)
        put_cell(t, row, col + used, 1, L" ", a, pair);
}

int term_put(struct term *t, int row, int col, int cols, const char *text, size_t size,
             struct style s)
{
    if (row < 0 || row >= t->rows || col < 0 || col >= t->cols)
        return 0;
    if (cols > t->cols - col)
        cols = t->cols - col;
    uint32_t attributes;
    short pair;
    term_style(t, s, &attributes, &pair);
    int used = 0;
    for (size_t i = 0; i < size;) {
        int cells;
        size_t n = text_grapheme(text + i, size - i, &cells);
        if (used + cells > cols)
            break;
        if (cells)
            put_cluster(t, row, col + used, cells, text + i, n, attributes, pair);
        used += cells;
        i += n;
    }
    return used;
}

// Clips to the screen; false: nothing is left.
static bool clip(const struct term *t, int *row, int *col, int *rows, int *cols)
{
    if (*row < 0) {
        *rows += *row;
        *row = 0;
    }
    if (*col < 0) {
        *cols += *col;
        *col = 0;
    }
    if (*rows > t->rows - *row)
        *rows = t->rows - *row;
    if (*cols > t->cols - *col)
        *cols = t->cols - *col;
    return *rows > 0 && *cols > 0;
}

static void fill(struct term *t, int row, int col, int rows, int cols, const wchar_t *text,
                 struct style s, int owner)
{
    if (!clip(t, &row, &col, &rows, &cols))
        return;
    uint32_t attributes;
    short pair;
    cchar_t cell;
    term_style(t, s, &attributes, &pair);
    setcchar(&cell, text, attributes, pair, NULL);
    for (int r = row; r < row + rows; r++) {
        mvhline_set(r, col, &cell, cols);
        own(t, r, col, cols, owner);
    }
}

void term_fill(struct term *t, int row, int col, int rows, int cols, struct style s)
{
    fill(t, row, col, rows, cols, L" ", s, 0);
}

void term_frame(struct term *t, int row, int col, int rows, int cols, struct style s)
{
    if (rows < 2 || cols < 2)
        return;
    const int bottom = row + rows - 1, right = col + cols - 1;
    fill(t, row, col + 1, 1, cols - 2, L"─", s, 0);
    fill(t, bottom, col + 1, 1, cols - 2, L"─", s, 0);
    fill(t, row + 1, col, rows - 2, 1, L"│", s, 0);
    fill(t, row + 1, right, rows - 2, 1, L"│", s, 0);
    fill(t, row, col, 1, 1, L"┌", s, 0);
    fill(t, row, right, 1, 1, L"┐", s, 0);
    fill(t, bottom, col, 1, 1, L"└", s, 0);
    fill(t, bottom, right, 1, 1, L"┘", s, 0);
}

void term_cursor(struct term *t, int row, int col)
{
    const bool inside = row >= 0 && row < t->rows && col >= 0 && col < t->cols;
    t->cursor_row = inside ? row : -1;
    t->cursor_col = inside ? col : 0;
}

// A sixel that reaches the last row may scroll the whole screen, and xterm does so by two rows.
static bool allowed(const struct term *t, const struct term_image *i)
{
    const bool sixel = i->size >= 2 && i->bytes[0] == '\033' && i->bytes[1] == 'P';
    return i->row >= 0 && i->col >= 0 && i->rows > 0 && i->cols > 0 && i->size > 0 &&
           i->col + i->cols <= t->cols && i->row + i->rows <= t->rows - (sixel ? 1 : 0);
}

void term_image(struct term *t, const struct term_image *i)
{
    struct term_frame *f = &t->now;
    if (!allowed(t, i) || f->n_images == UINT16_MAX)
        return;
    struct term_image *images =
        array_reserve(f->images, (size_t)f->n_images, &f->room, sizeof(*images));
    if (!images)
        return;
    f->images = images;
    f->images[f->n_images++] = *i;
    // Blanks that curses takes for text, so that it never clears to the end of a line through them.
    const wchar_t blank[] = {no_break_space, L'\0'};
    fill(t, i->row, i->col, i->rows, i->cols, blank, (struct style){STYLE_TEXT, 0}, f->n_images);
}
