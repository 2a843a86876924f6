// Small files that are nobody else's business (mode 0600), written whole or not at all: beside
// their place first, then renamed. Any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

// Without `replace` a file that is already there is left alone, and that is a failure. Fails with
// ERROR_RUNTIME.
bool private_file_write(const char *path, const void *bytes, size_t size, bool replace,
                        struct error *e);

// Adds the bytes of any file. Fails with ERROR_RUNTIME: not there, no regular file, over `most`
// bytes; `out` is then as it was.
bool private_file_read(const char *path, size_t most, struct buffer *out, struct error *e);
