// The terminal: the only user of curses, and of the few escape sequences that curses does not know.
// Draws cells, shows pictures over cells that are kept free for them, reads events, and puts the
// terminal back on every way out.
//
// One terminal at a time (curses and the crash handler are global). All calls from the screen's
// thread, but for term_restore, which a signal handler may call.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ui/input.h"
#include "ui/style.h"

struct term;

enum picture_protocol { PICTURES_AUTO, PICTURES_SIXEL, PICTURES_HALF, PICTURES_NONE };

struct term_params {
    enum theme_name theme;
    bool color;                     // false: THEME_NONE (NO_COLOR, --color never)
    enum picture_protocol pictures; // AUTO: sixel where the terminal says so (and not inside tmux),
                                    // half blocks otherwise
    bool mouse;                     // wheel events
};

// What the terminal can do. Known in part at start; the rest when its replies arrive (term_read
// then returns TERM_CHANGED).
struct term_caps {
    enum picture_protocol pictures; // never AUTO
    int cell_width, cell_height;    // pixels; 10 x 20 while unknown
    bool true_color;
    int colors;
    int sixel_colors; // registers
};

// Enters the alternate screen, raw mode, bracketed paste; asks the terminal what it can do (the
// first paint need not wait for the answer). ERROR_RUNTIME: not a terminal, or one that cannot
// position a cursor.
struct term *term_start(const struct term_params *p, struct error *e);
void term_stop(struct term *t); // NULL allowed
// Writes what puts the terminal back, by async-signal-safe calls only; may be called twice, or with
// nothing started.
void term_restore(void);
// Installs term_restore for SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGQUIT (then the default
// action goes on).
void term_guard_crashes(void);
// The ordinary screen for a while (suspend, external editor); term_resume redraws everything and
// probes the cell size again.
void term_suspend(struct term *t);
bool term_resume(struct term *t);
// After SIGCONT, when something else had stopped us: the shell may have set its own modes.
void term_continued(struct term *t);

int term_fd(const struct term *t); // to poll
enum term_read { TERM_NOTHING, TERM_EVENT, TERM_CHANGED, TERM_CLOSED };
// One event, without waiting. TERM_CHANGED: size or capabilities changed, paint again.
enum term_read term_read(struct term *t, struct event *out);
bool term_pending(
    const struct term *t); // an unfinished sequence is held: call term_read again after 50 ms
void term_resized(struct term *t); // SIGWINCH came

void term_size(const struct term *t, int *rows, int *cols);
const struct term_caps *term_get_caps(const struct term *t);
void term_set_theme(struct term *t, enum theme_name theme);
void term_set_pictures(struct term *t, enum picture_protocol p); // AUTO: what was probed

// ---- one frame: begin, put, ..., show

void term_begin(struct term *t); // an empty frame (nothing is sent yet)
// Puts text (valid UTF-8; cleaned again here) at a cell, at most `cols` cells wide, cut at a
// grapheme. Returns the cells used.
int term_put(struct term *t, int row, int col, int cols, const char *text, size_t size,
             struct style s);
void term_fill(struct term *t, int row, int col, int rows, int cols, struct style s); // with spaces
void term_frame(struct term *t, int row, int col, int rows, int cols,
                struct style s);                    // a box of lines
void term_cursor(struct term *t, int row, int col); // where it is shown; row < 0: hidden

// A picture over rows x cols cells. `bytes` is one sixel sequence (ESC P ... ESC \), which must not
// paint beyond these cells, or lines of half blocks with a newline between them, each with colours
// of its own, drawn one below the other. `id` names this very image (its content, size and crop): a
// frame with the same id at the same place sends nothing. Later puts over its cells cover it. One
// that is not all on the screen is left out, and so is a sixel that touches the last row, because
// the screen would scroll.
struct term_image {
    int row, col, rows, cols;
    uint64_t id;
    const char *bytes; // lives until term_show
    size_t size;
};
void term_image(struct term *t, const struct term_image *i);

void term_show(struct term *t);    // sends what changed since the last frame
void term_repaint(struct term *t); // the next term_show sends everything (Ctrl+L)
void term_bell(struct term *t);
void term_copy(struct term *t, const char *text, size_t size); // OSC 52
