// Ctrl+C. The first one asks the running work to stop (a flag, and a function such as
// session_stop); one that comes more than half a second after it and finds the program still busy
// ends it at once with 130. SIGPIPE is ignored, so that a closed pipe shows as a failed write. The
// flag and the function are the program's only signal state; everything is called from the main
// thread.
#pragma once

#include <stdbool.h>

void interrupt_start(void); // installs the handlers
bool interrupt_pending(void);
void interrupt_clear(void); // it was honoured
// What the first Ctrl+C calls from the signal handler: must be async-signal-safe. NULL: nothing.
void interrupt_watch(void (*stop)(void *data), void *data);
