// Text from a file, made fit for the sentence of a struct error: cut when long, cleaned for a
// terminal. Private to engine/text. Pure functions.
#pragma once

#include <stddef.h>

#include "engine/model/gguf.h"

struct shown {
    char text[512];
};

struct shown show_path(const struct gguf *g);
struct shown show_name(const char *text, size_t size); // a token, a name: its first 100 bytes or so
