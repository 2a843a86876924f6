// What was sent, oldest first, and its file: a line for each entry, newlines and backslashes
// escaped.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { HISTORY_MOST = 2000 };

struct history {
    char **list; // owned
    size_t count, room;
};

void history_finish(struct history *h);
void history_add(struct history *h, const char *text);  // the same as the last one is not added
bool history_load(struct history *h, const char *path); // adds; a missing file is no failure
bool history_save(const struct history *h, const char *path); // whole or not at all, mode 0600
