// engine/sampler: the argmax, the penalty, what is no number, and a list of those within reach.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sampler_logits.h"

static int32_t pick_after(const struct sampling *how, const float *from, const int32_t *recent,
                          size_t n)
{
    float copy[SIZE];
    int32_t id;
    memcpy(copy, from, sizeof(copy));
    assert_true(sampler_pick(copy, SIZE, how, recent, n, 0, &id, NULL));
    return id;
}

static void a_repeated_token_is_penalised_once(void **state)
{
    (void)state;
    struct sampling how = {.repeat_penalty = 1.2F};
    const int32_t recent[] = {4, 4, 4};
    // 2.6 / 1.2 = 2.17 is still more than 2.1; divided twice it would not be.
    assert_int_equal(pick_after(&how, logits, recent, 3), 4);
    how.repeat_penalty = 1.3F; // 2.6 / 1.3 = 2.0
    assert_int_equal(pick_after(&how, logits, recent, 1), 1);
    how.repeat_penalty = 1;
    assert_int_equal(pick_after(&how, logits, recent, 3), 4);
    const int32_t foreign[] = {-1, SIZE, 4};
    how.repeat_penalty = 1.3F;
    assert_int_equal(pick_after(&how, logits, foreign, 3), 1);
}

static void a_negative_logit_is_multiplied_by_the_penalty(void **state)
{
    (void)state;
    const float negative[SIZE] = {-1, -1.1F, -9, -9, -9, -9, -9, -9};
    const int32_t recent[] = {0};
    assert_int_equal(pick_after(&(struct sampling){.repeat_penalty = 1.2F}, negative, recent, 1),
                     1);
}

static void without_a_temperature_it_is_the_argmax(void **state)
{
    (void)state;
    struct sampling how = {.top_k = 5, .top_p = 0.9F, .min_p = 0.1F};
    const float ties[SIZE] = {1, 3, 3, 2, 3, 0, 0, 0};
    for (uint64_t draw = 0; draw < 50; draw++) {
        how.seed = draw;
        assert_int_equal(pick(logits, &how, draw), 4);
        assert_int_equal(pick(ties, &how, draw), 1); // the lower id
    }
    how.temperature = 1;
    how.top_k = 1;
    assert_int_equal(pick(ties, &how, 3), 1);
}

static void nan_is_an_error(void **state)
{
    (void)state;
    for (int at = 0; at < SIZE; at++)
        for (int hot = 0; hot < 2; hot++) {
            float copy[SIZE];
            int32_t id;
            struct error e = {0};
            memcpy(copy, logits, sizeof(copy));
            copy[at] = NAN;
            assert_false(sampler_pick(copy, SIZE, &(struct sampling){.temperature = (float)hot},
                                      NULL, 0, 0, &id, &e));
            assert_int_equal(e.kind, ERROR_RUNTIME);
        }
}

// From the logits within reach alone, in any order, the same tokens are drawn.
static void a_list_of_those_within_reach_is_enough(void **state)
{
    (void)state;
    enum { MANY = 500 };
    static const struct sampling ways[] = {
        {.temperature = 0},
        {.temperature = 0.2F, .top_p = 0.7F},
        {.temperature = 1, .top_k = 7, .min_p = 0.05F},
        {.temperature = 0.05F},
    };
    float from[MANY], copy[MANY];
    struct shortlist_entry list[MANY];
    for (size_t k = 0; k < sizeof(ways) / sizeof(*ways); k++) {
        float greatest = -100;
        for (int i = 0; i < MANY; i++) {
            from[i] = (float)(i * 7919 % 503) / 25 - 10;
            greatest = fmaxf(greatest, from[i]);
        }
        size_t n = 0;
        for (int i = MANY - 1; i >= 0; i--)
            if (from[i] >= greatest - sampler_reach(&ways[k]))
                list[n++] = (struct shortlist_entry){(uint32_t)i, from[i]};
        assert_in_range(n, 1, MANY);
        for (uint64_t draw = 0; draw < 300; draw++) {
            int32_t whole, listed;
            memcpy(copy, from, sizeof(copy));
            assert_true(sampler_pick(copy, MANY, &ways[k], NULL, 0, draw, &whole, NULL));
            assert_true(sampler_pick_listed(list, n, &ways[k], draw, &listed, NULL));
            assert_int_equal(whole, listed);
        }
    }
}

static void a_penalty_reaches_every_logit(void **state)
{
    (void)state;
    assert_true(isinf(sampler_reach(&(struct sampling){.repeat_penalty = 1.1F})));
    assert_false(isinf(sampler_reach(&(struct sampling){.repeat_penalty = 1})));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repeated_token_is_penalised_once),
        cmocka_unit_test(a_negative_logit_is_multiplied_by_the_penalty),
        cmocka_unit_test(without_a_temperature_it_is_the_argmax),
        cmocka_unit_test(nan_is_an_error),
        cmocka_unit_test(a_list_of_those_within_reach_is_enough),
        cmocka_unit_test(a_penalty_reaches_every_logit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
