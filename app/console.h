// Where a command's words go. `out` gets the answer or the JSON and nothing else; `err` gets
// messages, listings, prompts and the progress line. Whatever is written to `err` is cleaned first,
// as it may hold names and texts out of files. The streams are borrowed. Main thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "app/options.h"
#include "base/error.h"

struct console {
    FILE *in, *out, *err;
    bool in_terminal, err_terminal;
    bool color; // on err
    bool quiet;
    size_t line; // columns of a progress line that stands on err
    int broken;  // errno of the first write to `out` that failed
};

// The three standard streams; also sends the log through the console.
void console_start(struct console *c, const struct options *o);

// Writes to `out` and flushes, as it is or cleaned. A failure is remembered in `broken`.
bool console_write(struct console *c, const char *text, size_t size, struct error *e);
bool console_write_clean(struct console *c, const char *text, size_t size, struct error *e);
// Ends `out`: what was buffered is written, and a file system that is full says so now at the
// latest.
bool console_close(struct console *c, struct error *e);

// One line each on `err`. An interruption is not an error to be told.
void console_error(struct console *c, const struct error *e);
void console_note(struct console *c, const char *format, ...) // not with --quiet
    __attribute__((format(printf, 2, 3)));
void console_say(struct console *c, const char *format, ...) // what was asked for
    __attribute__((format(printf, 2, 3)));
void console_prompt(struct console *c, const char *text); // without a newline

// Puts `text` in place of the progress line; NULL removes it.
void console_progress(struct console *c, const char *text);

// The exit code that --help promises for a failure (0 for ERROR_NONE).
int console_exit_code(const struct console *c, const struct error *e);
