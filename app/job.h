// What the worker is asked for: an answer, or the work ahead. Owns copies of its messages.
#pragma once

#include "engine/engine.h"

enum job_kind { JOB_NONE, JOB_ANSWER, JOB_PREPARE };

struct job {
    enum job_kind kind;
    unsigned number;
    struct message *messages;
    size_t count;
    struct sampling how;
    uint32_t max_tokens;
};

// False: no memory. Finish it in both cases.
bool job_make(struct job *j, enum job_kind kind, const struct message *m, size_t n);
void job_finish(struct job *j);
