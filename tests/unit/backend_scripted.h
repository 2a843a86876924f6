// A backend that says what a test wrote down, and remembers what it was asked.
#pragma once

#include "app/backend.h"

struct scripted_answer {
    const char *pieces[16]; // of text, until NULL; "\x03" presses Ctrl+C instead
    enum step last;         // what comes after them
    const char
        *failure; // the reason of STEP_FAILED, or of a sync that fails when there are no pieces
};

struct scripted {
    struct backend backend;
    const struct scripted_answer *answers; // one for each sync, in order
    size_t n_answers;
    uint32_t context;
    struct buffer seen; // every sync as a line: "system: be kind|user[1]: hello|"

    struct engine_info info; // private from here on
    size_t turn, piece;
    uint32_t tokens;
};

// Fills the caller's struct; a token is a byte of text or a tenth of a picture. close frees what is
// inside.
void backend_scripted_start(struct scripted *s, const struct scripted_answer *answers, size_t n,
                            uint32_t context);
