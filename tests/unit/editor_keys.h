// The editor driven by keys that are written as in a manual: "abc<C-a><M-f><Left>".
#pragma once

#include "ui/editor.h"

// What the last key did.
enum editor_result press(struct editor *e, const char *keys);
// The text with | where the cursor is; valid until the next call.
const char *shown(const struct editor *e);
// One that has sent "first", "second question" and "third".
struct editor *with_history(void);
