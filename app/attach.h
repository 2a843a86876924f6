// A path as a person types, drops or pastes it: spaces, quotes, backslashes, ~, file:// with %XX.
// What names a file as it stands is taken as it stands; only otherwise is it interpreted. Pure but
// for the look whether a file is there.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "engine/engine.h"

// Adds the path to `out`. The file need not exist. Fails with ERROR_PICTURE: empty, a file:// of
// another machine, a %XX that is none, a quote that is not closed.
bool attach_path(const char *typed, struct buffer *out, struct error *e);

// Does the line look like a path that was dropped on the terminal (/ ~ . " ' file://), and is there
// a file of that name? Then `out` gets the path.
bool attach_is_file(const char *typed, struct buffer *out);

// The picture of a typed path. *path (owned by the caller) is what was opened.
struct picture *attach_read(const char *typed, char **path, struct error *e);

// The picture of the clipboard; `stop` as in clipboard.h.
struct picture *attach_clipboard(const atomic_bool *stop, struct error *e);
