// What lies over the conversation: help, the file browser, a picture seen large, the choices of a
// completion.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/listing.h"
#include "app/screen.h"
#include "engine/probe.h"

enum {
    PREVIEW_PART = 2, // of the browser's width: half
    HELP_LEFT = 19,   // cells of the keys' and commands' column
    TALL_ROWS = 14,
    CHOICES_SHOWN = 8,
    CHOICES_MOST = 200,
};

static const struct style plain = {STYLE_TEXT, 0}, dim = {STYLE_DIM, 0},
                          accent = {STYLE_ACCENT, EMPHASIS_BOLD}, box = {STYLE_BOX, 0},
                          chosen = {STYLE_TEXT, EMPHASIS_REVERSE};

struct area {
    int row, col, rows, cols; // inside the frame
};

static int put(struct screen *s, int row, int col, int cols, const char *words, struct style style)
{
    return cols > 0 ? term_put(s->term, row, col, cols, words, strlen(words), style) : 0;
}

static struct area open_box(struct screen *s, int rows, int cols, const char *title)
{
    int all_rows, all_cols;
    term_size(s->term, &all_rows, &all_cols);
    // The input and the status stay, and where there is room the line above them.
    int most = all_rows - (all_rows < TALL_ROWS ? 3 : 4);
    rows = rows > most ? most : rows;
    cols = cols > all_cols - 4 ? all_cols - 4 : cols;
    struct area a = {(all_rows - 1 - rows) / 2 + 1, (all_cols - cols) / 2 + 1, rows - 2, cols - 4};
    term_fill(s->term, a.row - 1, a.col - 1, rows, cols, plain);
    term_frame(s->term, a.row - 1, a.col - 1, rows, cols, box);
    put(s, a.row - 1, a.col + 1, cols - 6, title, accent);
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
    help_put(s, a, *line, 0, left, strlen(left), accent);
    *line += narrow;
    if (text_wrap(right, strlen(right), a->cols - col, 0, &rows))
        for (size_t i = 0; i < rows.count; i++)
            help_put(s, a, (*line)++, col, right + rows.list[i].begin,
                     rows.list[i].end - rows.list[i].begin, plain);
    text_rows_finish(&rows);
}

static void paint_help(struct screen *s)
{
    struct area a = open_box(s, 44, 76, " Help ");
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
        put(s, a.row + a.rows, a.col + a.cols - 20, 20,
            s->popup_row < most ? " Down, PgDn: more " : " Esc closes ", dim);
}

// ---- a picture, large

void screen_view(struct screen *s, size_t i)
{
    struct error e = {0};
    uint32_t width, height;
    uint8_t *rgb;
    struct picture *p = chat_picture(s->chat, i, NULL, NULL);
    const uint8_t *preview = picture_preview(p, &width, &height);
    screen_close_popup(s);
    s->view.picture = ui_picture_create(width, height, preview, picture_name(p));
    if (s->files.mmproj && probe_seen(s->files.mmproj, p, &rgb, &width, &height, &e)) {
        char caption[64];
        snprintf(caption, sizeof(caption), "what the model sees: %u x %u", width, height);
        s->view.seen = ui_picture_create(width, height, rgb, caption);
        free(rgb);
    }
    s->popup = POPUP_VIEW;
}

static void paint_view(struct screen *s)
{
    int rows, cols, wide, high;
    term_size(s->term, &rows, &cols);
    struct area a =
        open_box(s, rows, cols, s->view.show_seen ? " As the model sees it " : " Picture ");
    struct ui_picture *p = s->view.show_seen && s->view.seen ? s->view.seen : s->view.picture;
    if (!p)
        return;
    ui_picture_fit(p, term_get_caps(s->term), a.cols, a.rows - 2, &wide, &high);
    if (wide > 0)
        ui_picture_draw(p, s->term, a.row + (a.rows - 2 - high) / 2, a.col + (a.cols - wide) / 2,
                        wide, high, 0, high);
    put(s, a.row + a.rows - 1, a.col, a.cols, ui_picture_caption(p), dim);
    if (s->view.seen)
        put(s, a.row + a.rows, a.col + 1, a.cols,
            s->view.show_seen ? " Tab: as it is   Esc: back "
                              : " Tab: as the model sees it   Esc: back ",
            dim);
}

