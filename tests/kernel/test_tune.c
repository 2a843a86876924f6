// Trials of kernels on the device: what is possible is tried, once, and the fastest is picked.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <ftw.h>

#include "bench.h"
#include "engine/tune.h"

static const enum quant_type types[] = {QUANT_Q4_1, QUANT_BF16};

struct steps {
    size_t taken, most; // most: then it stops
};

static bool step(void *data, size_t done, size_t total, struct error *e)
{
    struct steps *s = data;
    assert_int_equal(total, 2);
    assert_true(done < total);
    return s->taken++ < s->most || error_set(e, ERROR_INTERRUPTED, "stopped");
}

static bool tune(struct bench *b, bool measure, struct steps *s, struct error *e)
{
    struct vk_device *d = bench_device(b);
    for (size_t i = 0; i < 2; i++) {
        gemm_variant_pick(d, types[i], GEMM_FLOAT);
        gemv_variant_pick(d, types[i], 0);
    }
    return tune_device(d, types, 2, measure, step, s, e);
}

static void nothing_is_tried_where_nothing_is_to_choose(void **state)
{
    struct bench *b = *state;
    struct steps s = {.most = 9};
    static const char *const values[] = {"float", "dot", "matrix", NULL};
    for (size_t i = 0; i < 4; i++) {
        if (values[i])
            setenv("PUMICE_GEMM", values[i], 1);
        else
            unsetenv("PUMICE_GEMM");
        if (values[i] || bench_profile(b)->type == VK_TYPE_CPU)
            assert_true(tune(b, true, &s, NULL));
    }
    assert_int_equal(s.taken, 0);
}

static void check_figure(struct bench *b, const struct tune_figure *f)
{
    const struct vk_profile *p = bench_profile(b);
    for (uint32_t v = 0; v < GEMV_VARIANTS; v++)
        assert_true(f->gemv_ms[v] > 0);
    for (enum gemm_variant v = 0; v < GEMM_VARIANTS; v++) {
        assert_int_equal(f->gemm_ms[v] > 0, gemm_variant_possible(p, v, f->type));
        assert_true(f->gemm_error[v] <= 5e-4);
        assert_int_equal(f->gemm_error[v] > 0, v > 0 && f->gemm_ms[v] > 0);
    }
    assert_int_equal(gemv_variant(bench_device(b), f->type), tune_gemv(f));
    assert_int_equal(gemm_variant(bench_device(b), f->type), tune_gemm(f));
}

static void each_type_is_tried_once(void **state)
{
    struct bench *b = *state;
    const struct vk_profile *p = bench_profile(b);
    struct tune_figure f[TUNE_TYPES];
    struct error e = {0};
    setenv("PUMICE_GEMM", "measure", 1);
    struct steps s = {.most = 1}; // stopped before the second
    assert_int_equal(tune(b, true, &s, &e), p->shape == VK_SHAPE_CPU);
    if (p->shape == VK_SHAPE_CPU)
        return;
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    assert_int_equal(tune_recall(p, f), 1);
    s = (struct steps){.most = 9};
    assert_true(tune(b, false, &s, &e)); // only what is known
    assert_int_equal(s.taken, 0);
    assert_true(tune(b, true, &s, &e));
    assert_int_equal(s.taken, 1);
    assert_int_equal(tune_recall(p, f), 2);
    check_figure(b, &f[0]);
    check_figure(b, &f[1]);
}

static char folder[] = "/tmp/pumice-tune-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_tried_where_nothing_is_to_choose),
        cmocka_unit_test(each_type_is_tried_once),
    };
    if (!mkdtemp(folder))
        return 1;
    setenv("PUMICE_HOME", folder, 1);
    int failed = bench_run("tune", tests, 2);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return failed;
}
