// The grid in place of ui/term and ui/picture, and a transcript that is drawn on it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/transcript_grid.h"
#include "ui/text.h"

// ---- the terminal and the pictures that it shows

const struct term_caps *term_get_caps(const struct term *t)
{
    return &t->caps;
}

static void assert_inside(const struct term *t, int row, int col, int rows, int cols)
{
    if (row < 0 || col < 0 || row + rows > t->rows || col + cols > t->cols)
        fail_msg("%d x %d cells at row %d, column %d are not in the view of %d x %d", rows, cols,
                 row, col, t->rows, t->cols);
}

int term_put(struct term *t, int row, int col, int cols, const char *text, size_t size,
             struct style s)
{
    int used = 0;
    t->puts++;
    t->bytes += size;
    assert_inside(t, row, col, 1, 0);
    for (size_t i = 0; i < size;) {
        int cells;
        size_t n = text_grapheme(text + i, size - i, &cells);
        if (used + cells > cols)
            break;
        assert_inside(t, row, col + used, 1, cells);
        assert_in_range(n, 1, 31);
        memcpy(t->cells[row][col + used], text + i, n);
        t->cells[row][col + used][n] = '\0';
        t->styles[row][col + used] = s;
        used += cells;
        i += n;
    }
    return used;
}

struct ui_picture *ui_picture_ref(struct ui_picture *p)
{
    p->references++;
    return p;
}

void ui_picture_unref(struct ui_picture *p)
{
    p->references--;
}

const char *ui_picture_caption(const struct ui_picture *p)
{
    return p->caption;
}

void ui_picture_forget(struct ui_picture *p)
{
    p->forgotten++;
}

void ui_picture_fit(const struct ui_picture *p, const struct term_caps *caps, int max_cols,
                    int max_rows, int *cols, int *rows)
{
    bool shown = caps->pictures != PICTURES_NONE;
    *cols = !shown ? 0 : p->cols < max_cols ? p->cols : max_cols;
    *rows = !shown ? 0 : p->rows < max_rows ? p->rows : max_rows;
}

// Each cell says which row of the picture it is.
void ui_picture_draw(struct ui_picture *p, struct term *t, int row, int col, int cols, int rows,
                     int from, int n)
{
    (void)p;
    assert_true(from >= 0 && n > 0 && from + n <= rows);
    assert_inside(t, row, col, n, cols);
    for (int r = 0; r < n; r++)
        for (int c = 0; c < cols; c++)
            snprintf(t->cells[row + r][col + c], sizeof(t->cells[0][0]), "%c", 'A' + from + r);
}

// ---- the transcript

int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    *f = (struct fixture){.t = transcript_create(), .rows = 6, .cols = 22};
    f->term.caps = (struct term_caps){.pictures = PICTURES_HALF, .colors = 256};
    *state = f;
    return 0;
}

int tear_down(void **state)
{
    struct fixture *f = *state;
    transcript_destroy(f->t);
    free(f);
    return 0;
}

const char *draw(struct fixture *f)
{
    static char out[ROWS_MOST * COLS_MOST];
    size_t n = 0;
    memset(f->term.cells, 0, sizeof(f->term.cells));
    f->term.puts = f->term.bytes = 0;
    f->term.rows = f->rows;
    f->term.cols = f->cols;
    transcript_draw(f->t, &f->term, 0, 0, f->rows, f->cols);
    for (int r = 0; r < f->rows; r++) {
        size_t end = n;
        for (int c = 0; c < f->cols;) {
            const char *cell = f->term.cells[r][c];
            int cells = 1;
            if (*cell)
                text_grapheme(cell, strlen(cell), &cells);
            n += (size_t)sprintf(out + n, "%s", *cell ? cell : " ");
            end = *cell && *cell != ' ' ? n : end;
            c += cells ? cells : 1;
        }
        n = end;
        out[n++] = '\n';
    }
    out[n - 1] = '\0';
    return out;
}

void say(struct fixture *f, const char *question, const char *answer)
{
    transcript_add(f->t, ENTRY_USER, question);
    size_t e = transcript_add(f->t, ENTRY_ASSISTANT, answer);
    transcript_finish(f->t, e, "");
}

void say_numbered(struct fixture *f, int turns)
{
    for (int i = 0; i < turns; i++) {
        char question[32], answer[64];
        snprintf(question, sizeof(question), "ask %d", i);
        snprintf(answer, sizeof(answer), "say %d\nmore", i);
        say(f, question, answer);
    }
}
