// The line editor: multi-line input by grapheme, readline's keys, kill ring, undo, history. Pure:
// knows nothing of a terminal. Attachments are chips in the text that move and vanish as one
// character.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ui/input.h"
#include "ui/text.h"

struct editor;

struct editor *editor_create(void);
void editor_destroy(struct editor *e);

enum editor_result {
    EDITOR_IGNORED,  // the key means nothing here: the caller's
    EDITOR_CHANGED,  // text or cursor
    EDITOR_SUBMIT,   // Enter on a line that does not end in a backslash
    EDITOR_COMPLETE, // Tab
};
enum editor_result editor_key(struct editor *e, const struct event *key);
void editor_insert(struct editor *e, const char *text,
                   size_t size); // pastes: newlines stay, controls are cleaned

// The text, chips as "[picture N]", set off from a word behind them by a space; lives until the
// next call that changes it.
const char *editor_text(const struct editor *e);
bool editor_empty(const struct editor *e);
// Cursor at the end; undoable. "[picture N]" in it is the chip N if there is one; chips that it
// does not name were deleted.
void editor_set(struct editor *e, const char *text);
void editor_clear(struct editor *e);          // undoable, but for the chips, which are not reported
size_t editor_cursor(const struct editor *e); // byte offset in editor_text

// Chips carry a number that the caller gives (0..65533, at most 64 at a time). One that the user
// deleted is reported once, and does not come back by undo or yank.
void editor_add_chip(struct editor *e, int number);
bool editor_has_chip(const struct editor *e, int number);
void editor_remove_chip(struct editor *e, int number);
bool editor_taken_chip(struct editor *e,
                       int *number); // one that the user deleted since the last call

// History: oldest first. Up and Down walk it (keeping what was being written, and the chips);
// Ctrl+R searches (editor_search_text is what is searched for, NULL: no search).
void editor_remember(struct editor *e, const char *text); // doublets of the last one are not kept
bool editor_load_history(struct editor *e, const char *path); // a missing file is no failure
bool editor_save_history(const struct editor *e,
                         const char *path); // mode 0600, atomic, at most 2000 entries
const char *editor_search_text(const struct editor *e);

// Rows of the text at a width, and where the cursor is in them.
bool editor_layout(struct editor *e, int width, struct text_rows *rows, int *cursor_row,
                   int *cursor_col);
