// Markdown (CommonMark with GitHub's tables and strikethrough) -> rows of styled text for a width.
// Meant for what a model says: a line that it ends stays a line, HTML is shown as it was written,
// and syntax that is still unfinished while it speaks is taken for finished. Pure; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "ui/text.h"

// Adds the rows of a whole document to `out`, no row wider than `width` (>= 1) unless a single wide
// cluster is. False: no memory; `out` may hold a part.
bool markdown_render(const char *text, size_t size, int width, struct page *out);

// A document that grows. Blocks that are finished are laid out once; zeroed memory is the start.
struct markdown {
    size_t done;            // bytes of the document whose rows will not change
    size_t page_size, rows; // what the page holds of them
    size_t scanned;         // whole lines that were looked at for a place to part it
    int fence_length;       // of the code fence that is open; 0: none
    char fence;
    bool fence_indented, blank_before, unsure;
};

// Lays out the document, which begins with what it was at the last call with the same page. With
// `ends` nothing more comes. False: no memory; the next call begins anew.
bool markdown_update(struct markdown *m, const char *text, size_t size, int width, bool ends,
                     struct page *page);

// The text of code block `n` (from 0). False: there are fewer, or no memory.
bool markdown_code(const char *text, size_t size, size_t n, struct buffer *out);
