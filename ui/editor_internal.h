// The editor's parts, shared by editor.c (text and chips), editor_forms.c, editor_rows.c,
// editor_edit.c (movement, killing), editor_keys.c (what keys do), editor_undo.c and
// editor_history.c. Nobody else includes this.
//
// In the editor's own text a chip is one code point of plane 15 (private use), so that it moves,
// vanishes, is killed and undone like any other character; whoever asks for the text gets
// "[picture N]".
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "ui/editor.h"
#include "ui/history.h"

enum {
    CHIP_FIRST = 0xf0000,
    CHIP_LAST = 0xffffd,
    CHIPS_MOST = 64,
    KILLS_MOST = 16,
    UNDOS_MOST = 200,
    UNDO_BYTES_MOST = 8 << 20,
    TEXT_MOST = 1 << 20, // bytes; what is pasted beyond is cut
};

// What was done last: the same again may join it (one undo for a typed word, one kill of many).
enum action { ACTION_NONE, ACTION_TYPE, ACTION_KILL, ACTION_YANK, ACTION_DELETE, ACTION_HISTORY };

struct snapshot {
    char *text;
    size_t size, cursor;
};

struct search {
    bool on;
    struct buffer query;
    size_t at;              // the entry that is shown; history count: none
    struct snapshot before; // comes back when the search is left
};

struct editor {
    struct buffer text; // the editor's own form
    size_t cursor;      // at a cluster's border
    enum action last;

    int chips[CHIPS_MOST]; // numbers of those in the text
    size_t n_chips;
    int taken[CHIPS_MOST]; // deleted by the user, not yet reported
    size_t n_taken;

    char *kills[KILLS_MOST]; // newest first
    size_t yank, yank_begin; // which one was yanked last, and where

    struct snapshot undo[UNDOS_MOST];
    size_t n_undo, undo_bytes;

    struct history history;
    size_t walk; // entry that is shown; history count: what was being written
    struct snapshot draft;
    struct search search;

    int width;           // of the last layout
    int goal;            // column that Up and Down keep to; -1: none
    struct buffer shown; // the form for others, made when asked for
};

// ---- text (editor.c)

// The cursor stays at the same text; where it was inside what is replaced, before it.
bool editor_replace(struct editor *e, size_t begin, size_t end, const char *text, size_t size);
void editor_replace_all(struct editor *e, const char *text, size_t size, size_t cursor);
void editor_count_chips(struct editor *e); // after any change: reports those gone, drops doublets
bool editor_is_chip(uint32_t code);

// ---- the two forms (editor_forms.c)

// Adds foreign text as it may stand in the editor: clean, no chips, lines end with a newline.
bool editor_clean(struct buffer *out, const char *text, size_t size);
// The own form of foreign text: cleaned, "[picture N]" of chips that are in the text made chips.
bool editor_take_in(const struct editor *e, struct buffer *out, const char *text, size_t size);
// Adds the form for others of the text before `end` to `out` (NULL: only measures it).
size_t editor_show(const struct editor *e, size_t end, struct buffer *out);
// A byte of that form -> of the text; inside a chip: its beginning.
size_t editor_own_place(const struct editor *e, size_t shown);

// ---- rows (editor_rows.c)

bool editor_move_row(struct editor *e, int rows); // false: there is no such row

// ---- editing (editor_edit.c)

void editor_snap(struct editor *e); // moves the cursor out of a cluster, to its end
size_t editor_line_begin(const struct editor *e, size_t at);
size_t editor_line_end(const struct editor *e, size_t at);
size_t editor_before(const struct editor *e, size_t at); // start of the cluster before
size_t editor_after(const struct editor *e, size_t at);
size_t editor_word_before(const struct editor *e, size_t at); // letters and digits
size_t editor_word_after(const struct editor *e, size_t at);
size_t editor_blank_before(const struct editor *e, size_t at); // what stands between blanks
void editor_kill(struct editor *e, size_t begin, size_t end);
void editor_delete(struct editor *e, size_t begin, size_t end);
void editor_yank(struct editor *e);
void editor_yank_pop(struct editor *e);
void editor_transpose(struct editor *e);
void editor_type(struct editor *e, uint32_t code);

// ---- undo (editor_undo.c)

void snapshot_finish(struct snapshot *s);
bool snapshot_take(const struct editor *e, struct snapshot *s);
void editor_begin(struct editor *e, enum action action, bool joins); // before a change
void editor_undo(struct editor *e);
void editor_forget_undo(struct editor *e);

// ---- history (editor_history.c)

bool editor_walk(struct editor *e, int direction); // -1: older; false: no more
void editor_search_begin(struct editor *e);        // or the next older one
void editor_search_end(struct editor *e, bool keep);
bool editor_search_key(struct editor *e, const struct event *key); // false: not the search's
