// A walk through folders in search of a picture: the current folder, which entry is selected, what
// was typed to narrow them down. Draws nothing; a folder is read when it is entered, in one go and
// up to a limit. One thread. Owns all texts; what it returns lives until the next call that moves
// or changes it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/listing.h"
#include "base/buffer.h"
#include "base/error.h"

struct browser;

// NULL for `folder`: the current one. Fails, as all below, with ERROR_PICTURE when the folder
// cannot be read.
struct browser *browser_create(const char *folder, struct error *e);
void browser_destroy(struct browser *b); // NULL allowed

// ---- what there is to see

size_t browser_count(const struct browser *b);
const struct listing_entry *browser_at(const struct browser *b, size_t i); // i < count
size_t browser_selected(const struct browser *b); // < count, or 0 when there is nothing
// First entry of a window of `rows` (> 0) that holds the selected one, moved no more than needed.
size_t browser_first_visible(struct browser *b, size_t rows);
const char *browser_title(const struct browser *b); // the folder, absolute, cleaned
// One line: the filter, how much there is, what is not shown.
const char *browser_status(const struct browser *b);
// Adds the path of the selected entry if it is a picture by its name; false: it is none.
bool browser_selected_picture(const struct browser *b, struct buffer *out);

// ---- moving

void browser_move(struct browser *b, long by); // stops at both ends
// Only entries with the typed text in their names (case counts beyond ASCII). The same entry stays
// selected if it can. The filter is forgotten with the folder. False: it is full or empty.
bool browser_filter_add(struct browser *b, uint32_t code);
bool browser_filter_back(struct browser *b); // the last character
// Shows or hides names with a dot in front and files that are no pictures.
void browser_toggle_hidden(struct browser *b);

// Enters the selected folder, or adds the path of the selected file to `chosen`. A folder that
// cannot be entered leaves everything as it was.
bool browser_open(struct browser *b, struct buffer *chosen, struct error *e);
// To the folder above, where the one that was left is selected; stays in "/".
bool browser_parent(struct browser *b, struct error *e);
