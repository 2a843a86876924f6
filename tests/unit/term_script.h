// The terminal on a pseudo terminal: a child draws, the test is the terminal and looks at the
// bytes. What sequences mean is taken from xterm's "Control Sequences".
#pragma once

#include <sys/ioctl.h>

#include "base/buffer.h"
#include "ui/term.h"

// What the child does; what it wants to tell goes to `report`.
typedef void script(struct term *t, int report);

struct setup {
    script *run;
    const char *term;    // TERM; NULL: xterm-256color
    const char *answers; // to the question for its attributes; NULL: it has none of note
    const char *early;   // typed before the child starts
    const char *typed;   // after the answers
    enum picture_protocol pictures;
    bool plain; // no colour
    struct winsize window;
};

struct outcome {
    struct buffer screen; // all that the terminal got
    struct buffer report;
    int status;      // of the child, as from waitpid
    bool same_modes; // the terminal's modes are what they were
    int unread;      // bytes that the child left for whoever reads the terminal next
};

// Answers the child until it ends. The caller finishes the outcome.
struct outcome run(struct setup s);
// And the child did not fail, and the modes are what they were, or the test fails.
struct outcome run_well(struct setup s);
void outcome_finish(struct outcome *o);

size_t count(const struct buffer *b, const char *text);
// NULL: there is none.
const char *last_of(const struct buffer *b, const char *text);

// ---- what a child may do

void put(struct term *t, int row, int col, const char *text);
// A frame with that text.
void show_text(struct term *t, const char *text);
// Until the terminal has answered.
void wait_caps(struct term *t);

#define FIRST "\033Pq#FIRST\033\\"
// A picture in column 10, 20 columns wide.
void image(struct term *t, int row, int rows, uint64_t id, const char *bytes);
