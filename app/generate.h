// Token after token until something ends the answer: what both chats and the one-shot do once the
// backend is in step with the conversation. From the thread that uses the backend.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/backend.h"

enum answer_end {
    END_OF_ANSWER,  // the model said so
    END_LENGTH,     // max_tokens
    END_CONTEXT,    // no room for more
    END_REPETITION, // it went round in circles (repetition.h)
    END_STOPPED,    // somebody asked for it
};

struct generate {
    struct backend *backend;
    const struct sampling *sampling;
    uint32_t max_tokens;
    bool (*stopped)(void *data); // looked at before each token
    // Each token with its text; at the end what text was left, with t->id -1.
    bool (*take)(void *data, const struct token *t, struct error *e);
    void *data; // of both functions
};

struct generated {
    enum answer_end end;
    uint32_t tokens;
    double ms; // from the first token to the last
};

// Fails with what the backend or `take` failed with.
bool generate(const struct generate *g, struct generated *out, struct error *e);
