// The cache of keys and values: a prompt in one piece and in parts, a cache that grows, a prefill
// that is interrupted, and a context that is full. The default model in the first test; a small one
// of random weights in the others.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

// Enough to go beyond the first 256 positions that a cache has, and 512.
enum { LONG = 300, LONGEST = 600, SMALL_CONTEXT = 64 };

static struct engine *engine;
static int32_t ids[LONGEST];

static void sync_ids(struct session *s, const int32_t *list, size_t n)
{
    struct error e = {0};
    if (!session_sync_ids(s, &(struct id_chunk){list, n}, NULL, 0, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(session_positions(s), n);
}

static void force_ids(struct session *s, size_t from, size_t to)
{
    struct error e = {0};
    for (size_t i = from; i < to; i++)
        if (!session_force(s, ids[i], &e))
            fail_msg("%s", e.text);
    assert_int_equal(session_positions(s), to);
}

static void the_split_into_batches_does_not_matter(void **state)
{
    (void)state;
    static const size_t splits[][5] = {
        {1, 2, 3, 50, LONG}, {177, LONG}, {127, 255, LONG - 1, LONG}};
    struct session *whole = open_session(engine);
    sync_ids(whole, ids, LONG);
    for (size_t k = 0; k < COUNT(splits); k++) {
        struct session *s = open_session(engine);
        for (size_t i = 0; i < COUNT(splits[k]) && splits[k][i]; i++)
            sync_ids(s, ids, splits[k][i]);
        check_same_logits(engine, s, whole, SAME_MOST, "split");
        session_destroy(s);
    }
    struct session *s = open_session(engine);
    sync_ids(s, ids, LONG - 12);
    force_ids(s, LONG - 12, LONG);
    check_same_logits(engine, s, whole, ROUNDED_MOST, "the last 12 one by one");
    session_destroy(s);
    session_destroy(whole);
}

// ---- a small model

static struct engine *open_small(uint32_t context, enum kv_type kv)
{
    return open_engine_with(&(struct engine_params){
        .model = data_path("synth/lm-Q4_0.gguf"), .context = context, .kv = kv});
}

// A cache that was as large from the start is one that has held a longer prompt.
static void grow_cache(enum kv_type kv)
{
    struct engine *small = open_small(0, kv);
    struct session *large = open_session(small), *s = open_session(small);
    int32_t other[LONGEST];
    for (size_t i = 0; i < LONGEST; i++)
        other[i] = ids[LONGEST - 1 - i];
    sync_ids(large, other, LONGEST);
    session_truncate(large, 0);

    sync_ids(large, ids, 254);
    sync_ids(s, ids, 254);
    force_ids(large, 254, 259);
    force_ids(s, 254, 259);
    check_same_logits(small, s, large, SAME_MOST, "decoding beyond 256");
    sync_ids(large, ids, LONGEST);
    sync_ids(s, ids, LONGEST);
    check_same_logits(small, s, large, SAME_MOST, "prefill beyond 512");
    session_destroy(s);
    session_destroy(large);
    engine_destroy(small);
}

static void a_cache_that_grows_gives_the_same_logits(void **state)
{
    (void)state;
    grow_cache(KV_F16);
    grow_cache(KV_Q8_0);
}

// What is kept of a longer prompt, and what comes behind it, is as if nothing else had been there.
static void a_cache_of_bytes_keeps_its_prefix(void **state)
{
    (void)state;
    struct engine *small = open_small(0, KV_Q8_0);
    struct session *s = open_session(small), *fresh = open_session(small);
    struct sync_report r;
    sync_ids(s, ids, LONG);
    session_truncate(s, 128);
    assert_true(session_sync_ids(s, &(struct id_chunk){ids, 150}, NULL, 0, &r, NULL));
    assert_int_equal(r.cached_tokens, 128);
    force_ids(s, 150, 155);
    sync_ids(fresh, ids, 150);
    force_ids(fresh, 150, 155);
    check_same_logits(small, s, fresh, SAME_MOST, "a prefix of bytes");
    session_destroy(fresh);
    session_destroy(s);
    engine_destroy(small);
}

static bool refuse(void *data, enum phase phase, uint64_t done, uint64_t total)
{
    (void)total;
    bool *refused = data;
    if (phase != PHASE_PREFILL || done == 0 || *refused)
        return true;
    *refused = true;
    return false;
}

// The one who shows progress refuses the second batch.
static void progress_may_stop_a_prefill_between_batches(void **state)
{
    (void)state;
    bool refused = false;
    struct error e = {0};
    struct engine_params params = {
        .model = data_path("synth/lm-Q4_0.gguf"), .progress = refuse, .progress_data = &refused};
    struct engine *small = open_engine_with(&params);
    struct session *s = open_session(small), *fresh = open_session(small);
    struct id_chunk chunk = {ids, LONG};
    struct sync_report r;
    assert_false(session_sync_ids(s, &chunk, NULL, 0, NULL, &e));
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    uint32_t held = session_positions(s);
    assert_in_range(held, 1, LONG - 1);
    assert_true(session_sync_ids(s, &chunk, NULL, 0, &r, NULL));
    assert_int_equal(r.cached_tokens, held);
    sync_ids(fresh, ids, LONG);
    check_same_logits(small, s, fresh, SAME_MOST, "after a refused batch");
    session_destroy(s);
    session_destroy(fresh);
    engine_destroy(small);
}

static void a_full_context_is_said_and_nothing_breaks(void **state)
{
    (void)state;
    struct engine *small = open_small(SMALL_CONTEXT, KV_F16);
    struct session *s = open_session(small);
    struct token t;
    struct error e = {0};
    sync_ids(s, ids, SMALL_CONTEXT);
    assert_int_equal(session_next(s, &(struct sampling){0}, &t, &e), STEP_TOKEN);
    for (int i = 0; i < 2; i++)
        assert_int_equal(session_next(s, &(struct sampling){0}, &t, &e), STEP_CONTEXT);
    assert_int_equal(session_positions(s), SMALL_CONTEXT);
    assert_false(session_force(s, 5, &e));
    assert_int_equal(e.kind, ERROR_USAGE);
    assert_non_null(strstr(e.text, "64"));

    struct session *fresh = open_session(small);
    sync_ids(s, ids, 20);
    sync_ids(fresh, ids, 20);
    check_same_logits(small, s, fresh, SAME_MOST, "after a full context");
    session_destroy(fresh);
    session_destroy(s);
    engine_destroy(small);
}

static void a_prompt_beyond_the_context_is_refused_by_how_much(void **state)
{
    (void)state;
    struct engine *small = open_small(SMALL_CONTEXT, KV_F16);
    struct session *s = open_session(small);
    struct error e = {0};
    char phrase[64];
    char text[512];
    uint32_t tokens;
    sync_ids(s, ids, 20);
    assert_false(
        session_sync_ids(s, &(struct id_chunk){ids, SMALL_CONTEXT + 1}, NULL, 0, NULL, &e));
    assert_int_equal(e.kind, ERROR_USAGE);
    assert_non_null(strstr(e.text, " 65 tokens, 1 more"));
    assert_int_equal(session_positions(s), 20);

    memset(text, '7', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct message m = ask(text, NULL, 0);
    assert_true(session_count(s, &m, 1, &tokens, &e));
    assert_true(tokens > sizeof(text) - 1); // a token a digit, and the template's
    e = (struct error){0};
    assert_false(session_sync(s, &m, 1, false, NULL, &e));
    assert_int_equal(e.kind, ERROR_USAGE);
    snprintf(phrase, sizeof(phrase), "%u tokens, %u more than", tokens, tokens - SMALL_CONTEXT);
    if (!strstr(e.text, phrase))
        fail_msg("%s: %s", phrase, e.text);

    // What was there is still there.
    struct session *fresh = open_session(small);
    sync_ids(fresh, ids, 20);
    struct sync_report r;
    assert_true(session_sync_ids(s, &(struct id_chunk){ids, 20}, NULL, 0, &r, NULL));
    assert_int_equal(r.cached_tokens, 20);
    check_same_logits(small, s, fresh, SAME_MOST, "after a prompt too long");
    session_destroy(fresh);
    session_destroy(s);
    engine_destroy(small);
}

static int load(void **state)
{
    *state = engine = open_engine(default_model(), NULL, 0);
    for (int32_t i = 0; i < LONGEST; i++)
        ids[i] = 100 + i * 7919 % 900; // of the small vocabulary too
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_split_into_batches_does_not_matter),
        cmocka_unit_test(a_cache_that_grows_gives_the_same_logits),
        cmocka_unit_test(a_cache_of_bytes_keeps_its_prefix),
        cmocka_unit_test(progress_may_stop_a_prefill_between_batches),
        cmocka_unit_test(a_full_context_is_said_and_nothing_breaks),
        cmocka_unit_test(a_prompt_beyond_the_context_is_refused_by_how_much),
    };
    need_default_model();
    return cmocka_run_group_tests(tests, load, close_engine);
}
