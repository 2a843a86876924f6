// The progress line: on standard error, when that is a terminal, for work that takes over half a
// second. Also the place where work notices Ctrl+C. Main thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/console.h"
#include "engine/engine.h"

struct progress {
    struct console *console;
    double began; // clock_ms
    double drawn;
};

void progress_begin(struct progress *p); // the half second starts now
// A progress_fn, whose data is a struct progress. False: interrupted.
bool progress_step(void *data, enum phase phase, uint64_t done, uint64_t total);
bool progress_show(struct progress *p, const char *text); // as progress_step, for any other work
void progress_end(struct progress *p);                    // removes the line
