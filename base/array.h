// Arrays that grow at their end. The holder keeps the pointer, the count and the room, all zero at
// first, and frees the pointer.
#pragma once

#include <stddef.h>

// Room for an item behind the `count` items of `size` bytes that `list` holds: the list, moved when
// *room was too small. NULL: no memory; the list is where and as it was.
void *array_reserve(void *list, size_t count, size_t *room, size_t size);
