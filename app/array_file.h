// What `inspect` reads and writes: arrays of float32 in a file, lists of token ids on the command
// line.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// A raw little-endian float32 file that is written beside its place and moved there when it is
// whole: a failure leaves nothing behind, and an older file as it was.
struct array_file;

// Fails with ERROR_RUNTIME.
struct array_file *array_file_create(const char *path, struct error *e);
bool array_file_add(struct array_file *f, const float *values, size_t count, struct error *e);
// Moves the file into place when `keep`, removes it otherwise. NULL allowed (false). Frees.
bool array_file_finish(struct array_file *f, bool keep, struct error *e);

bool array_file_save(const char *path, const float *values, size_t count,
                     struct error *e); // in one

struct id_list {
    int32_t *ids;
    size_t count;
};

// Reads "[[1,2],[3]]" (nested) or "[1,2]" (one list). Ids are 0 .. 2^31 - 1. Fails with
// ERROR_USAGE, which names `option`. The caller frees with id_lists_free, also after a failure.
bool id_lists_read(const char *json, const char *option, bool nested, struct id_list **out,
                   size_t *count, struct error *e);
void id_lists_free(struct id_list *lists, size_t count);
