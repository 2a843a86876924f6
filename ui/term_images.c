// Pictures over the cells. curses knows nothing of them: it sees cells with no-break spaces, which
// it leaves alone for as long as they stay. So a picture is sent when it is new in its place, or
// when some of its cells were something else in the frame before; one send is a whole rectangle,
// and cells of the frame that lie over it are written again after it, from what curses holds.
#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"
#include "ui/term_internal.h"

// curses jumps over unchanged cells between two changes in a line only where that is cheaper than
// to write them again, which would erase a picture there. Its bound is what a cursor movement
// costs: 5 to 8 bytes.
enum { JUMPED_FROM = 16 };

// A cell as curses holds it.
struct cell {
    wchar_t text[CCHARW_MAX + 1];
    attr_t attributes;
    short pair;
    int width;
};

static struct cell read_cell(WINDOW *window, int row, int col)
{
    cchar_t held;
    struct cell c = {.width = 1};
    mvwin_wch(window, row, col, &held);
    getcchar(&held, c.text, &c.attributes, &c.pair, NULL);
    if (wcwidth(c.text[0]) > 1)
        c.width = wcwidth(c.text[0]);
    return c;
}

static bool same_image(const struct term_image *a, const struct term_image *b)
{
    return a->id == b->id && a->row == b->row && a->col == b->col && a->rows == b->rows &&
           a->cols == b->cols;
}

// The owner's number that a picture had in the frame before; -1: it was not there.
static int earlier_owner(const struct term *t, const struct term_image *image)
{
    for (int i = 0; i < t->before.n_images; i++)
        if (same_image(&t->before.images[i], image))
            return i + 1;
    return -1;
}

static bool is_intact(const struct term *t, int index)
{
    const struct term_image *image = &t->now.images[index];
    const int earlier = earlier_owner(t, image);
    for (int r = image->row; r < image->row + image->rows; r++)
        for (int c = image->col; c < image->col + image->cols; c++) {
            int at = r * t->cols + c;
            if (t->now.owner[at] == index + 1 && t->before.owner[at] != earlier)
                return false;
        }
    return true;
}

static bool cell_differs(int row, int col)
{
    const struct cell shown = read_cell(curscr, row, col), wanted = read_cell(stdscr, row, col);
    return wcscmp(shown.text, wanted.text) != 0 || shown.attributes != wanted.attributes ||
           shown.pair != wanted.pair;
}

// Marks pictures with a narrow run of cells in this row between two that curses will write.
static void choose_written_over(const struct term *t, int row, bool *chosen)
{
    const uint16_t *owner = t->now.owner + (size_t)row * (size_t)t->cols;
    int first = 0, last = t->cols - 1;
    while (first < last && !cell_differs(row, first))
        first++;
    while (last > first && !cell_differs(row, last))
        last--;
    for (int c = first, end; c < last; c = end) {
        for (end = c + 1; end < last && owner[end] == owner[c]; end++)
            ;
        if (owner[c] && end - c <= JUMPED_FROM)
            chosen[owner[c] - 1] = true;
    }
}

static bool row_has_image(const struct term *t, int row)
{
    for (int c = 0; c < t->cols; c++)
        if (t->now.owner[row * t->cols + c])
            return true;
    return false;
}

// Those that lie over a picture that is sent must be sent after it.
static void choose_covering(const struct term *t, int index, bool *chosen)
{
    const struct term_image *image = &t->now.images[index];
    for (int r = image->row; r < image->row + image->rows; r++)
        for (int c = image->col; c < image->col + image->cols; c++) {
            int owner = t->now.owner[r * t->cols + c];
            if (owner > index + 1)
                chosen[owner - 1] = true;
        }
}

static bool is_seen(const struct term *t, int index)
{
    const struct term_image *image = &t->now.images[index];
    for (int r = image->row; r < image->row + image->rows; r++)
        for (int c = image->col; c < image->col + image->cols; c++)
            if (t->now.owner[r * t->cols + c] == index + 1)
                return true;
    return false;
}

bool images_choose(const struct term *t, bool *chosen)
{
    bool any = false;
    memset(chosen, 0, (size_t)t->now.n_images * sizeof(*chosen));
    if (!t->everything)
        for (int r = 0; r < t->rows; r++)
            if (row_has_image(t, r))
                choose_written_over(t, r, chosen);
    for (int i = 0; i < t->now.n_images; i++) {
        chosen[i] = (chosen[i] || t->everything || !is_intact(t, i)) && is_seen(t, i);
        if (chosen[i])
            choose_covering(t, i, chosen);
        any = any || chosen[i];
    }
    return any;
}

// ---- sending

static bool add_position(struct buffer *out, int row, int col)
{
    return buffer_printf(out, "\033[%d;%dH", row + 1, col + 1);
}

// Half blocks are lines, each of which starts below the one before.
static bool add_lines(struct buffer *out, const struct term_image *image)
{
    const char *line = image->bytes, *end = image->bytes + image->size;
    for (int r = 0; r < image->rows && line < end; r++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            stop = end;
        if (!add_position(out, image->row + r, image->col) ||
            !buffer_add(out, line, (size_t)(stop - line)))
            return false;
        line = stop + 1;
    }
    return true;
}

static bool add_image(struct buffer *out, const struct term_image *image)
{
    if (image->bytes[0] == '\033' && image->size > 1 && image->bytes[1] == 'P')
        return add_position(out, image->row, image->col) &&
               buffer_add(out, image->bytes, image->size);
    return add_lines(out, image);
}

static bool add_text(struct buffer *out, const wchar_t *text)
{
    char bytes[4];
    for (; *text; text++)
        if (!buffer_add(out, bytes, utf8_encode((uint32_t)*text, bytes)))
            return false;
    return true;
}

// Cells [from, to) of a row again. curses gives both halves of a wide character the same text, so
// the first half is found from the beginning of a run of wide ones.
static bool add_cells(struct buffer *out, int row, int from, int to)
{
    while (from > 0 && read_cell(stdscr, row, from).width > 1 &&
           read_cell(stdscr, row, from - 1).width > 1)
        from--;
    if (!add_position(out, row, from))
        return false;
    struct cell c, last = {.pair = -1};
    for (int col = from; col < to; col += c.width) {
        c = read_cell(stdscr, row, col);
        const bool same = c.attributes == last.attributes && c.pair == last.pair;
        if ((!same && !term_sgr(out, c.attributes, c.pair)) || !add_text(out, c.text))
            return false;
        last = c;
    }
    return true;
}

static bool add_covering(const struct term *t, struct buffer *out, const struct term_image *image)
{
    const int right = image->col + image->cols;
    for (int r = image->row; r < image->row + image->rows; r++) {
        const uint16_t *owner = t->now.owner + (size_t)r * (size_t)t->cols;
        for (int c = image->col, end; c < right; c = end) {
            for (end = c + 1; end < right && !owner[end] == !owner[c]; end++)
                ;
            if (!owner[c] && !add_cells(out, r, c, end))
                return false;
        }
    }
    return true;
}

bool images_add(struct term *t, const bool *chosen, struct buffer *out)
{
    if (!buffer_add_text(out, "\0337\033[0m"))
        return false;
    for (int i = 0; i < t->now.n_images; i++)
        if (chosen[i] &&
            (!add_image(out, &t->now.images[i]) || !add_covering(t, out, &t->now.images[i])))
            return false;
    return buffer_add_text(out, "\033[0m\0338");
}
