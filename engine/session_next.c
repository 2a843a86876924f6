// One token at a time: decoded, sampled, its bytes made whole characters.
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/sampler.h"
#include "engine/session_internal.h"
#include "engine/text/stop.h"

enum { PENALTY_WINDOW = 64 };

enum step session_settle(struct session *s, struct error *err)
{
    if (s->pending < 0)
        return STEP_TOKEN;
    if (s->held.count >= s->engine->info.context)
        return STEP_CONTEXT;
    struct column c = {.token = s->pending};
    s->fresh = false;
    if (!session_run(s, &c, (uint32_t)s->held.count, 1, true, err))
        return err && err->kind == ERROR_INTERRUPTED ? STEP_STOPPED : STEP_FAILED;
    if (!columns_add_token(&s->held, s->pending, err))
        return STEP_FAILED;
    s->pending = -1;
    s->fresh = true;
    return STEP_TOKEN;
}

// From the few that the device picked out, where it did. Rows of the head beyond the vocabulary are
// padding: with one of them in the list, the list says too little.
static bool pick_listed(struct session *s, const struct sampling *how, int32_t *id, bool *done,
                        struct error *err)
{
    const struct shortlist *list = decoder_shortlist(s->state, sampler_reach(how));
    *done = list != NULL;
    for (uint32_t i = 0; list && i < list->count; i++)
        *done &= list->entries[i].id < tokenizer_size(s->engine->tokenizer);
    return !*done || sampler_pick_listed(list->entries, list->count, how, s->held.count, id, err);
}

static bool pick(struct session *s, const struct sampling *how, int32_t *id, struct error *err)
{
    bool done;
    if (!pick_listed(s, how, id, &done, err) || done)
        return done;
    const float *logits = decoder_logits(s->state, err);
    if (!logits)
        return false;
    int32_t recent[PENALTY_WINDOW];
    size_t n = 0;
    for (size_t i = s->held.count; i > 0 && n < PENALTY_WINDOW; i--)
        if (!s->held.list[i - 1].rows)
            recent[n++] = s->held.list[i - 1].token;
    uint32_t size = tokenizer_size(s->engine->tokenizer);
    memcpy(s->scratch, logits, size * sizeof(float));
    return sampler_pick(s->scratch, size, how, recent, n, s->held.count, id, err);
}

// Bytes of the first `*size` that are no UTF-8 become U+FFFD; what follows stays as it is.
static bool mend_text(struct buffer *text, size_t *size)
{
    struct buffer mended = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < *size;) {
        uint32_t code;
        char letter[4];
        i += utf8_decode(text->data + i, *size - i, &code);
        ok = buffer_add(&mended, letter, utf8_encode(code, letter));
    }
    size_t whole = mended.size;
    ok = ok && buffer_add(&mended, text->data + *size, text->size - *size);
    if (!ok) {
        buffer_free(&mended);
        return false;
    }
    buffer_free(text);
    *text = mended;
    *size = whole;
    return true;
}

// How much of what is ready can be said: not the stop text, nor what may become one. True where it
// is whole.
static bool cut_at_stop(const struct session *s, bool ends, size_t *ready)
{
    bool whole = false;
    if (!s->stop_text || *ready == 0)
        return false;
    size_t at = stop_find(s->text.data, *ready, s->stop_text, &whole);
    if (whole || !ends)
        *ready = at;
    return whole;
}

// The text that has become whole, given what was left over from the token before.
static bool add_text(struct session *s, int32_t id, struct token *out, struct error *err)
{
    size_t said = s->text.size - s->unfinished;
    if (said > 0) {
        memmove(s->text.data, s->text.data + said, s->unfinished);
        s->text.size = s->unfinished;
    }
    if (id >= 0 && !tokenizer_decode(s->engine->tokenizer, id, &s->text))
        return error_no_memory(err);
    if (!buffer_reserve(&s->text, 0))
        return error_no_memory(err);
    size_t ready = id >= 0 ? utf8_whole(s->text.data, s->text.size) : s->text.size;
    if (!utf8_valid(s->text.data, ready) && !mend_text(&s->text, &ready))
        return error_no_memory(err);
    bool cut = cut_at_stop(s, id < 0, &ready);
    s->unfinished = s->text.size - ready;
    *out = (struct token){.id = id, .text = s->text.data, .size = ready, .cut = cut};
    return true;
}

// The model ended its answer in words: the token that completed them is none of it.
static enum step end_in_words(struct session *s, struct token *out)
{
    s->pending = -1;
    s->text.data[s->text.size = out->size] = '\0';
    s->unfinished = 0;
    out->id = -1;
    return STEP_END;
}

enum step session_next(struct session *s, const struct sampling *how, struct token *out,
                       struct error *err)
{
    struct error own = {0};
    err = err ? err : &own;
    *out = (struct token){.id = -1, .text = ""};
    s->reach = isinf(sampler_reach(how)) ? 0 : sampler_reach(how);
    enum step step = atomic_load(&s->stop) ? STEP_STOPPED : session_settle(s, err);
    int32_t id = -1;
    if (step == STEP_TOKEN && !s->fresh) {
        error_set(err, ERROR_RUNTIME, "there is no question to answer; ask one");
        return STEP_FAILED;
    }
    if (step == STEP_TOKEN && !pick(s, how, &id, err))
        return STEP_FAILED;
    if (step == STEP_TOKEN && tokenizer_is_end(s->engine->tokenizer, id))
        step = STEP_END;
    if (step == STEP_TOKEN)
        s->pending = id;
    if (!add_text(s, step == STEP_TOKEN ? id : -1, out, err))
        return STEP_FAILED;
    return out->cut ? end_in_words(s, out) : step;
}
