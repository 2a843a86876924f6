// Text by grapheme cluster and cell width. Pure functions over UTF-8 (utf8proc).
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ui/style.h"

// Length in bytes of the first grapheme cluster of text[0..size), size > 0; *cells gets its width
// (0..2, and one for each spacing mark, at most 5; tab counts as 1: it is expanded by whoever lays
// out).
size_t text_grapheme(const char *text, size_t size, int *cells);
int text_width(const char *text, size_t size); // of all clusters; no newline inside
size_t text_fit(const char *text, size_t size, int cells,
                int *used);                    // bytes of whole clusters that fit
size_t text_back(const char *text, size_t at); // start of the cluster that ends at `at` (> 0)

// ---- styled text and its rows

struct text_run {
    size_t at; // from this byte on
    struct style style;
};
struct styled {
    char *text; // owned
    size_t size, room;
    struct text_run *runs;
    size_t n_runs, run_room;
};
void styled_finish(struct styled *s);
// Cleaned; tabs become spaces up to a multiple of 4 of the line. False: no memory (true ends with a
// NUL not counted).
bool styled_add(struct styled *s, const char *text, size_t size, struct style style);
bool styled_add_part(struct styled *s, const struct styled *from, size_t begin, size_t end);
void styled_cut(struct styled *s, size_t size);       // to its first `size` bytes
size_t styled_run(const struct styled *s, size_t at); // index of the run that byte `at` is in
struct style styled_at(const struct styled *s, size_t at);

// One screen row: bytes [begin, end) of the text, after `indent` cells.
struct text_row {
    size_t begin, end;
    int indent;
};
struct text_rows {
    struct text_row *list;
    size_t count, room;
};
void text_rows_finish(struct text_rows *r);
bool text_rows_add(struct text_rows *r, struct text_row row); // false: no memory
// The rows of a text, in place of what `out` held; at least one. Breaks at newlines and, where a
// line is wider than `width`, at spaces (or inside a word that is wider than a row). Rows that
// continue a line are indented by `hang` cells. Spaces at a break vanish; wide
// clusters may be parted without one. width >= 1. Tabs go to multiples of 4.
bool text_wrap(const char *text, size_t size, int width, int hang, struct text_rows *out);

// Text that is laid out. Between its rows stands text that no row shows: the space at a break, the
// newline at a line's end; so that a search finds what goes on over the edge.
struct page {
    struct styled text;
    struct text_rows rows;
};
void page_finish(struct page *p);
