// What a model takes of a device's memory, as a table and as JSON.
#pragma once

#include <jansson.h>

#include "base/buffer.h"
#include "engine/probe.h"

json_t *memory_json(const struct memory_report *r);
void memory_text(const struct memory_report *r, struct buffer *out); // a failure stays in `out`
