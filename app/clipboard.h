// The clipboard of the desktop, through the programs that reach it: wl-paste and wl-copy under
// Wayland, xclip and xsel under X. Any thread; the environment says which desktop it is.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

enum { CLIPBOARD_MOST_PICTURE = 64 << 20 };

// Adds the file of the picture that was copied (PNG by preference), whatever its bytes are. Takes 5
// seconds at most; `stop` (NULL allowed) ends it sooner, with ERROR_INTERRUPTED. Otherwise fails
// with ERROR_PICTURE: no picture there, too large, too slow, no program that reads the clipboard.
bool clipboard_read_picture(struct buffer *out, const atomic_bool *stop, struct error *e);

// Puts the text into the clipboard; takes 200 ms at most. False: no program here can do it.
bool clipboard_write_text(const char *text, size_t size);
