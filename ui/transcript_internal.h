// The transcript's state, shared by transcript.c (entries), transcript_view.c (positions,
// scrolling, drawing) and transcript_search.c. Nobody else includes this.
#pragma once

#include "ui/entry.h"
#include "ui/transcript.h"

enum { PAGES_AROUND = 64 }; // entries on either side of the view that keep their rows

// A row of an entry, the blank one before it counted: entries but the first have one.
struct place {
    size_t entry;
    int row;
};

struct transcript {
    struct entry *list;
    size_t count, room;
    size_t *laid; // entries that have pages
    size_t n_laid, laid_room;

    struct entry_space space; // of the last draw; no rows before it
    int rows;
    struct place anchor; // at the top of the view
    bool following;
    bool rescale;      // the width changed: the anchor is where it was, in parts of its entry
    struct place seen; // what is below came after following ended

    struct query query;
    size_t match_entry, match; // gone to: the entry, and which one in it; SIZE_MAX: none
    struct matches matches;    // of one entry, while it is used
};

// Heights in rows, the blank row counted. They lay out what they need.
int transcript_gap(size_t entry);
int transcript_height(struct transcript *t, size_t entry);
// With its page. NULL: no memory.
struct entry *transcript_page_of(struct transcript *t, size_t entry);
// The page of the last call is not needed any more: dropped where it is far from the view.
void transcript_release(struct transcript *t, size_t entry);
void transcript_drop_far(struct transcript *t);             // pages, and the encodings of pictures
void transcript_show(struct transcript *t, struct place p); // a third from the top; ends following
struct place transcript_view_end(struct transcript *t);     // behind the last visible row
