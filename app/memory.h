// What a model takes of a device's memory, as a table and as JSON.
#pragma once

#include <jansson.h>

#include "base/buffer.h"
#include "engine/probe.h"

// Texts are added to `out`, in which a failure stays.
json_t *memory_json(const struct memory_report *r);
void memory_text(const struct memory_report *r, struct buffer *out);
// Of a vision file alone, in a sentence.
json_t *tower_json(const struct tower_memory *t);
void tower_text(const struct tower_memory *t, struct buffer *out);
