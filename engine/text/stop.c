#include "engine/text/stop.h"

#include <string.h>

size_t stop_find(const char *text, size_t size, const char *stop, bool *whole)
{
    size_t n = strlen(stop);
    const char *at = n && size ? memmem(text, size, stop, n) : NULL;
    *whole = at != NULL;
    if (at)
        return (size_t)(at - text);
    for (size_t part = n && n - 1 < size ? n - 1 : n ? size : 0; part > 0; part--)
        if (memcmp(text + size - part, stop, part) == 0)
            return size - part;
    return size;
}
