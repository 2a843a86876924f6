// What lies over the conversation: the frame, the help, and which popup gets keys.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen_popup.h"

enum {
    HELP_LEFT = 19, // cells of the keys' and commands' column
    TALL_ROWS = 14,
};

int popup_put(struct screen *s, int row, int col, int cols, const char *words, struct style style)
{
    return cols > 0 ? term_put(s->term, row, col, cols, words, strlen(words), style) : 0;
}

struct area popup_box(struct screen *s, int rows, int cols, const char *title)
{
    int all_rows, all_cols;
    term_size(s->term, &all_rows, &all_cols);
    // The input and the status stay, and where there is room the line above them.
    int most = all_rows - (all_rows < TALL_ROWS ? 3 : 4);
    rows = rows > most ? most : rows;
    cols = cols > all_cols - 4 ? all_cols - 4 : cols;
    struct area a = {(all_rows - 1 - rows) / 2 + 1, (all_cols - cols) / 2 + 1, rows - 2, cols - 4};
    term_fill(s->term, a.row - 1, a.col - 1, rows, cols, popup_plain);
    term_frame(s->term, a.row - 1, a.col - 1, rows, cols, popup_frame);
    popup_put(s, a.row - 1, a.col + 1, cols - 6, title, popup_accent);
    a.col++;
    term_cursor(s->term, -1, 0);
    return a;
}

// ---- help

static void help_put(struct screen *s, const struct area *a, int line, int col, const char *text,
                     size_t size, struct style style)
{
    int row = line - s->popup_row;
    if (row >= 0 && row < a->rows)
        term_put(s->term, a->row + row, a->col + col, a->cols - col, text, size, style);
}

// Two columns, or where there is no room for two the one below the other.
static void help_line(struct screen *s, const struct area *a, int *line, const char *left,
                      const char *right)
{
    bool narrow = a->cols < 2 * HELP_LEFT;
    int col = narrow ? 2 : HELP_LEFT;
    struct text_rows rows = {0};
    help_put(s, a, *line, 0, left, strlen(left), popup_accent);
    *line += narrow;
    if (text_wrap(right, strlen(right), a->cols - col, 0, &rows))
        for (size_t i = 0; i < rows.count; i++)
            help_put(s, a, (*line)++, col, right + rows.list[i].begin,
                     rows.list[i].end - rows.list[i].begin, popup_plain);
    text_rows_finish(&rows);
}

static void paint_help(struct screen *s)
{
    struct area a = popup_box(s, 44, 76, " Help ");
    int line = 0;
    for (size_t i = 0; i < screen_binding_count; i++)
        if (screen_bindings[i].shown)
            help_line(s, &a, &line, screen_bindings[i].shown, screen_bindings[i].help);
    help_line(s, &a, &line, "Enter", "send; Alt+Enter, Ctrl+J or \\ at the end: a new line");
    help_line(s, &a, &line, "/ n N j k g G", "search and move, above the end on an empty line");
    line++;
    for (size_t i = 0; i < SLASH_COUNT; i++) {
        char left[32];
        snprintf(left, sizeof(left), "/%s %s", slash_table[i].name, slash_table[i].argument);
        help_line(s, &a, &line, left, slash_table[i].help);
    }
    int most = line - a.rows;
    s->popup_row = s->popup_row > most ? most : s->popup_row;
    s->popup_row = s->popup_row < 0 ? 0 : s->popup_row;
    if (most > 0)
        popup_put(s, a.row + a.rows, a.col + a.cols - 20, 20,
                  s->popup_row < most ? " Down, PgDn: more " : " Esc closes ", popup_dim);
}

// ---- all popups

void screen_close_popup(struct screen *s)
{
    s->popup = POPUP_NONE;
    s->popup_row = 0;
    choices_finish(&s->choices);
    s->choices = (struct choices){0};
    browser_destroy(s->browser);
    ui_picture_unref(s->browser_preview);
    ui_picture_unref(s->view.picture);
    ui_picture_unref(s->view.seen);
    s->browser = NULL;
    s->browser_preview = NULL;
    s->browser_job = 0;
    s->view = (struct view){0};
}

static bool help_key(struct screen *s, const struct event *e)
{
    int rows, cols;
    term_size(s->term, &rows, &cols);
    s->popup_row += e->key == INPUT_DOWN        ? 1
                    : e->key == INPUT_UP        ? -1
                    : e->key == INPUT_PAGE_DOWN ? rows - 6
                    : e->key == INPUT_PAGE_UP   ? 6 - rows
                                                : 0;
    if (e->key == INPUT_F1 || (e->key == INPUT_CHAR && e->code == 'q'))
        screen_close_popup(s);
    return true;
}

bool screen_popup_key(struct screen *s, const struct event *e)
{
    if (s->popup == POPUP_COMPLETE)
        return complete_key(s, e);
    if (e->key == INPUT_CHAR && e->mods == MOD_CTRL && (e->code == 'l' || e->code == 'z'))
        return false;
    if (e->key == INPUT_ESCAPE || (e->key == INPUT_CHAR && e->mods == MOD_CTRL && e->code == 'c')) {
        screen_close_popup(s);
        return true;
    }
    if (s->popup == POPUP_BROWSER)
        browser_event(s, e);
    else if (s->popup == POPUP_HELP)
        help_key(s, e);
    else if (s->popup == POPUP_VIEW && e->key == INPUT_TAB)
        s->view.show_seen = !s->view.show_seen;
    return true;
}

void screen_paint_popup(struct screen *s)
{
    switch (s->popup) {
    case POPUP_HELP:
        paint_help(s);
        break;
    case POPUP_BROWSER:
        browser_paint(s);
        break;
    case POPUP_VIEW:
        view_paint(s);
        break;
    case POPUP_COMPLETE:
        complete_paint(s);
        break;
    case POPUP_NONE:
        break;
    }
}
