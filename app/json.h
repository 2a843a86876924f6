// JSON on standard output: one value a line, safe for a terminal whatever its texts hold.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "app/console.h"
#include "base/error.h"

// A JSON string; what is not UTF-8 in it is replaced.
json_t *json_text(const char *text);

// Takes the reference; NULL (a failed json_pack) is reported as missing memory.
bool json_print(struct console *c, json_t *value, struct error *e);

// JSON that is text already.
bool json_print_text(struct console *c, const char *text, size_t size, struct error *e);
