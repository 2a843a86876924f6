// A picture on the screen: RGB -> what the terminal draws, for a box of cells, cached. Sixel
// through libsixel's dither and encode calls only, half blocks (true colour, 256, 16 colours), or
// nothing but its caption.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/term.h"

struct ui_picture; // reference-counted; screen's thread only

// Copies the RGB (width x height x 3, packed; sides 1..65535), made smaller if it has more pixels
// than are ever shown. `caption` is cleaned to one line; shown below the picture ("cat.png  640x480
// 49 tokens"). NULL: no memory or a size out of range.
struct ui_picture *ui_picture_create(uint32_t width, uint32_t height, const uint8_t *rgb,
                                     const char *caption);
struct ui_picture *ui_picture_ref(struct ui_picture *p);
void ui_picture_unref(struct ui_picture *p); // NULL allowed
const char *ui_picture_caption(const struct ui_picture *p);

// Cells that it takes within max_cols x max_rows, keeping its shape to within half a cell each way,
// at most 1000 pixels a side (what xterm takes) and at least one cell. A picture of few pixels is
// enlarged by a whole factor, at most 8, as long as it stays within 8 rows and 32 columns; others
// are never enlarged. A cell is its pixels on a sixel terminal, 1 x 2 pixels on half blocks. 0 x 0:
// it cannot be shown (no protocol, fewer than 8 colours for half blocks, no room).
void ui_picture_fit(const struct ui_picture *p, const struct term_caps *caps, int max_cols,
                    int max_rows, int *cols, int *rows);
// Draws rows [from, from + n) of the picture fitted to cols x rows, at row, col of the frame; it
// fills all of these cells. Cached by size, crop and protocol. Nothing is drawn without memory.
// Until term_show it may be drawn 8 times, and may not be released or forgotten.
void ui_picture_draw(struct ui_picture *p, struct term *t, int row, int col, int cols, int rows,
                     int from, int n);
void ui_picture_forget(struct ui_picture *p); // frees encodings (those of another cell size or
                                              // protocol are never used anyway)
