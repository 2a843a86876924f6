// A growable run of bytes, always followed by a NUL that is not counted. Zeroed memory is an empty
// buffer. The holder owns the bytes; buffer_free on an empty or freed buffer is fine.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data; // NULL while nothing was added
    size_t size;
    size_t room;
};

// All return false, and leave the buffer as it was, when there is no memory.
bool buffer_reserve(struct buffer *b,
                    size_t more); // room for `more` bytes beyond size, and the NUL
bool buffer_add(struct buffer *b, const void *bytes, size_t size);
bool buffer_add_text(struct buffer *b, const char *text);
bool buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

void buffer_clear(struct buffer *b); // empties it and keeps the memory
void buffer_free(struct buffer *b);
