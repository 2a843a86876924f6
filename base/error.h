// How every module says why something failed. A function that can fail returns bool (true = ok) or
// a pointer (non-NULL = ok) and takes a `struct error *`, which it fills on failure and leaves
// alone otherwise. The text is one sentence for the person at the terminal: what is wrong, what to
// do. The caller owns the struct; NULL is allowed and drops the reason.
#pragma once

#include <stdbool.h>

// The kind decides the exit code of the program (see --help).
enum error_kind {
    ERROR_NONE = 0,
    ERROR_RUNTIME,     // any other failure at run time
    ERROR_USAGE,       // bad option, empty or too long prompt, not UTF-8
    ERROR_MODEL,       // model or vision file: missing, damaged, not of a kind that we run
    ERROR_PICTURE,     // picture: missing, unreadable, damaged, too large, not a picture
    ERROR_DEVICE,      // no Vulkan, no device, not enough memory
    ERROR_INTERRUPTED, // stopped by the user
};

struct error {
    enum error_kind kind;
    char text[1024]; // valid UTF-8, terminated, no newline at the end
};

// Fills `e` (which may be NULL) and returns false, so that `return error_set(...)` reads well.
// A text that does not fit is cut at a character boundary.
bool error_set(struct error *e, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// "not enough memory on this machine": the one sentence for malloc's NULL.
bool error_no_memory(struct error *e);
