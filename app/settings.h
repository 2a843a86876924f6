// What /set changes of the sampling and /show tells of it, in both chats. Pure.
#pragma once

#include <stdbool.h>

#include "app/chat.h"
#include "base/buffer.h"
#include "engine/engine.h"

// temp, top-p, min-p, repeat-penalty. False: no such name, or a value out of range.
bool settings_set(struct sampling *s, const char *name, const char *value);
// Model, device, sampling and system text, a line each without the last newline. `info` NULL: the
// model is not loaded yet.
void settings_show(const struct sampling *s, const struct engine_info *info, const struct chat *c,
                   struct buffer *out);
