// The popup in which a picture is chosen.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/listing.h"
#include "app/screen_popup.h"

enum { PREVIEW_PART = 2 }; // of the width: half

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
        popup_put(s, a->row + 1 + i, a->col, cols, line,
                  here            ? popup_chosen
                  : entry->folder ? popup_accent
                                  : popup_plain);
    }
    if (count == 0)
        popup_put(s, a->row + 1, a->col, cols, "no pictures here", popup_dim);
}

void browser_paint(struct screen *s)
{
    int rows, cols;
    term_size(s->term, &rows, &cols);
    struct area a = popup_box(s, rows - 2, cols - 4, " Choose a picture ");
    int left = a.cols / PREVIEW_PART, visible = a.rows - 2;
    popup_put(s, a.row, a.col, a.cols, browser_title(s->browser), popup_dim);
    paint_entries(s, &a, left - 1, visible);
    if (s->browser_preview) {
        int wide, high;
        ui_picture_fit(s->browser_preview, term_get_caps(s->term), a.cols - left, visible, &wide,
                       &high);
        if (wide > 0)
            ui_picture_draw(s->browser_preview, s->term, a.row + 1, a.col + left, wide, high, 0,
                            high);
    }
    popup_put(s, a.row + a.rows - 1, a.col, a.cols, browser_status(s->browser), popup_dim);
    popup_put(s, a.row + a.rows, a.col + 1, a.cols,
              " type: only such names   Enter: take   Left: folder above   Esc: back ", popup_dim);
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

void browser_event(struct screen *s, const struct event *e)
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
