// The person's own editor for a longer text: $VISUAL, $EDITOR, else vi. Call it from the thread
// that owns the terminal, with the terminal given back to its ordinary state.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

enum { EXTERNAL_MOST_TEXT = 1 << 20 };

// Lets the person edit `text` and adds the result to `out`. The file in between is private and is
// gone afterwards, whatever happened. Fails with ERROR_RUNTIME when the editor cannot be started or
// says that it failed, or when what it left is no text of at most 1 MiB.
bool external_edit(const char *text, struct buffer *out, struct error *e);