// ---- the browser

// Asks for the preview of what is selected; one that comes too late is for another job number and
// is dropped.
static void look_at_selected(struct screen *s)
{
    struct buffer path = {0};
    ui_picture_unref(s->browser_preview);
    s->browser_preview = NULL;
    s->browser_job = 0;
    if (browser_selected_picture(s->browser, &path)) {
        s->browser_job = ++s->last_read;
        reader_ask(s->reader, s->browser_job, path.data);
    }
    buffer_free(&path);
}

void screen_open_browser(struct screen *s)
{
    struct error e = {0};
    screen_close_popup(s);
    s->browser = browser_create(NULL, &e);
    if (!s->browser) {
        screen_fail(s, &e);
        return;
    }
    s->popup = POPUP_BROWSER;
    look_at_selected(s);
}

static void paint_entries(struct screen *s, const struct area *a, int cols, int visible)
{
    size_t first = browser_first_visible(s->browser, (size_t)visible),
           count = browser_count(s->browser);
    for (int i = 0; i < visible && first + (size_t)i < count; i++) {
        size_t n = first + (size_t)i;
        bool here = n == browser_selected(s->browser);
        const struct listing_entry *entry = browser_at(s->browser, n);
        char line[512];
        snprintf(line, sizeof(line), "%s %s%s", here ? "›" : " ", entry->shown,
                 entry->folder ? "/" : "");
        put(s, a->row + 1 + i, a->col, cols, line, here ? chosen : entry->folder ? accent : plain);
    }
    if (count == 0)
        put(s, a->row + 1, a->col, cols, "no pictures here", dim);
}

static void paint_browser(struct screen *s)
{
    int rows, cols;
    term_size(s->term, &rows, &cols);
    struct area a = open_box(s, rows - 2, cols - 4, " Choose a picture ");
    int left = a.cols / PREVIEW_PART, visible = a.rows - 2;
    put(s, a.row, a.col, a.cols, browser_title(s->browser), dim);
    paint_entries(s, &a, left - 1, visible);
    if (s->browser_preview) {
        int wide, high;
        ui_picture_fit(s->browser_preview, term_get_caps(s->term), a.cols - left, visible, &wide,
                       &high);
        if (wide > 0)
            ui_picture_draw(s->browser_preview, s->term, a.row + 1, a.col + left, wide, high, 0,
                            high);
    }
    put(s, a.row + a.rows - 1, a.col, a.cols, browser_status(s->browser), dim);
    put(s, a.row + a.rows, a.col + 1, a.cols,
        " type: only such names   Enter: take   Left: folder above   Esc: back ", dim);
}

static void open_selected(struct screen *s)
{
    struct error e = {0};
    struct buffer path = {0};
    if (!browser_open(s->browser, &path, &e)) {
        screen_note(s, "%s", e.text);
    } else if (path.size) {
        screen_attach(s, path.data);
        screen_close_popup(s);
    } else {
        look_at_selected(s);
    }
    buffer_free(&path);
}

static void type_filter(struct screen *s, const struct event *e)
{
    if (e->mods == MOD_CTRL && e->code == 't')
        browser_toggle_hidden(s->browser);
    else if (!(e->mods & (MOD_CTRL | MOD_ALT)))
        browser_filter_add(s->browser, e->code);
}

static void browser_event(struct screen *s, const struct event *e)
{
    struct error reason = {0};
    int rows, cols;
    term_size(s->term, &rows, &cols);
    switch (e->key) {
    case INPUT_UP:
    case INPUT_DOWN:
        browser_move(s->browser, e->key == INPUT_UP ? -1 : 1);
        break;
    case INPUT_PAGE_UP:
    case INPUT_PAGE_DOWN:
        browser_move(s->browser, e->key == INPUT_PAGE_UP ? 8 - rows : rows - 8);
        break;
    case INPUT_HOME:
    case INPUT_END:
        browser_move(s->browser, e->key == INPUT_HOME ? -INT32_MAX : INT32_MAX);
        break;
    case INPUT_RIGHT:
    case INPUT_ENTER:
        open_selected(s);
        return;
    case INPUT_LEFT:
        if (!browser_parent(s->browser, &reason))
            screen_note(s, "%s", reason.text);
        break;
    case INPUT_BACKSPACE:
        browser_filter_back(s->browser);
        break;
    case INPUT_CHAR:
        type_filter(s, e);
        break;
    default:
        return;
    }
    look_at_selected(s);
}

