// app/repetition: when an answer goes round in circles, against the rule counted out anew.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/repetition.h"

// The same p tokens eight times in a row, and over 64 tokens: looks at the whole past.
static bool is_endless(const int32_t *ids, int n)
{
    for (int p = 1; p <= 32; p++) {
        int stretch = n < p ? 0 : p;
        while (stretch && stretch < n && ids[n - 1 - stretch] == ids[n - 1 - stretch + p])
            stretch++;
        if (stretch >= 8 * p && stretch > 64)
            return true;
    }
    return false;
}

// The length of the answer when a period of p, after `before` other tokens, is found out.
static int found_after(int p, int before)
{
    struct repetition r = {0};
    for (int i = 0; i < before; i++)
        assert_false(repetition_add(&r, 1000 + i));
    for (int i = 0; i < 1000; i++)
        if (repetition_add(&r, i % p))
            return i + 1;
    return 0;
}

static void each_period_is_found_at_its_eighth_time_and_over_64_tokens(void **state)
{
    (void)state;
    for (int before = 0; before < 100; before += 33) {
        assert_int_equal(found_after(1, before), 65);
        assert_int_equal(found_after(2, before), 65);
        assert_int_equal(found_after(7, before), 65);
        assert_int_equal(found_after(8, before), 65);
        assert_int_equal(found_after(9, before), 72);
        assert_int_equal(found_after(31, before), 248);
        assert_int_equal(found_after(32, before), 256);
        assert_int_equal(found_after(33, before), 0);
    }
}

static void a_changed_token_begins_the_count_anew(void **state)
{
    (void)state;
    struct repetition r = {0};
    for (int i = 0; i < 64; i++)
        assert_false(repetition_add(&r, 7));
    assert_false(repetition_add(&r, 8));
    for (int i = 0; i < 64; i++)
        assert_false(repetition_add(&r, 7));
    assert_true(repetition_add(&r, 7));
    assert_true(repetition_add(&r, 7));
}

static void random_answers_are_judged_as_by_the_rule(void **state)
{
    (void)state;
    enum { N = 3000 };
    static int32_t ids[N];
    uint32_t seed = 1;
    int endless = 0;
    for (int round = 0; round < 30; round++) {
        struct repetition r = {0};
        for (int i = 0, p = 1; i < N; i++) {
            seed = seed * 1664525u + 1013904223u;
            if ((seed >> 16) % 90 == 0)
                p = (int)(seed >> 24) % 36 + 1;
            ids[i] = i < p || (seed >> 8) % 300 == 0 ? (int32_t)(seed >> 28) : ids[i - p];
            bool want = is_endless(ids, i + 1);
            endless += want;
            assert_int_equal(repetition_add(&r, ids[i]), want);
        }
    }
    assert_true(endless > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_period_is_found_at_its_eighth_time_and_over_64_tokens),
        cmocka_unit_test(a_changed_token_begins_the_count_anew),
        cmocka_unit_test(random_answers_are_judged_as_by_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
