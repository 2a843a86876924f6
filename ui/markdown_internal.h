// The renderer's state, shared by markdown.c (what the parser reports), markdown_rows.c (rows and
// what stands before them), markdown_table.c and markdown_entity.c. Nobody else includes this.
#pragma once

#include "ui/markdown.h"

enum { LEVELS_MOST = 32, PREFIX_MOST = 24, COLUMNS_MOST = 64 };

enum level_kind { LEVEL_QUOTE, LEVEL_LIST, LEVEL_ITEM, LEVEL_CODE };

// A container; deeper ones than LEVELS_MOST are not told apart.
struct level {
    enum level_kind kind;
    bool ordered, tight;                        // LIST, and the items in it
    unsigned number;                            // LIST: of the next item
    char first[PREFIX_MOST], rest[PREFIX_MOST]; // before its first row, and the others
    int cells;                                  // of either
    bool begun;                                 // a row was made
};

struct table {
    struct styled text; // of all cells
    size_t *ends;       // of each cell in it, row by row
    size_t count, room;
    size_t columns;
    unsigned char align[COLUMNS_MOST]; // MD_ALIGN
};

struct renderer {
    struct page *out;
    int width;
    size_t most; // bytes that the page may reach: a few bytes of tables can ask for any size

    struct styled line; // of the block that is being read
    struct level levels[LEVELS_MOST];
    int depth;
    bool gap; // a blank row comes before the next one

    int strong, emphasis, strike, code, link, image; // spans that are open
    bool heading, verbatim;                          // blocks
    size_t link_begin;
    struct buffer address;
    struct table table;
};

// All return false without memory or beyond `most`.

int level_avail(const struct renderer *r); // cells for text, >= 1
bool level_tight(const struct renderer *r);
void level_push(struct renderer *r, const struct level *l);
void level_push_list(struct renderer *r, bool ordered, bool tight, unsigned number);
void level_push_item(struct renderer *r); // of the list that was pushed last
void level_pop(struct renderer *r);

// One row: [begin, end) of `from` after `hang` cells. The text that follows it comes from whoever
// makes the rows.
bool rows_add(struct renderer *r, const struct styled *from, size_t begin, size_t end, int hang);
bool rows_gap(struct renderer *r);                 // the blank row before a block, if it takes one
bool rows_paragraph(struct renderer *r, int hang); // r->line, wrapped, and emptied
bool rows_code(struct renderer *r, const char *language, size_t size);
bool rows_rule(struct renderer *r);

bool table_cell(struct renderer *r); // r->line is the next one
bool table_rows(struct renderer *r); // and empties it

// Adds what an entity ("&amp;") stands for; one that is not known as it is written.
bool entity_add(struct styled *s, const char *text, size_t size, struct style style);
