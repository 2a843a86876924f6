// What answers a chat: a small table of functions, behind which stands the engine of this machine
// (backend_local.c) or a script (backend_scripted.c, for tests). A backend is used from one thread;
// only `stop` may be called from anywhere, a signal handler included. The meanings of messages,
// reports and steps are those of engine/engine.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "engine/engine.h"

struct backend {
    bool (*open)(struct backend *b, struct error *e); // loads; once, before the rest
    bool (*sync)(struct backend *b, const struct message *messages, size_t n,
                 struct sync_report *report,
                 struct error *e); // also forgets an earlier stop
    enum step (*next)(struct backend *b, const struct sampling *how, struct token *out,
                      struct error *e);
    void (*stop)(void *backend);
    bool (*count)(struct backend *b, const struct message *messages, size_t n, uint32_t *tokens,
                  struct error *e);
    uint32_t (*picture_rows)(struct backend *b, const struct picture *p);
    void (*close)(struct backend *b); // frees it, opened or not

    const struct engine_info *info; // since open
};

// The params' texts must live until open has returned. NULL: no memory.
struct backend *backend_local_create(const struct engine_params *params, struct error *e);

// ---- scripted

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
