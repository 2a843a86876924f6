#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool buffer_reserve(struct buffer *b, size_t more)
{
    if (more >= SIZE_MAX / 2 - b->size)
        return false;
    size_t need = b->size + more + 1;
    if (need <= b->room)
        return true;
    size_t room = b->room + b->room / 2;
    if (room < need)
        room = need < 64 ? 64 : need;
    char *data = realloc(b->data, room);
    if (!data)
        return false;
    b->data = data;
    b->room = room;
    b->data[b->size] = '\0';
    return true;
}

bool buffer_add(struct buffer *b, const void *bytes, size_t size)
{
    if (!buffer_reserve(b, size))
        return false;
    if (size)
        memcpy(b->data + b->size, bytes, size);
    b->size += size;
    b->data[b->size] = '\0';
    return true;
}

bool buffer_add_text(struct buffer *b, const char *text)
{
    return buffer_add(b, text, strlen(text));
}

bool buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    bool ok = n >= 0 && buffer_reserve(b, (size_t)n);
    if (ok) {
        vsnprintf(b->data + b->size, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    }
    va_end(again);
    return ok;
}

void buffer_clear(struct buffer *b)
{
    b->size = 0;
    if (b->data)
        b->data[0] = '\0';
}

void buffer_free(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){0};
}
