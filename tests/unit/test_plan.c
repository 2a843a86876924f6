// engine/compute/plan: where scratch tensors lie, barriers, pieces, stops and failures. The one
// kernel is to[i] = from[i] * 3 + add of vk_fixture.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/compute/plan.h"
#include "vk_fixture.h"

enum { N = 1000, FACTOR = 3 };

static struct plan *new_plan(struct vk_device *d)
{
    struct error e;
    struct plan *p = plan_create(d, "test", &e);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

static void finish(struct plan *p, double piece_flops)
{
    struct error e;
    if (!plan_finish(p, piece_flops, &e))
        fail_msg("%s", e.text);
}

static void run(struct plan *p)
{
    struct error e;
    double ms = -1;
    if (!plan_run(p, NULL, &ms, &e))
        fail_msg("%s", e.text);
    assert_true(ms >= 0);
}

// to = from * FACTOR + add
static void append(struct plan *p, plan_tensor from, plan_tensor to, uint32_t add)
{
    struct plan_op op = {.name = "scale",
                         .shader = &scale,
                         .constants = {64, FACTOR},
                         .n_constants = 2,
                         .tensors = {from, to},
                         .writes = 1u << 1,
                         .groups = {(N + 63) / 64, 1, 1},
                         .flops = 10};
    struct scale_push push = {N, add};
    memcpy(op.push, &push, sizeof(push));
    plan_append(p, &op);
}

// A buffer of N numbers that the host sees: i + start.
static struct vk_buffer *numbers(struct vk_device *d, uint32_t start)
{
    struct vk_buffer *b = new_buffer(d, N * sizeof(uint32_t), VK_MEMORY_READBACK);
    uint32_t *at = vk_buffer_map(b);
    for (uint32_t i = 0; i < N; i++)
        at[i] = i + start;
    return b;
}

static plan_tensor scratch(struct plan *p)
{
    return plan_scratch(p, N * sizeof(uint32_t));
}

static plan_tensor external(struct plan *p, struct vk_buffer *b)
{
    return plan_external(p, vk_buffer_all(b));
}

static void operations_see_what_those_before_them_wrote(void **state)
{
    struct vk_device *d = *state;
    struct vk_buffer *in = numbers(d, 5), *out = numbers(d, 0);
    struct plan *p = new_plan(d);
    plan_tensor x = external(p, in), y = external(p, out), a = scratch(p), b = scratch(p);
    append(p, x, a, 1); // 3 x + 1
    append(p, a, b, 2); // 9 x + 5
    append(p, b, a, 3); // 27 x + 18, over what was read
    append(p, a, b, 4); // 81 x + 58, over what was written
    append(p, b, y, 5);
    append(p, x, a, 0); // of no use to anything
    append(p, y, y, 6); // in place: 729 x + 543
    finish(p, 0);
    assert_int_equal(plan_pieces(p), 1);
    assert_true(plan_flops(p) == 70);
    for (int turn = 0; turn < 2; turn++) {
        run(p);
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
    struct vk_buffer *in = numbers(d, 1), *out[PAIRS];
    struct plan *p = new_plan(d);
    plan_tensor x = external(p, in);
    for (uint32_t k = 0; k < PAIRS; k++) {
        out[k] = numbers(d, 0);
        append(p, x, external(p, out[k]), k);
    }
    finish(p, 0);
    run(p);
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
        append(p, t[use[0]], t[use[1]], 0);
        for (int j = 0; j < 2; j++) {
            if (first[use[j]] == UINT32_MAX)
                first[use[j]] = k;
            last[use[j]] = k;
        }
    }
    finish(p, 0);
    assert_true(plan_scratch_size(p) < all / 2); // memory is used again
    for (uint32_t i = 0; i < TENSORS; i++) {
        struct vk_slice a = plan_slice(p, t[i]);
        assert_true(a.offset + a.size <= plan_scratch_size(p));
        for (uint32_t j = 0; j < i; j++)
            if (first[i] != UINT32_MAX && first[j] != UINT32_MAX && first[i] <= last[j] &&
                first[j] <= last[i])
                assert_true(apart(a, plan_slice(p, t[j])));
    }
    run(p); // under the validation layer, whether barriers are missing between neighbours in memory
    plan_destroy(p);
}

static void copies_take_their_turn_among_operations(void **state)
{
    struct vk_device *d = *state;
    struct vk_buffer *in = numbers(d, 0), *out = numbers(d, 0);
    struct plan *p = new_plan(d);
    plan_tensor x = external(p, in), y = external(p, out), a = scratch(p), b = scratch(p);
    append(p, x, a, 0);               // 3 i
    plan_copy(p, a, 0, b, 400, 3600); // b[i] = a[i - 100]
    plan_copy(p, x, 0, b, 0, 400);    // b[i] = i below 100
    plan_copy(p, b, 396, a, 4, 8);    // a[1] = b[99], a[2] = b[100]
    append(p, b, b, 7);
    plan_copy(p, b, 0, y, 0, 4000);
    plan_copy(p, a, 0, y, 0, 12);
    finish(p, 0);
    run(p);
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
    struct vk_buffer *in = numbers(d, 0), *out = numbers(d, 0);
    struct plan *p = new_plan(d);
    plan_tensor x = external(p, in), a = scratch(p);
    append(p, x, a, 3);
    plan_zero(p, a);
    plan_copy(p, a, 0, external(p, out), 0, 2000);
    append(p, x, a, 0);
    plan_copy(p, a, 2000, external(p, out), 2000, 2000);
    finish(p, 0);
    run(p);
    const uint32_t *got = vk_buffer_map(out);
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(got[i], i < 500 ? 0 : 3 * i);
    plan_destroy(p);
    vk_buffer_destroy(out);
    vk_buffer_destroy(in);
}

static struct plan *chain(struct vk_device *d, struct vk_buffer *in, struct vk_buffer *out,
                          double piece_flops)
{
    struct plan *p = new_plan(d);
    plan_tensor x = external(p, in), a = scratch(p), b = scratch(p);
    append(p, x, a, 1);
    append(p, a, b, 1);
    append(p, b, a, 1);
    append(p, a, b, 1);
    append(p, b, external(p, out), 1); // 243 x + 121
    finish(p, piece_flops);
    return p;
}

static void a_plan_is_cut_into_pieces_of_bounded_work(void **state)
{
    static const double piece_flops[] = {0, 5, 10, 20, 25, 49, 50, 1000};
    static const size_t pieces[] = {1, 5, 5, 3, 3, 2, 1, 1};
    struct vk_device *d = *state;
    struct vk_buffer *in = numbers(d, 2), *out = numbers(d, 0);
    for (size_t k = 0; k < sizeof(pieces) / sizeof(*pieces); k++) {
        memset(vk_buffer_map(out), 0, N * sizeof(uint32_t));
        struct plan *p = chain(d, in, out, piece_flops[k]);
        assert_int_equal(plan_pieces(p), pieces[k]);
        run(p);
        const uint32_t *got = vk_buffer_map(out);
        for (uint32_t i = 0; i < N; i++)
            assert_int_equal(got[i], 243 * (i + 2) + 121);
        plan_destroy(p);
    }
    vk_buffer_destroy(out);
    vk_buffer_destroy(in);
}

static void a_stop_ends_warming_and_running(void **state)
{
    struct error e = {0};
    struct vk_device *d = *state;
    struct vk_buffer *in = numbers(d, 2), *out = numbers(d, 7);
    struct plan *p = chain(d, in, out, 10);
    atomic_bool stop = true;
    assert_false(plan_warm(p, &stop, &e));
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    e = (struct error){0};
    assert_false(plan_run(p, &stop, NULL, &e));
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    assert_int_equal(*(uint32_t *)vk_buffer_map(out), 7);
    stop = false;
    assert_true(plan_warm(p, &stop, &e));
    assert_int_equal(*(uint32_t *)vk_buffer_map(out), 7); // warming computes nothing
    assert_true(plan_run(p, &stop, NULL, &e));
    assert_int_equal(*(uint32_t *)vk_buffer_map(out), 243 * 2 + 121);
    plan_destroy(p);
    vk_buffer_destroy(out);
    vk_buffer_destroy(in);
}

static void the_first_failure_is_the_one_reported(void **state)
{
    struct error e = {0}, first = {ERROR_MODEL, "the first"}, second = {ERROR_DEVICE, "the second"};
    struct plan *p = new_plan(*state);
    plan_tensor a = scratch(p), b = scratch(p);
    append(p, a, b, 1);
    plan_fail(p, &first);
    append(p, b, a, 1);
    plan_copy(p, a, 0, b, 0, 4);
    plan_fail(p, &second);
    assert_false(plan_finish(p, 0, &e));
    assert_int_equal(e.kind, ERROR_MODEL);
    assert_string_equal(e.text, "the first");
    plan_destroy(p);
}

static void a_plan_of_nothing_runs(void **state)
{
    struct plan *p = new_plan(*state);
    finish(p, 100);
    assert_int_equal(plan_scratch_size(p), 0);
    run(p);
    plan_destroy(p);
    plan_destroy(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_see_what_those_before_them_wrote),
        cmocka_unit_test(many_independent_operations_all_run),
        cmocka_unit_test(scratch_tensors_in_use_together_lie_apart),
        cmocka_unit_test(copies_take_their_turn_among_operations),
        cmocka_unit_test(zeros_keep_their_place),
        cmocka_unit_test(a_plan_is_cut_into_pieces_of_bounded_work),
        cmocka_unit_test(a_stop_ends_warming_and_running),
        cmocka_unit_test(the_first_failure_is_the_one_reported),
        cmocka_unit_test(a_plan_of_nothing_runs),
    };
    return run_vk_tests(tests, true);
}
