// The inside of struct gguf, shared by the files that make up the reader: gguf.c maps a file and
// tells what it is, gguf_pairs.c and gguf_tensors.c check its two tables, gguf_value.c looks things
// up, gguf_split.c joins the parts of a model in several files, gguf_read.c holds what these share.
// The writer, gguf_write.c and gguf_write_file.c, shares some of that. Nothing else includes this.
#pragma once

#include "engine/model/gguf.h"

// Multi-byte numbers are read from the mapping as they lie there.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "GGUF files are little-endian");
_Static_assert(sizeof(size_t) == 8, "model files do not fit a 32-bit address space");

enum {
    GGUF_ALIGNMENT = 32, // unless general.alignment says otherwise
    GGUF_SHOWN_PATH = 512,
    GGUF_NAME_ROOM = 64,         // of a tensor's name with its NUL
    GGUF_MOST_RECORDS = 1 << 20, // far above any model; bounds what a damaged count can cost
};

// Sorted by name, so that a lookup among many stays quick and equal names are neighbours.
struct gguf_index {
    struct gguf_string name;
    size_t at; // in pairs or tensors
};

struct gguf {
    char *path;
    char shown[GGUF_SHOWN_PATH]; // the path for error texts
    const unsigned char *bytes;
    uint64_t size;
    uint32_t version;

    struct gguf_pair *pairs;
    struct gguf_index *pair_index;
    size_t pair_count; // 0 until all are checked

    struct gguf_tensor *tensors;
    struct gguf_index *tensor_index;
    char (*names)[GGUF_NAME_ROOM]; // the tensors' names
    size_t tensor_count;           // 0 until all are checked

    struct gguf **parts; // the other files of a model in several, whose tensors are in the table
    size_t part_count;
};

// One file, whichever part of a model it is.
struct gguf *gguf_open_file(const char *path, struct error *e);
// Opens the other parts, if it is the first of several.
bool gguf_join_parts(struct gguf *g, struct error *e);

// Reads on from `at`. The first read that would pass the end sets `cut` for good; it and all later
// ones return zeros.
struct gguf_cursor {
    const unsigned char *at;
    uint64_t left;
    bool cut;
};

const void *gguf_take(struct gguf_cursor *c, uint64_t size); // NULL: cut
uint32_t gguf_take_u32(struct gguf_cursor *c);
uint64_t gguf_take_u64(struct gguf_cursor *c);
struct gguf_string gguf_take_string(struct gguf_cursor *c);

// Both move the cursor behind their table. On failure what they allocated stays in `g`.
bool gguf_parse_pairs(struct gguf *g, struct gguf_cursor *c, uint64_t count, struct error *e);
bool gguf_parse_tensors(struct gguf *g, struct gguf_cursor *c, uint64_t count, struct error *e);

// Sorts; returns an entry whose name is there twice, or NULL.
const struct gguf_index *gguf_sort_index(struct gguf_index *index, size_t count);
const struct gguf_index *gguf_search_index(const struct gguf_index *index, size_t count,
                                           const char *name);

bool gguf_starts_with(const struct gguf *g, const char *text);
// Says what a file without GGUF's first bytes is, and what to do; false.
bool gguf_refuse_other(const struct gguf *g, struct error *e);

bool gguf_is_alignment_key(struct gguf_string key);
// The value of that key; false, with `out` left alone: not a u32, or not one that we take.
bool gguf_alignment(const struct gguf_pair *pair, uint32_t *out);

size_t gguf_item_size(uint32_t type); // bytes; 0: strings, arrays and types that do not exist

// A name from a file, made fit for an error text.
struct gguf_shown {
    char text[200];
};
struct gguf_shown gguf_show(struct gguf_string name);
void gguf_show_path(char out[GGUF_SHOWN_PATH], const char *path); // clean, and not too long

// Error texts; all return false. `format` completes "... is damaged: ".
bool gguf_damaged(const struct gguf *g, struct error *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool gguf_too_many(const struct gguf *g, const char *what, uint64_t count, struct error *e);
bool gguf_tables_cut(const struct gguf *g, struct error *e);
