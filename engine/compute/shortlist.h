// Of many logits the greatest and those near it: what shaders/shortlist.comp makes, what a sampler
// reads.
#pragma once

#include <stdint.h>

#include "shaders/shared.h"

struct shortlist_entry {
    uint32_t id;
    float logit;
};

// As the kernel lays it out.
struct shortlist {
    uint32_t greatest; // a rank, for the kernel itself
    uint32_t nan;      // not 0: a logit is not a number
    uint32_t count;    // of those within reach; entries: the first SHORTLIST_MOST, in any order
    uint32_t unused;
    struct shortlist_entry entries[SHORTLIST_MOST];
};
