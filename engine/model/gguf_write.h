// Writes a GGUF v3 file: first the pairs, then the tensors, then gguf_write_finish puts all of it
// into place at once (a temporary file beside it, synced and renamed), so that a reader never meets
// half a file. The caller owns the writer; bytes given to it must live until it is finished or
// destroyed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/model/gguf.h"

struct gguf_writer;

struct gguf_writer *gguf_writer_create(const char *path, struct error *e);
void gguf_writer_destroy(struct gguf_writer *w); // without finish: nothing is left behind

// A failure (no memory, a key twice) is kept and reported by gguf_write_finish.
void gguf_write_string(struct gguf_writer *w, const char *key, const char *text);
void gguf_write_u32(struct gguf_writer *w, const char *key, uint32_t value);
void gguf_write_f32(struct gguf_writer *w, const char *key, float value);
void gguf_write_bool(struct gguf_writer *w, const char *key, bool value);
void gguf_write_pair(struct gguf_writer *w,
                     const struct gguf_pair *pair); // copied as it lies in a file
void gguf_write_tensor(struct gguf_writer *w,
                       const struct gguf_tensor *t); // offsets are the writer's

bool gguf_write_finish(struct gguf_writer *w, struct error *e);
