// One entry of the transcript: what it says, its pictures, and its rows for a width. Owned by the
// transcript; screen's thread.
#pragma once

#include "base/buffer.h"
#include "ui/markdown.h"
#include "ui/search.h"
#include "ui/transcript.h"

// What rows are made for.
struct entry_space {
    int cols; // of the view, margin included
    struct term_caps caps;
    unsigned generation; // changes whenever one of these does
};

struct entry_picture {
    struct ui_picture *picture;
    int cols, rows; // as it is shown; 0: only its caption is
};

struct entry {
    enum entry_kind kind;
    struct buffer text; // clean
    struct buffer held; // the beginning of a character that has not come whole
    struct buffer code; // of transcript_code
    char *figures;
    bool streaming;
    struct entry_picture *pictures;
    size_t n_pictures;

    int rows;            // without the blank row before it; kept when the page is dropped
    unsigned generation; // of the space that it was laid out for; 0: none
    bool laid;           // there is a page
    unsigned page_generation;
    struct page page;
    struct markdown markdown;
};

void entry_finish(struct entry *e);
// These change what it says; false: no memory, and nothing is changed.
bool entry_append(struct entry *e, const char *text, size_t size);
bool entry_set_text(struct entry *e, const char *text);
bool entry_set_figures(struct entry *e, const char *figures); // ends streaming
bool entry_add_picture(struct entry *e, struct ui_picture *p);

// Makes sure that `rows` is right and, with `page`, that the rows themselves are there.
bool entry_lay_out(struct entry *e, const struct entry_space *space, bool page);
void entry_drop_page(struct entry *e);
int entry_text_row(const struct entry *e);                 // the first row of its text
int entry_row_of_byte(const struct entry *e, size_t byte); // of the page's text

struct entry_view {
    struct term *term;
    int row, col, cols; // of the first row to draw, margin included
    int from, n;        // rows of the entry
    const struct matches *matches;
    size_t current; // match that is gone to; SIZE_MAX: none
};
void entry_draw(const struct entry *e, const struct entry_view *v);
