// Other programs, started without a shell and never waited for longer than said. Each gets default
// signals and an empty mask; those in the background also a session of their own, so that what they
// start can be ended with them and a closed terminal does not end them. Any thread; no globals.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum child_end {
    CHILD_DONE,      // ended by itself with status 0
    CHILD_MISSING,   // there is no such program
    CHILD_FAILED,    // any other end, or it could not be started
    CHILD_TOO_LARGE, // wrote more than the limit
    CHILD_TOO_SLOW,
    CHILD_STOPPED, // by the flag
};

struct child_limits {
    size_t bytes;
    double until;            // on clock_ms()
    const atomic_bool *stop; // NULL allowed; looked at every 20 ms
};

// Adds what the program (argv[0], looked for in PATH; NULL ends the list) writes to its standard
// output. Standard input is /dev/null, standard error is dropped. A program that oversteps a limit
// is killed. Unless CHILD_DONE comes back, `out` is as it was.
enum child_end child_read(const char *const argv[], const struct child_limits *limits,
                          struct buffer *out);

// Gives the program the bytes as standard input and drops what it writes. One that still runs after
// `wait_ms` has them and goes on alone: CHILD_DONE.
enum child_end child_feed(const char *const argv[], const void *bytes, size_t size, double wait_ms);

// Gives the terminal to the program and waits for its end; *status as of waitpid. Meanwhile Ctrl+C
// and Ctrl+\ are the program's, and Ctrl+Z stops both: only one such call at a time, from the
// thread that owns the terminal. CHILD_DONE whatever the status.
enum child_end child_foreground(const char *const argv[], int *status);
