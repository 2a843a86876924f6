// engine/sampler: what each setting keeps, the order they come in, and how often each token is
// drawn. Expected values are the definitions, written out in double precision.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sampler_logits.h"

enum { DRAWS = 20000 };

// Keeps the first `kept` of the order and makes them add up to 1.
static void keep(double p[SIZE], int kept)
{
    double sum = 0;
    for (int k = 0; k < SIZE; k++) {
        if (k >= kept)
            p[order[k]] = 0;
        sum += p[order[k]];
    }
    for (int i = 0; i < SIZE; i++)
        p[i] /= sum;
}

// Pearson's chi-square of many draws; what has no chance is never drawn.
static void draws_follow(const struct sampling *how, const double p[SIZE])
{
    // The 0.999 quantile for 1 to 7 degrees of freedom.
    static const double most[SIZE] = {0, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32};
    unsigned counts[SIZE] = {0};
    double chi = 0;
    int possible = 0;
    for (uint64_t i = 0; i < DRAWS; i++)
        counts[pick(logits, how, i)]++;
    for (int i = 0; i < SIZE; i++) {
        double want = p[i] * DRAWS;
        if (p[i] == 0) {
            assert_int_equal(counts[i], 0);
            continue;
        }
        possible++;
        chi += (counts[i] - want) * (counts[i] - want) / want;
    }
    if (possible > 1 && chi > most[possible - 1])
        fail_msg("chi-square %.1f with %d possible tokens", chi, possible);
    if (possible == 1)
        assert_true(chi == 0);
}

static void draws_follow_the_softmax(void **state)
{
    (void)state;
    static const float temperatures[] = {0.3F, 1, 2.5F};
    for (int i = 0; i < 3; i++) {
        double p[SIZE];
        softmax(logits, temperatures[i], p);
        draws_follow(&(struct sampling){.temperature = temperatures[i], .seed = 42}, p);
    }
}

static void top_k_keeps_the_likeliest(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= SIZE + 1; k++) {
        double p[SIZE];
        softmax(logits, 1.2, p);
        keep(p, k < SIZE ? (int)k : SIZE);
        draws_follow(&(struct sampling){.temperature = 1.2F, .top_k = k, .seed = k}, p);
    }
}

// The token that crosses the bound is kept.
static void top_p_keeps_up_to_the_token_that_crosses(void **state)
{
    (void)state;
    double p[SIZE], sum = 0;
    softmax(logits, 1, p);
    for (int k = 0; k < SIZE - 1; k++) {
        double before = sum, kept[SIZE];
        sum += p[order[k]];
        // Well inside what token k adds: it is the one that crosses.
        float bound = (float)(before + 0.5 * (sum - before));
        memcpy(kept, p, sizeof(p));
        keep(kept, k + 1);
        draws_follow(&(struct sampling){.temperature = 1, .top_p = bound, .seed = 5}, kept);
    }
}

static void min_p_is_relative_to_the_likeliest(void **state)
{
    (void)state;
    double p[SIZE];
    softmax(logits, 1, p);
    for (int k = 1; k < SIZE; k++) {
        double kept[SIZE];
        // Between the k-th and the next.
        float bound = (float)(0.5 * (p[order[k - 1]] + p[order[k]]) / p[order[0]]);
        memcpy(kept, p, sizeof(p));
        keep(kept, k);
        draws_follow(&(struct sampling){.temperature = 1, .min_p = bound, .seed = 6}, kept);
    }
}

// Top-p counts what top-k left as all there is.
static void top_p_comes_after_the_temperature_and_top_k(void **state)
{
    (void)state;
    double p[SIZE];
    softmax(logits, 0.7, p);
    keep(p, 3);
    double first = p[order[0]], second = p[order[1]];
    float inside = (float)(first + 0.9 * second);
    keep(p, 2);
    draws_follow(&(struct sampling){.temperature = 0.7F, .top_k = 3, .top_p = inside, .seed = 9},
                 p);
}

static void what_is_impossible_is_never_drawn(void **state)
{
    (void)state;
    const float some[SIZE] = {-INFINITY, 1, -INFINITY, 1, -INFINITY, -1e30F, -INFINITY, -INFINITY};
    unsigned counts[SIZE] = {0};
    for (uint64_t i = 0; i < 2000; i++)
        counts[pick(some, &(struct sampling){.temperature = 2, .seed = 1}, i)]++;
    assert_int_equal(counts[1] + counts[3], 2000);
    assert_in_range(counts[1], 900, 1100);
}

static void a_draw_depends_on_the_seed_and_its_number_alone(void **state)
{
    (void)state;
    struct sampling how = {.temperature = 1, .seed = 11}, other = {.temperature = 1, .seed = 12};
    unsigned differ = 0, from_before = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        int32_t id = pick(logits, &how, i);
        assert_int_equal(pick(logits, &how, i), id);
        differ += pick(logits, &other, i) != id;
        from_before += pick(logits, &how, i + 1) != id;
    }
    // Two independent draws differ with the probability 1 - sum p^2.
    double p[SIZE], same = 0;
    softmax(logits, 1, p);
    for (int i = 0; i < SIZE; i++)
        same += p[i] * p[i];
    assert_true(fabs(differ / 1000.0 - (1 - same)) < 0.06);
    assert_true(fabs(from_before / 1000.0 - (1 - same)) < 0.06);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_follow_the_softmax),
        cmocka_unit_test(top_k_keeps_the_likeliest),
        cmocka_unit_test(top_p_keeps_up_to_the_token_that_crosses),
        cmocka_unit_test(min_p_is_relative_to_the_likeliest),
        cmocka_unit_test(top_p_comes_after_the_temperature_and_top_k),
        cmocka_unit_test(what_is_impossible_is_never_drawn),
        cmocka_unit_test(a_draw_depends_on_the_seed_and_its_number_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
