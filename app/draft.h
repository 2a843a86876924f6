// The question that is being written, kept in a file of the state folder so that a crash does not
// lose it. The caller says how often; two programs at once keep the later text.
#pragma once

#include <stdbool.h>

// Keeps the text; an empty one removes what was kept. False: nothing could be written.
bool draft_save(const char *text);

// What was kept, for the caller to free; NULL: nothing that can be read.
char *draft_load(void);
