// Bytes from the terminal -> events. A pure parser: keys, mouse wheel, bracketed pastes, and the
// terminal's replies to what was asked of it, which are recognised strictly, late, split or
// doubled, and never become keys or text.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key {
    INPUT_NONE,
    INPUT_CHAR, // event.code: a code point (Ctrl+letter comes as the letter with MOD_CTRL)
    INPUT_ENTER,
    INPUT_TAB,
    INPUT_BACKSPACE,
    INPUT_ESCAPE,
    INPUT_DELETE,
    INPUT_INSERT,
    INPUT_UP,
    INPUT_DOWN,
    INPUT_LEFT,
    INPUT_RIGHT,
    INPUT_HOME,
    INPUT_END,
    INPUT_PAGE_UP,
    INPUT_PAGE_DOWN,
    INPUT_F1,
    INPUT_F2,
    INPUT_F3,
    INPUT_F4,
    INPUT_F5,
    INPUT_F6,
    INPUT_F7,
    INPUT_F8,
    INPUT_F9,
    INPUT_F10,
    INPUT_F11,
    INPUT_F12,
};
enum { MOD_SHIFT = 1, MOD_ALT = 2, MOD_CTRL = 4 };

enum event_kind {
    EVENT_NONE,
    EVENT_KEY,
    EVENT_PASTE, // text between bracketed-paste marks: bytes as they came
    EVENT_WHEEL, // rows: negative is up, three a notch; row, col: where, from 0
    EVENT_REPLY, // of the terminal, see reply
};

enum reply_kind {
    REPLY_ATTRIBUTES, // DA1: values are the parameters (class first)
    REPLY_GRAPHICS,   // XTSMGRAPHICS: item, status, values
    REPLY_CELLS,      // CSI 16 t -> 6 ; height ; width   and the like: values
    REPLY_OTHER,      // recognised and dropped
};

struct event {
    enum event_kind kind;
    enum key key;
    uint32_t code;
    unsigned mods;
    const char *text; // paste; lives until the next call
    size_t size;
    int rows, row, col;
    enum reply_kind reply;
    int values[16];
    int n_values;
};

struct input;
struct input *input_create(void); // NULL: no memory
void input_destroy(struct input *in);
void input_feed(struct input *in, const char *bytes, size_t size);
// The next event of what was fed; false: nothing whole yet.
bool input_next(struct input *in, struct event *out);
// Called when nothing came for a moment (some 50 ms): a lone ESC becomes INPUT_ESCAPE. Half a
// sequence is dropped after 20 such calls, half a paste given out after 40.
bool input_flush(struct input *in, struct event *out);
bool input_pending(const struct input *in); // something unfinished is held
