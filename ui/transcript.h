// The conversation on the screen: entries (turns, notes) with pictures, wrapped for the width, in a
// scrolling view. The view is anchored to an entry and a row in it, so that drawing and scrolling
// cost what is visible, however long the conversation is, and new text below does not pull the view
// down while someone reads above.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ui/picture.h"
#include "ui/term.h"

struct transcript;

enum entry_kind { ENTRY_USER, ENTRY_ASSISTANT, ENTRY_NOTE, ENTRY_ERROR };

struct transcript *transcript_create(void);
void transcript_destroy(struct transcript *t);

// Returns the entry's index (SIZE_MAX: no memory; calls with it do nothing). `text` is plain for
// user entries and notes, Markdown for the assistant's. Cleaned here.
size_t transcript_add(struct transcript *t, enum entry_kind kind, const char *text);
void transcript_add_picture(struct transcript *t, size_t entry,
                            struct ui_picture *p); // takes a reference
void transcript_append(struct transcript *t, size_t entry, const char *text,
                       size_t size); // streaming
void transcript_set_text(struct transcript *t, size_t entry, const char *text);
// The line of figures below an answer ("1 picture · 86 tokens · 0.4 s · 61 tok/s"); ends streaming.
void transcript_finish(struct transcript *t, size_t entry, const char *figures);
void transcript_truncate(struct transcript *t, size_t entries);
size_t transcript_count(const struct transcript *t);
const char *transcript_text(const struct transcript *t, size_t entry);
enum entry_kind transcript_kind(const struct transcript *t, size_t entry);
// Code block `n` (from 0) of an entry, its text in *out (owned by the transcript until the entry
// changes).
bool transcript_code(struct transcript *t, size_t entry, size_t n, const char **out, size_t *size);

void transcript_draw(struct transcript *t, struct term *term, int row, int col, int rows, int cols);
void transcript_changed(
    struct transcript *t); // size or capabilities: wrapped rows and encodings are made again

void transcript_scroll(struct transcript *t, int rows); // negative: up
void transcript_page(struct transcript *t, int pages);
void transcript_top(struct transcript *t);
void transcript_bottom(struct transcript *t);              // and follow new text again
void transcript_turn(struct transcript *t, int direction); // to the turn before or after
bool transcript_following(const struct transcript *t);
int transcript_unseen(struct transcript *t); // rows added below the view since it stopped following
// Goes to the next match (case-insensitive unless the text has capitals); "" ends the search.
// False: none.
bool transcript_search(struct transcript *t, const char *text, int direction);
