// What the popups share: screen_popup.c, screen_browser.c, screen_view.c, screen_complete.c.
#pragma once

#include "app/screen.h"

static const struct style popup_plain = {STYLE_TEXT, 0}, popup_dim = {STYLE_DIM, 0},
                          popup_accent = {STYLE_ACCENT, EMPHASIS_BOLD},
                          popup_chosen = {STYLE_TEXT, EMPHASIS_REVERSE},
                          popup_frame = {STYLE_BOX, 0};

struct area {
    int row, col, rows, cols; // inside the frame
};

// A frame of at most this size in the middle of the conversation, emptied.
struct area popup_box(struct screen *s, int rows, int cols, const char *title);
int popup_put(struct screen *s, int row, int col, int cols, const char *words, struct style style);

void browser_paint(struct screen *s);
void browser_event(struct screen *s, const struct event *e);
void view_paint(struct screen *s);
void complete_paint(struct screen *s);
bool complete_key(struct screen *s, const struct event *e); // false: the editor's too
