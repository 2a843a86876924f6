// What answers a chat: a small table of functions, behind which stands the engine of this machine
// (backend_local.c) or, in tests, a script. A backend is used from one thread; only `stop` may be
// called from anywhere, a signal handler included. The meanings of messages, reports and steps are
// those of engine/engine.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "engine/engine.h"

struct backend {
    bool (*open)(struct backend *b, struct error *e); // loads; once, before the rest
    // `open`: the last message is still being written. Also forgets an earlier stop.
    bool (*sync)(struct backend *b, const struct message *messages, size_t n, bool open,
                 struct sync_report *report, struct error *e);
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
