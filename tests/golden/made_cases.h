// The cases of test_made: folders of tests/data that hold numbers for models that are made.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { MADE_CASES = 64 }; // of a group, at most

struct made_case {
    const char *group, *name; // tests/data/GROUP/NAME
    bool full;                // large: only for a run in full depth
    bool rounded;             // products of its scales are rounded to half floats on the device
};
const struct made_case *made_case_at(size_t i); // NULL: beyond the last
