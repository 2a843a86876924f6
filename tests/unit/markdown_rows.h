// Markdown laid out as rows of text, and documents to do it with.
#pragma once

#include "ui/markdown.h"

// Rows of a page with their indent as spaces, a newline between them. The caller frees it.
char *rows_of(const struct page *p);

// The rows of that text are as expected or the test fails.
void check_rows(const char *text, int width, const char *expected);

// Every kind of block, nested and next to each other.
enum { DOCUMENTS = 9 };
extern const char *const documents[DOCUMENTS];
