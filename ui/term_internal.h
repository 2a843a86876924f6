// What the files of the terminal share. Owned by term_start and term_stop; screen's thread only,
// but for the record of term_restore.c.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "base/buffer.h"
#include "ui/term.h"
#include "ui/term_open.h"
#include "ui/text.h"

// Which picture covers each cell: owner is 1 + an index of images, 0 for text. The bytes of images
// are only there until the frame is shown.
struct term_frame {
    struct term_image *images;
    int n_images;
    size_t room;
    uint16_t *owner; // rows x cols
};

// Raw replies from which the capabilities are worked out; 0: not known.
struct term_replies {
    bool sixel;
    int sixel_colors;
    int graphics_width, graphics_height; // XTSMGRAPHICS: pixels of the text area, or of its most
    int reported_width, reported_height; // CSI 16 t: of a cell
};

struct term {
    struct term_params params;
    struct termios raw;
    struct screen *screen; // curses' SCREEN
    struct input *input;
    int rows, cols;
    struct term_caps caps;
    struct term_replies replies;
    bool true_color;
    bool italic; // of the terminal; underlined otherwise
    int colors;
    enum theme_name theme;
    struct {
        uint32_t attributes; // attr_t of curses
        short pair;
    } looks[STYLE_COUNT];

    struct term_frame now, before; // being drawn, and on the screen
    int cursor_row, cursor_col;    // row < 0: hidden
    bool cursor_shown;
    bool everything; // the next frame sends all
    struct buffer out;

    bool changed;    // TERM_CHANGED is to be told
    bool probe_due;  // ask after the next frame
    bool probing;    // asked, and the last answer (DA1) has not come
    double heard_at; // ms: when bytes or a flush were last handled
    // Bytes at the beginning of the input that were typed before the terminal was ours: its line
    // discipline has made newlines of the Enter key.
    size_t typed_ahead;
};

// ---- term_restore.c: the one record of what to put back

// Notes what term_restore does from now on; `leave` is copied. False: it is too long.
bool restore_prepare(int fd, const struct termios *ordinary, const char *leave);

// ---- term_show.c

void term_write(const char *bytes, size_t size); // all of it, to the terminal
void term_write_text(const char *text);

// ---- term_probe.c

void term_probe(struct term *t); // sends the questions
// Takes a reply in; true when the capabilities are others than before.
bool term_heard(struct term *t, const struct event *reply);
bool term_find_caps(struct term *t); // from what is known; true when they are others than before
// Waits a little for answers that are on their way, so that they do not land in the shell.
void term_drain(struct term *t);

// ---- term_style.c

void term_load_theme(struct term *t);
void term_style(const struct term *t, struct style s, uint32_t *attributes, short *pair);
// SGR for a cell that curses holds.
bool term_sgr(struct buffer *out, uint32_t attributes, short pair);

// ---- term_draw.c

void frame_clear(struct term_frame *f, int rows, int cols);
void frame_finish(struct term_frame *f);

// ---- term_images.c

// Decides which pictures of the frame must be sent, before curses writes its cells; then adds the
// bytes for them, after. `chosen` has an entry for each picture.
bool images_choose(const struct term *t, bool *chosen);
bool images_add(struct term *t, const bool *chosen, struct buffer *out);
