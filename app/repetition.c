#include "app/repetition.h"

bool repetition_add(struct repetition *r, int32_t id)
{
    bool endless = false;
    for (uint32_t p = 1; p <= REPETITION_LONGEST && p <= r->count; p++) {
        uint32_t *same = &r->same[p - 1];
        *same = r->last[(r->count - p) % REPETITION_LONGEST] == id ? *same + 1 : 0;
        // The first p of the stretch have nothing to equal.
        uint32_t stretch = *same + p;
        if (stretch >= REPETITION_TIMES * p && stretch > REPETITION_TOKENS)
            endless = true;
    }
    r->last[r->count++ % REPETITION_LONGEST] = id;
    return endless;
}
