// Which cases there are: those that the repository holds, or all below a folder laid out like it:
// default/NAME, synth/gold/TYPE, synth/lm-TYPE.gguf, synth/eyes-*.gguf.
#pragma once

#include "fixture.h"

enum { GOLDEN_JOBS = 64 };

struct golden_job {
    char name[64];    // of the test
    char folder[512]; // of the case
    char lm[512];     // "": the default model
    char eyes[512];
};

struct golden_jobs {
    struct golden_job list[GOLDEN_JOBS];
    size_t count;
};

void golden_list_stored(struct golden_jobs *jobs);
void golden_list_all(struct golden_jobs *jobs, const char *root);
