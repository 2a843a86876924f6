// A session's life, and its timeline brought to what messages ask for.
#include <stdlib.h>
#include <string.h>

#include "engine/session_internal.h"

struct session *session_create(struct engine *e, struct error *err)
{
    struct session *s = calloc(1, sizeof(*s));
    float *scratch = malloc(e->info.vocabulary * sizeof(float));
    if (!s || !scratch) {
        free(s);
        free(scratch);
        error_no_memory(err);
        return NULL;
    }
    s->engine = e;
    s->scratch = scratch;
    s->pending = -1;
    s->state = e->spare;
    e->spare = NULL;
    if (!s->state)
        s->state = decoder_state_create(e->decoder, e->info.context, e->cache_type, err);
    if (!s->state) {
        session_destroy(s);
        return NULL;
    }
    return s;
}

void session_destroy(struct session *s)
{
    if (!s)
        return;
    decoder_state_destroy(s->state);
    columns_finish(s->engine, &s->held);
    buffer_free(&s->text);
    free(s->picture_ms);
    free(s->picture_tokens);
    free(s->scratch);
    free(s);
}

void session_stop(struct session *s)
{
    atomic_store(&s->stop, true);
}

void session_resume(struct session *s)
{
    atomic_store(&s->stop, false);
}

// ---- making the timeline hold what is asked for

void session_forget_text(struct session *s)
{
    s->pending = -1;
    s->unfinished = 0;
    buffer_clear(&s->text);
}

static bool reserve_report(struct session *s, size_t n, struct error *err)
{
    if (n <= s->report_room)
        return true;
    double *ms = realloc(s->picture_ms, n * sizeof(*ms));
    if (ms)
        s->picture_ms = ms;
    uint32_t *tokens = realloc(s->picture_tokens, n * sizeof(*tokens));
    if (tokens)
        s->picture_tokens = tokens;
    if (!ms || !tokens)
        return error_no_memory(err);
    s->report_room = n;
    return true;
}

static bool encode_each(struct session *s, const struct columns *want, struct sync_report *report,
                        struct error *err)
{
    if (!reserve_report(s, want->n_pictures, err))
        return false;
    for (size_t i = 0; i < want->n_pictures; i++) {
        struct picture_rows *r = want->rows[i];
        s->picture_tokens[i] = r->count;
        bool ok =
            (r->values || engine_progress(s->engine, PHASE_ENCODE, i, want->n_pictures, err)) &&
            engine_encode(s->engine, want->pictures[i], r, &s->stop, &s->picture_ms[i], err);
        if (!ok)
            return false;
        report->encode_ms += s->picture_ms[i];
    }
    report->picture_ms = s->picture_ms;
    report->picture_tokens = s->picture_tokens;
    report->n_pictures = want->n_pictures;
    return true;
}

static bool encode_pictures(struct session *s, const struct columns *want,
                            struct sync_report *report, struct error *err)
{
    bool ok = encode_each(s, want, report, err);
    engine_drop_tower(s->engine);
    return ok;
}

static void write_columns(const struct session *s, const struct column *from, uint32_t n)
{
    uint32_t width = s->engine->info.embedding;
    float *row = decoder_input(s->state);
    for (uint32_t i = 0; i < n; i++, row += width) {
        if (from[i].rows)
            memcpy(row, from[i].rows->values + (size_t)from[i].row * width, width * sizeof(float));
        else
            decoder_embed(s->engine->decoder, from[i].token, row);
    }
}

bool session_run(struct session *s, const struct column *from, uint32_t first, uint32_t n,
                 bool logits, struct error *err)
{
    struct decoder_counters before = decoder_counted(s->state);
    write_columns(s, from, n);
    bool ok = decoder_run(s->state, first, n, logits, s->reach, &s->stop, err);
    struct decoder_counters after = decoder_counted(s->state);
    s->engine->counters.columns += after.columns - before.columns;
    s->engine->counters.kernel_ms += after.kernel_ms - before.kernel_ms;
    return ok;
}

