// A conversation as a Markdown file. Any thread that may use the chat.
#pragma once

#include <stdbool.h>

#include "app/chat.h"
#include "base/error.h"

struct export_params {
    const char *title;        // one line
    const char *user, *model; // the headings of questions and answers
    bool replace;             // a file that is already there
};

// Writes what was said, word for word, with links to the pictures, to `path` (as it stands: ~ and
// quotes are the caller's to resolve), whole or not at all, for the user alone (0600). NULL for
// `params` or one of its texts: "Conversation", "You", "Pumice". Fails with ERROR_RUNTIME.
bool export_markdown(struct chat *c, const char *path, const struct export_params *params,
                     struct error *e);
