// Finding words in laid-out text. Letters match without regard to case unless the words have
// capitals; a line break matches a space. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query {
    char *text; // as it was given; NULL: no search
    uint32_t *codes;
    size_t count;
    bool exact;
};

// Replaces what it held. "" makes it empty. False: no memory (it is empty then).
bool query_set(struct query *q, const char *text);
void query_finish(struct query *q);
// False: text[0..size) cannot hold a match even when its Markdown is laid out. Cheap.
bool query_may_match(const struct query *q, const char *text);

struct match {
    size_t begin, end; // bytes, whole clusters
};
struct matches {
    struct match *list; // in order, apart
    size_t count, room;
};
// In place of what `out` held. False: no memory.
bool query_find(const struct query *q, const char *text, size_t size, struct matches *out);
void matches_finish(struct matches *m);
