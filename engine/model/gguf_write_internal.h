// Shared by gguf_write.c (what the file holds) and gguf_write_file.c (how it comes to its place).
#pragma once

#include "base/buffer.h"
#include "engine/model/gguf_file.h"
#include "engine/model/gguf_write.h"

struct gguf_writer {
    char *path;
    char *temporary; // beside path; NULL when there is none to remove
    int file;        // -1: closed
    char shown[GGUF_SHOWN_PATH];
    struct error failure; // the first one, of kind ERROR_NONE until then
    uint32_t alignment;

    struct buffer pairs; // as they lie in the file
    struct gguf_index *keys;
    size_t pair_count;
    size_t pair_room;

    struct gguf_tensor *tensors;
    size_t tensor_count;
    size_t tensor_room;
};

// Each fills *e with what keeps the file from being written; false.
bool gguf_create_temporary(struct gguf_writer *w, struct error *e);
bool gguf_write_all(const struct gguf_writer *w, const void *bytes, uint64_t size, struct error *e);
bool gguf_put_in_place(struct gguf_writer *w, struct error *e);

// Closes and removes what was not put in place.
void gguf_discard_temporary(struct gguf_writer *w);
