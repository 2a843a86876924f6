// A transcript on a terminal that is a grid of characters, with pictures whose rows are letters.
// What is done for it is counted: calls, not time.
#pragma once

#include <stddef.h>

#include "ui/term.h"
#include "ui/transcript.h"

enum { ROWS_MOST = 64, COLS_MOST = 256 };

struct term {
    struct term_caps caps;
    char cells[ROWS_MOST][COLS_MOST][32]; // a cluster; "" where nothing was put
    struct style styles[ROWS_MOST][COLS_MOST];
    int rows, cols; // that may be drawn on: the view's
    size_t puts, bytes;
};

struct ui_picture {
    int references, cols, rows, forgotten;
    const char *caption;
};

struct fixture {
    struct transcript *t;
    struct term term;
    int rows, cols;
};

// cmocka's set-up and tear-down of a test: its state is a struct fixture, 6 rows of 22.
int set_up(void **state);
int tear_down(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

// The view, rows parted by newlines, blanks at their ends left out; valid until the next call. What
// is drawn outside it fails the test.
const char *draw(struct fixture *f);

void say(struct fixture *f, const char *question, const char *answer);
// Turns "ask 0" and "say 0", "more" below it, and so on.
void say_numbered(struct fixture *f, int turns);
