// The inside of a session, shared by session.c, session_next.c and session_probe.c.
#pragma once

#include "base/buffer.h"
#include "engine/timeline.h"

struct session {
    struct engine *engine;
    struct decoder_state *state;
    struct columns held; // what the cache holds
    bool fresh;          // the logits are those of the last held column
    int32_t pending;     // sampled, but not in the cache yet; -1: none
    struct buffer
        text; // bytes of a character that is not whole yet, then the text of the last token
    size_t unfinished;     // how many of them belong to such a character, or may to a stop text
    const char *stop_text; // of the template; NULL: the prompt was made of ids
    float *scratch;        // logits that the sampler may change
    float reach;           // of the sampler, as last asked: what the next run is to make ready
    atomic_bool stop;
    double *picture_ms;
    uint32_t *picture_tokens;
    size_t report_room;
};

// Makes the timeline hold `want` (its pictures move over); `open`: no logits are wanted.
bool session_sync_columns(struct session *s, struct columns *want, bool open,
                          struct sync_report *report, struct error *err);
// Puts the pending token into the cache, so that the logits are those after it. STEP_TOKEN: done.
enum step session_settle(struct session *s, struct error *err);
void session_forget_text(struct session *s); // the pending token and unfinished characters
// Computes `n` columns that come to position `first`; the timeline does not hold them yet.
bool session_run(struct session *s, const struct column *from, uint32_t first, uint32_t n,
                 bool logits, struct error *err);