// Computes want[held.count..), batch by batch; after each the timeline holds what was computed. The
// columns are `want`'s, whose pictures the caller keeps.
static bool prefill(struct session *s, const struct columns *want, bool logits, struct error *err)
{
    uint32_t batch = decoder_batch(s->state);
    size_t first = s->held.count, total = want->count - first;
    while (s->held.count < want->count) {
        size_t at = s->held.count, n = want->count - at < batch ? want->count - at : batch;
        bool last = at + n == want->count;
        if (!engine_progress(s->engine, PHASE_PREFILL, at - first, total, err) ||
            !session_run(s, want->list + at, (uint32_t)at, (uint32_t)n, last && logits, err))
            return false;
        for (size_t i = 0; i < n; i++)
            if (!columns_add_token(&s->held, 0, err))
                return false;
        memcpy(s->held.list + at, want->list + at, n * sizeof(*want->list));
        s->fresh = last && logits;
    }
    return true;
}

// The timeline keeps its first `n` columns and takes over the pictures of `want`, of which those
// are a prefix.
static void take_prefix(struct session *s, struct columns *want, size_t n)
{
    struct columns old = s->held;
    s->held = (struct columns){.list = old.list, .count = n, .room = old.room};
    s->fresh = s->fresh && n == old.count;
    s->held.rows = want->rows;
    s->held.pictures = want->pictures;
    s->held.n_pictures = want->n_pictures;
    s->held.picture_room = want->picture_room;
    want->rows = NULL;
    want->pictures = NULL;
    want->n_pictures = want->picture_room = 0;
    old.list = NULL;
    columns_finish(s->engine, &old);
}

static bool check_length(const struct session *s, size_t n, struct error *err)
{
    uint32_t context = s->engine->info.context;
    if (n <= context)
        return true;
    return error_set(err, ERROR_USAGE,
                     "the prompt takes %zu tokens, %zu more than the context of %u holds; shorten "
                     "it, drop pictures "
                     "or turns, or raise --ctx-size",
                     n, n - context, context);
}

bool session_sync_columns(struct session *s, struct columns *want, bool open,
                          struct sync_report *report, struct error *err)
{
    if (!check_length(s, want->count, err))
        return false;
    // Also where there is nothing to compute.
    if (atomic_load(&s->stop))
        return error_set(err, ERROR_INTERRUPTED, "stopped");
    size_t keep = columns_common(&s->held, want);
    // The last column is computed again where its logits are not there any more.
    bool ready = s->fresh && keep == want->count && s->held.count == keep;
    if (!open && !ready && keep == want->count && keep > 0)
        keep--;
    report->prompt_tokens = (uint32_t)want->count;
    report->cached_tokens = (uint32_t)keep;
    session_forget_text(s);
    if (!encode_pictures(s, want, report, err))
        return false;
    take_prefix(s, want, keep);
    double start = clock_ms();
    // `want` keeps its list, the timeline its pictures.
    bool ok = prefill(s, want, !open, err);
    report->prefill_ms = clock_ms() - start;
    return ok;
}

bool session_sync(struct session *s, const struct message *messages, size_t n, bool open,
                  struct sync_report *report, struct error *err)
{
    struct sync_report own;
    report = report ? report : &own;
    *report = (struct sync_report){0};
    s->stop_text = template_stop(s->engine->template);
    struct columns want = {0};
    bool ok = columns_from_messages(s->engine, messages, n, open, &want, err) &&
              session_sync_columns(s, &want, open, report, err);
    columns_finish(s->engine, &want);
    return ok;
}

bool session_count(struct session *s, const struct message *messages, size_t n, uint32_t *tokens,
                   struct error *err)
{
    struct columns c = {0};
    bool ok = columns_from_messages(s->engine, messages, n, false, &c, err);
    *tokens = (uint32_t)c.count;
    columns_finish(s->engine, &c);
    return ok;
}
