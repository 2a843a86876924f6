// The text with which a model ends its answer when it has no token for that ("###" of LLaVA-1's
// first models). Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Where `stop` begins in the text; *whole: all of it is there. Otherwise where the text ends with a
// part of it, which may go on to be whole; `size`: neither. An empty `stop` is never found.
size_t stop_find(const char *text, size_t size, const char *stop, bool *whole);
