// Standard input: as a picture's bytes, as text before the prompt, or as the lines of a chat.
// Limits are checked while reading. A pipe that stays silent for half a second is announced. Main
// thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "app/console.h"
#include "base/buffer.h"
#include "base/error.h"

enum {
    INPUT_MOST_TEXT = 64 << 20,
    INPUT_MOST_PICTURE = 256 << 20,
    INPUT_MOST_LINE = 1 << 20,
};

// All of `in`, appended. Fails with `kind` when there is more than `most` bytes, with
// ERROR_INTERRUPTED on Ctrl+C.
bool input_read_all(struct console *c, struct buffer *out, size_t most, enum error_kind kind,
                    struct error *e);

enum input_line { INPUT_LINE, INPUT_END, INPUT_FAILED };

// One line without its newline, replacing `out`. Fails with ERROR_USAGE when the line is longer
// than INPUT_MOST_LINE, not UTF-8 or holds a NUL (the line is then skipped); with ERROR_INTERRUPTED
// on Ctrl+C.
enum input_line input_read_line(struct console *c, struct buffer *out, struct error *e);

// Is it text that can be asked: UTF-8 without NULs? `what` names it in the message.
bool input_check_text(const char *text, size_t size, const char *what, struct error *e);
