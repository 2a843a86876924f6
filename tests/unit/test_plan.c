// engine/compute/plan: where scratch tensors lie, and that each operation sees what those before it
// wrote.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_scale.h"

static void operations_see_what_those_before_them_wrote(void **state)
{
    struct vk_device *d = *state;
    struct vk_buffer *in = new_numbers(d, 5), *out = new_numbers(d, 0);
    struct plan *p = new_plan(d);
    plan_tensor x = plan_external_buffer(p, in), y = plan_external_buffer(p, out),
                a = scratch_numbers(p), b = scratch_numbers(p);
    append_scale(p, x, a, 1); // 3 x + 1
    append_scale(p, a, b, 2); // 9 x + 5
    append_scale(p, b, a, 3); // 27 x + 18, over what was read
    append_scale(p, a, b, 4); // 81 x + 58, over what was written
    append_scale(p, b, y, 5);
    append_scale(p, x, a, 0); // of no use to anything
    append_scale(p, y, y, 6); // in place: 729 x + 543
    finish_plan(p, 0);
    assert_int_equal(plan_pieces(p), 1);
    assert_true(plan_flops(p) == 70);
    for (int turn = 0; turn < 2; turn++) {
        run_plan(p);
        const uint32_t *got = vk_buffer_map(out);
        for (uint32_t i = 0; i < N; i++)
            assert_int_equal(got[i], 729 * (i + 5) + 543);
    }
    plan_destroy(p);
    vk_buffer_destroy(out);
    vk_buffer_destroy(in);
}

// More operations without a need for a barrier than the plan keeps in mind.
static void many_independent_operations_all_run(void **state)
{
    enum { PAIRS = 150 };
    struct vk_device *d = *state;
    struct vk_buffer *in = new_numbers(d, 1), *out[PAIRS];
    struct plan *p = new_plan(d);
    plan_tensor x = plan_external_buffer(p, in);
    for (uint32_t k = 0; k < PAIRS; k++) {
        out[k] = new_numbers(d, 0);
        append_scale(p, x, plan_external_buffer(p, out[k]), k);
    }
    finish_plan(p, 0);
    run_plan(p);
    for (uint32_t k = 0; k < PAIRS; k++) {
        const uint32_t *got = vk_buffer_map(out[k]);
        for (uint32_t i = 0; i < N; i++)
            assert_int_equal(got[i], 3 * (i + 1) + k);
    }
    plan_destroy(p);
    for (uint32_t k = 0; k < PAIRS; k++)
        vk_buffer_destroy(out[k]);
    vk_buffer_destroy(in);
}

static bool apart(struct vk_slice a, struct vk_slice b)
{
    return a.buffer != b.buffer || a.offset + a.size <= b.offset || b.offset + b.size <= a.offset;
}

// A random walk over tensors of many sizes; lifetimes are counted here again.
static void scratch_tensors_in_use_together_lie_apart(void **state)
{
    enum { TENSORS = 40, OPERATIONS = 120 };
    struct plan *p = new_plan(*state);
    plan_tensor t[TENSORS];
    uint32_t first[TENSORS], last[TENSORS], seed = 3;
    uint64_t all = 0;
    for (uint32_t i = 0; i < TENSORS; i++) {
        uint64_t size = N * sizeof(uint32_t) + random_bits(&seed) % 20000;
        t[i] = plan_scratch(p, size);
        first[i] = UINT32_MAX;
        all += size;
    }
    for (uint32_t k = 0; k < OPERATIONS; k++) {
        uint32_t base = k * (TENSORS - 8) / OPERATIONS;
        uint32_t use[2] = {base + random_bits(&seed) % 8, base + random_bits(&seed) % 8};
        append_scale(p, t[use[0]], t[use[1]], 0);
        for (int j = 0; j < 2; j++) {
            if (first[use[j]] == UINT32_MAX)
                first[use[j]] = k;
            last[use[j]] = k;
        }
    }
    finish_plan(p, 0);
    assert_true(plan_scratch_size(p) < all / 2); // memory is used again
    for (uint32_t i = 0; i < TENSORS; i++) {
        struct vk_slice a = plan_slice(p, t[i]);
        assert_true(a.offset + a.size <= plan_scratch_size(p));
        for (uint32_t j = 0; j < i; j++)
            if (first[i] != UINT32_MAX && first[j] != UINT32_MAX && first[i] <= last[j] &&
                first[j] <= last[i])
                assert_true(apart(a, plan_slice(p, t[j])));
    }
    run_plan(
        p); // under the validation layer, whether barriers are missing between neighbours in memory
    plan_destroy(p);
}

static void copies_take_their_turn_among_operations(void **state)
{
    struct vk_device *d = *state;
    struct vk_buffer *in = new_numbers(d, 0), *out = new_numbers(d, 0);
    struct plan *p = new_plan(d);
    plan_tensor x = plan_external_buffer(p, in), y = plan_external_buffer(p, out),
                a = scratch_numbers(p), b = scratch_numbers(p);
    append_scale(p, x, a, 0);         // 3 i
    plan_copy(p, a, 0, b, 400, 3600); // b[i] = a[i - 100]
    plan_copy(p, x, 0, b, 0, 400);    // b[i] = i below 100
    plan_copy(p, b, 396, a, 4, 8);    // a[1] = b[99], a[2] = b[100]
    append_scale(p, b, b, 7);
    plan_copy(p, b, 0, y, 0, 4000);
    plan_copy(p, a, 0, y, 0, 12);
    finish_plan(p, 0);
    run_plan(p);
    const uint32_t *got = vk_buffer_map(out);
    assert_int_equal(got[0], 0);
    assert_int_equal(got[1], 99);
    assert_int_equal(got[2], 0);
    for (uint32_t i = 3; i < N; i++)
        assert_int_equal(got[i], 3 * (i < 100 ? i : 3 * (i - 100)) + 7);
    plan_destroy(p);
    vk_buffer_destroy(out);
    vk_buffer_destroy(in);
}

// Zeros come after what was written before them and before what is read behind them.
static void zeros_keep_their_place(void **state)
{
    struct vk_device *d = *state;
    struct vk_buffer *in = new_numbers(d, 0), *out = new_numbers(d, 0);
    struct plan *p = new_plan(d);
    plan_tensor x = plan_external_buffer(p, in), a = scratch_numbers(p);
    append_scale(p, x, a, 3);
    plan_zero(p, a);
    plan_copy(p, a, 0, plan_external_buffer(p, out), 0, 2000);
    append_scale(p, x, a, 0);
    plan_copy(p, a, 2000, plan_external_buffer(p, out), 2000, 2000);
    finish_plan(p, 0);
    run_plan(p);
    const uint32_t *got = vk_buffer_map(out);
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(got[i], i < 500 ? 0 : 3 * i);
    plan_destroy(p);
    vk_buffer_destroy(out);
    vk_buffer_destroy(in);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_see_what_those_before_them_wrote),
        cmocka_unit_test(many_independent_operations_all_run),
        cmocka_unit_test(scratch_tensors_in_use_together_lie_apart),
        cmocka_unit_test(copies_take_their_turn_among_operations),
        cmocka_unit_test(zeros_keep_their_place),
    };
    return run_vk_tests(tests, true);
}
