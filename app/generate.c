#include "app/generate.h"

#include "app/clock.h"
#include "app/repetition.h"

static enum answer_end end_of(enum step last)
{
    return last == STEP_CONTEXT ? END_CONTEXT : last == STEP_STOPPED ? END_STOPPED : END_OF_ANSWER;
}

bool generate(const struct generate *g, struct generated *out, struct error *e)
{
    struct repetition repetition = {0};
    double first = 0;
    *out = (struct generated){.end = END_LENGTH};
    while (out->tokens < g->max_tokens) {
        struct token t = {.id = -1, .text = ""};
        enum step s =
            g->stopped(g->data) ? STEP_STOPPED : g->backend->next(g->backend, g->sampling, &t, e);
        if (s == STEP_FAILED)
            return false;
        if (s != STEP_TOKEN) {
            t.id = -1;
            out->end = end_of(s);
            return g->take(g->data, &t, e);
        }
        double now = clock_ms();
        first = out->tokens++ == 0 ? now : first;
        out->ms = now - first;
        if (!g->take(g->data, &t, e))
            return false;
        if (repetition_add(&repetition, t.id)) {
            out->end = END_REPETITION;
            break;
        }
    }
    return true;
}
