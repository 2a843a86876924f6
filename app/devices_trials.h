// What `devices` says of the kernels that were tried on the device that is used.
#pragma once

#include <jansson.h>

#include "app/app.h"
#include "base/buffer.h"
#include "engine/probe.h"

struct trials {
    struct probe_trial *list;
    size_t n;
};
// What is known, or with --measure tried now. trials_finish frees it.
bool trials_read(struct app *app, struct trials *t, struct error *e);
void trials_finish(struct trials *t);
void trials_text(const struct trials *t, struct buffer *out);
json_t *trials_json(const struct trials *t);
