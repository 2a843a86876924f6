// Unfinished Markdown -> what it most likely becomes. Pure; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

// The mark of a list item ("- ", "12. ") at the beginning of a line, with the blank behind it; 0:
// none.
size_t markdown_list_mark(const char *line, size_t size);

// A code fence at the beginning of a line, also behind the marks of list items: how many signs, 0:
// none. *at is where it begins.
size_t markdown_fence(const char *line, size_t size, size_t *at);

// Closes what is open in the last paragraph (emphasis, inline code) and takes away a last line
// that is nothing but signs so far: it could become a list, a rule, a table, or make a heading of
// the line before. False: no memory.
bool markdown_mend(struct buffer *text, bool in_fence);