// ---- completion

// Where the line begins behind the chips of pictures that wait.
static size_t chips_size(const char *text)
{
    size_t size = 0;
    for (int n = 0; sscanf(text + size, "[picture %*d]%n", &n) == 0 && n > 0; n = 0)
        size += (size_t)n + (text[size + (size_t)n] == ' ');
    return size;
}

// The chips stay in front of what the line becomes.
static void set_line(struct screen *s, const char *line)
{
    struct buffer all = {0};
    const char *text = editor_text(s->editor);
    if (buffer_add(&all, text, chips_size(text)) && buffer_add_text(&all, line))
        editor_set(s->editor, all.data);
    buffer_free(&all);
}

static bool find_choices(struct screen *s, const char *line, struct error *e)
{
    struct complete_command commands[64];
    size_t n = 0;
    for (; n < SLASH_COUNT && n < sizeof(commands) / sizeof(*commands); n++)
        commands[n] =
            (struct complete_command){.name = slash_table[n].name,
                                      .path = strcmp(slash_table[n].argument, "PATH") == 0 ||
                                              strcmp(slash_table[n].argument, "FILE") == 0};
    return complete_line(line, commands, n, CHOICES_MOST, &s->choices, e) && s->choices.count > 0;
}

// Completes a line up to what all choices have in common, and shows them when there are several.
void screen_complete(struct screen *s)
{
    struct error e = {0};
    const char *text = editor_text(s->editor), *line = text + chips_size(text);
    choices_finish(&s->choices);
    s->choices = (struct choices){0};
    if (strchr(line, '\n') || !find_choices(s, line, &e))
        return;
    s->choice = s->choices.count; // none yet
    set_line(s, s->choices.common);
    if (s->choices.count > 1)
        s->popup = POPUP_COMPLETE;
}

static void paint_choices(struct screen *s)
{
    int rows, cols;
    term_size(s->term, &rows, &cols);
    // It stands on the line above the input, if there is room for one row of it.
    int n = s->choices.count < CHOICES_SHOWN ? (int)s->choices.count : CHOICES_SHOWN;
    n = n > s->rule - 2 ? s->rule - 2 : n;
    int wide = cols - 4 < 60 ? cols - 4 : 60, row = s->rule - 2 - n;
    if (n < 1)
        return;
    bool any = s->choice < s->choices.count;
    size_t first = any && s->choice >= (size_t)n ? s->choice - (size_t)n + 1 : 0;
    term_fill(s->term, row, 2, n + 2, wide, plain);
    term_frame(s->term, row, 2, n + 2, wide, box);
    for (int i = 0; i < n; i++)
        put(s, row + 1 + i, 4, wide - 4, s->choices.list[first + (size_t)i].shown,
            any && first + (size_t)i == s->choice ? chosen : plain);
    char more[32];
    snprintf(more, sizeof(more), " %zu%s in all ", s->choices.count, s->choices.more ? "+" : "");
    if (s->choices.count > (size_t)n || s->choices.more)
        put(s, row + n + 1, 4, wide - 4, more, dim);
}

static bool choice_key(struct screen *s, const struct event *e)
{
    size_t n = s->choices.count;
    bool back = e->key == INPUT_UP || (e->key == INPUT_TAB && e->mods & MOD_SHIFT);
    if (e->key == INPUT_TAB || e->key == INPUT_DOWN || back) {
        s->choice = back ? (s->choice + n - 1) % n : s->choice < n ? (s->choice + 1) % n : 0;
        set_line(s, s->choices.list[s->choice].word);
        return true;
    }
    bool closes = e->key == INPUT_ESCAPE || (e->key == INPUT_ENTER && s->choice < n);
    screen_close_popup(s);
    return closes; // any other key goes on to the editor
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
        return choice_key(s, e);
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
        paint_browser(s);
        break;
    case POPUP_VIEW:
        paint_view(s);
        break;
    case POPUP_COMPLETE:
        paint_choices(s);
        break;
    case POPUP_NONE:
        break;
    }
}
