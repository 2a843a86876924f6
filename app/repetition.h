// Endless repetition among the ids of an answer: the same 1 to 32 tokens eight times in a row, and
// over 64 tokens. Pure; zeroed memory is the beginning of an answer.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { REPETITION_LONGEST = 32, REPETITION_TIMES = 8, REPETITION_TOKENS = 64 };

struct repetition {
    int32_t last[REPETITION_LONGEST]; // a ring
    uint32_t count;                   // ids so far
    // For each period p, at [p - 1]: how many ids up to the last one equal the id p before them.
    uint32_t same[REPETITION_LONGEST];
};

// Adds an id. True: the ids up to this one repeat without end.
bool repetition_add(struct repetition *r, int32_t id);
