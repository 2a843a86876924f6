// One folder as it was when it was read: folders, then pictures, then other files, each by name.
// Owns its texts; zeroed memory is an empty one. Any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { LISTING_MOST_ENTRIES = 20000 };

struct listing_entry {
    char *name;  // bytes as on the disk
    char *shown; // cleaned for a terminal, one line
    bool folder, picture;
    bool hidden; // a dot in front, or neither a folder nor a picture
};

struct listing {
    char *folder; // absolute, bytes
    char *shown;  // cleaned
    struct listing_entry *list;
    size_t count, room;
    size_t hidden; // how many of them are
    bool cut;      // there are more than are read
};

// Fails with ERROR_PICTURE: the folder cannot be read.
bool listing_read(struct listing *l, const char *folder, struct error *e);
void listing_finish(struct listing *l);
