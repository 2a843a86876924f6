#include "engine/session_internal.h"

bool session_sync_ids(struct session *s, const struct id_chunk *chunks,
                      struct picture *const *pictures, size_t n_pictures,
                      struct sync_report *report, struct error *err)
{
    struct sync_report own;
    report = report ? report : &own;
    *report = (struct sync_report){0};
    struct columns want = {0};
    uint32_t vocabulary = s->engine->info.vocabulary;
    bool ok = true;
    for (size_t k = 0; ok && k <= n_pictures; k++) {
        for (size_t i = 0; ok && i < chunks[k].count; i++) {
            int32_t id = chunks[k].ids[i];
            ok = (id >= 0 && (uint32_t)id < vocabulary) ||
                 error_set(err, ERROR_USAGE, "the id %d is not in the vocabulary of %u", id,
                           vocabulary);
            ok = ok && columns_add_token(&want, id, err);
        }
        if (ok && k < n_pictures)
            ok = columns_add_picture(s->engine, &want, pictures[k], err);
    }
    if (ok && want.count == 0)
        ok = error_set(err, ERROR_USAGE, "there are no ids");
    s->stop_text = NULL;
    ok = ok && session_sync_columns(s, &want, false, report, err);
    columns_finish(s->engine, &want);
    return ok;
}

const float *session_logits(struct session *s)
{
    return decoder_logits(s->state, NULL);
}

bool session_force(struct session *s, int32_t id, struct error *err)
{
    if (id < 0 || (uint32_t)id >= s->engine->info.vocabulary)
        return error_set(err, ERROR_USAGE, "the id %d is not in the vocabulary of %u", id,
                         s->engine->info.vocabulary);
    s->pending = id;
    switch (session_settle(s, err)) {
    case STEP_TOKEN:
        return true;
    case STEP_CONTEXT:
        return error_set(err, ERROR_USAGE, "the context of %u positions is full",
                         s->engine->info.context);
    default:
        return false;
    }
}

void session_truncate(struct session *s, uint32_t positions)
{
    if (positions < s->held.count) {
        s->held.count = positions;
        s->fresh = false;
    }
    session_forget_text(s);
}

uint32_t session_positions(const struct session *s)
{
    return (uint32_t)s->held.count;
}
