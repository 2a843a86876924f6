#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>

enum { FIRST = 16 };

void *array_reserve(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t more = *room ? 2 * *room : FIRST;
    void *moved = more < SIZE_MAX / 2 / size ? realloc(list, more * size) : NULL;
    if (moved)
        *room = more;
    return moved;
}
