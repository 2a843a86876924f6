// On a device whose memory is its own a sampler reads a short list instead of all logits: it must
// draw what it would have drawn from all of them. On the gpu shape of the kernels.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/sampler.h"
#include "engine/session_internal.h"
#include "fixture.h"

enum { STEPS = 40 };

static struct engine *engine;

static void start(struct session *s)
{
    static const int32_t ids[] = {11, 400, 7, 23, 801, 64};
    struct error e = {0};
    if (!session_sync_ids(s, &(struct id_chunk){ids, COUNT(ids)}, NULL, 0, NULL, &e))
        fail_msg("%s", e.text);
}

// What all logits give for the step that session_next just made.
static int32_t drawn_from_all(struct session *s, const struct sampling *how)
{
    uint32_t size = engine_get_info(engine)->vocabulary;
    float *logits = malloc(size * sizeof(*logits));
    int32_t id;
    memcpy(logits, session_logits(s), size * sizeof(*logits));
    assert_true(sampler_pick(logits, size, how, NULL, 0, session_positions(s), &id, NULL));
    free(logits);
    return id;
}

static void check(const struct sampling *how)
{
    struct error e = {0};
    struct session *s = open_session(engine);
    struct token t;
    int listed = 0;
    start(s);
    for (int i = 0; i < STEPS; i++) {
        if (session_next(s, how, &t, &e) != STEP_TOKEN)
            break;
        listed += decoder_shortlist(s->state, sampler_reach(how)) != NULL;
        assert_int_equal(t.id, drawn_from_all(s, how));
    }
    // The first token follows a prefill, which did not know how it would be sampled.
    assert_in_range(listed, how->temperature > 0 ? 1 : 2, STEPS);
    session_destroy(s);
}

static void greedy_steps_read_a_list(void **state)
{
    (void)state;
    check(&(struct sampling){.temperature = 0});
}

static void drawn_steps_read_a_list(void **state)
{
    (void)state;
    check(&(struct sampling){.temperature = 0.02F, .top_p = 0.9F, .seed = 7});
    check(&(struct sampling){.temperature = 0.05F, .top_k = 5, .seed = 8});
}

// Hot, so that nearly all are within reach, or penalised: all logits are read.
static void other_steps_read_all_logits(void **state)
{
    (void)state;
    const struct sampling penalised = {.repeat_penalty = 1.3F};
    struct session *s = open_session(engine);
    struct error e = {0};
    struct token t;
    start(s);
    for (int i = 0; i < 3; i++)
        assert_int_equal(session_next(s, &penalised, &t, &e), STEP_TOKEN);
    assert_null(decoder_shortlist(s->state, sampler_reach(&penalised)));
    session_destroy(s);
}

static int load(void **state)
{
    *state = engine = open_engine(data_path("synth/lm-Q8_0.gguf"), NULL, 128);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_steps_read_a_list),
        cmocka_unit_test(drawn_steps_read_a_list),
        cmocka_unit_test(other_steps_read_all_logits),
    };
    return cmocka_run_group_tests(tests, load, close_engine);
}
