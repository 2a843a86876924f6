#include "app/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "app/interrupt.h"

enum { PATIENCE_MS = 500, REDRAW_MS = 100 };

static bool is_shown(const struct console *c)
{
    const char *term = getenv("TERM");
    return c->err_terminal && !c->quiet && term && strcmp(term, "dumb");
}

void progress_begin(struct progress *p)
{
    p->began = clock_ms();
    p->drawn = 0;
}

bool progress_show(struct progress *p, const char *text)
{
    double now = clock_ms();
    if (is_shown(p->console) && now - p->began > PATIENCE_MS && now - p->drawn > REDRAW_MS) {
        console_progress(p->console, text);
        p->drawn = now;
    }
    return !interrupt_pending();
}

bool progress_step(void *data, enum phase phase, uint64_t done, uint64_t total)
{
    static const char *const names[] = {
        [PHASE_TRY] = "trying kernels",
        [PHASE_LOAD] = "loading the model",
        [PHASE_ENCODE] = "looking at the picture",
        [PHASE_PREFILL] = "reading the prompt",
    };
    char text[80];
    if (total)
        snprintf(text, sizeof(text), "%s ... %d %%", names[phase],
                 (int)(100.0 * (double)done / (double)total));
    else
        snprintf(text, sizeof(text), "%s ...", names[phase]);
    return progress_show(data, text);
}

void progress_end(struct progress *p)
{
    console_progress(p->console, NULL);
}
