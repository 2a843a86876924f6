// engine/compute/plan: pieces of bounded work, stops between them, and failures.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan_scale.h"

static struct plan *chain(struct vk_device *d, struct vk_buffer *in, struct vk_buffer *out,
                          double piece_flops)
{
    struct plan *p = new_plan(d);
    plan_tensor x = plan_external_buffer(p, in), a = scratch_numbers(p), b = scratch_numbers(p);
    append_scale(p, x, a, 1);
    append_scale(p, a, b, 1);
    append_scale(p, b, a, 1);
    append_scale(p, a, b, 1);
    append_scale(p, b, plan_external_buffer(p, out), 1); // 243 x + 121
    finish_plan(p, piece_flops);
    return p;
}

static void a_plan_is_cut_into_pieces_of_bounded_work(void **state)
{
    static const double piece_flops[] = {0, 5, 10, 20, 25, 49, 50, 1000};
    static const size_t pieces[] = {1, 5, 5, 3, 3, 2, 1, 1};
    struct vk_device *d = *state;
    struct vk_buffer *in = new_numbers(d, 2), *out = new_numbers(d, 0);
    for (size_t k = 0; k < sizeof(pieces) / sizeof(*pieces); k++) {
        memset(vk_buffer_map(out), 0, N * sizeof(uint32_t));
        struct plan *p = chain(d, in, out, piece_flops[k]);
        assert_int_equal(plan_pieces(p), pieces[k]);
        run_plan(p);
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
    struct vk_buffer *in = new_numbers(d, 2), *out = new_numbers(d, 7);
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
    plan_tensor a = scratch_numbers(p), b = scratch_numbers(p);
    append_scale(p, a, b, 1);
    plan_fail(p, &first);
    append_scale(p, b, a, 1);
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
    finish_plan(p, 100);
    assert_int_equal(plan_scratch_size(p), 0);
    run_plan(p);
    plan_destroy(p);
    plan_destroy(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_cut_into_pieces_of_bounded_work),
        cmocka_unit_test(a_stop_ends_warming_and_running),
        cmocka_unit_test(the_first_failure_is_the_one_reported),
        cmocka_unit_test(a_plan_of_nothing_runs),
    };
    return run_vk_tests(tests, true);
}
