// A backend that goes on when the test lets it.
#pragma once

#include <pthread.h>

#include "app/backend.h"

enum { PUPPET_FREE = 1 << 30 }; // as many steps as it likes

struct puppet {
    struct backend backend; // first: it is freed as this
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int steps; // that may still be taken: open, the syncs of work ahead, tokens
    bool stop, waits;
    const char *failure; // of open
    int answer;          // tokens before the end; -1: without end, each another id
    int said;
};

// NULL: no memory. The worker closes it, once it has started.
struct puppet *puppet_create(int steps, int answer);
void puppet_allow(struct puppet *p, int steps); // more of them
void puppet_wait(struct puppet *p);             // until it has none left and waits
