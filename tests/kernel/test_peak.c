// peak: the loops that others are measured against do the work that is counted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "engine/compute/kernels_peak.h"

enum { GROUPS = 3, TURNS = 12, MULTIPLY_TURNS = 16 };
static const double bound = 1e-12;

static struct tensor *make_input(struct bench *b, uint32_t units)
{
    struct tensor *x = bench_tensor(b, (uint64_t)units * 16);
    for (uint32_t i = 0; i < 4 * units; i++)
        x->u[i] = i * 2654435761u;
    return x;
}

static void run(struct bench *b, struct peak_run r, struct tensor *x, struct tensor *y)
{
    struct plan *p = bench_plan(b);
    r.y = plan_external(p, y->slice);
    r.x = x ? plan_external(p, x->slice) : r.y;
    kernel_peak(p, &r);
    bench_plan_run(b, p, &y, 1);
}

static void a_copy_copies(void **state)
{
    struct bench *b = *state;
    uint32_t units = GROUPS * TURNS * kernel_peak_threads(bench_profile(b));
    for (enum peak peak = PEAK_COPY_STORAGE; peak <= PEAK_COPY_TEXEL; peak++) {
        struct tensor *x = make_input(b, units), *y = bench_tensor(b, (uint64_t)units * 16);
        run(b, (struct peak_run){.peak = peak, .groups = GROUPS, .turns = TURNS}, x, y);
        assert_memory_equal(x->bytes, y->bytes, (size_t)units * 16);
        bench_clear(b);
    }
}

static void a_read_reads_every_unit_once(void **state)
{
    struct bench *b = *state;
    uint32_t threads = kernel_peak_threads(bench_profile(b));
    for (enum peak peak = PEAK_READ_STORAGE; peak <= PEAK_READ_TEXEL; peak++) {
        struct tensor *x = make_input(b, GROUPS * TURNS * threads);
        struct tensor *y = bench_tensor(b, (uint64_t)GROUPS * threads * 16);
        run(b, (struct peak_run){.peak = peak, .groups = GROUPS, .turns = TURNS}, x, y);
        for (uint32_t i = 0; i < GROUPS * threads; i++)
            for (uint32_t c = 0; c < 4; c++) {
                uint32_t first = i / threads * TURNS * threads + i % threads, want = 0;
                for (uint32_t k = 0; k < TURNS; k++)
                    want += x->u[4 * (first + k * threads) + c];
                assert_int_equal(y->u[4 * i + c], want);
            }
        bench_clear(b);
    }
}

static void multiply_adds_are_all_there(void **state)
{
    struct bench *b = *state;
    uint32_t n = GROUPS * kernel_peak_threads(bench_profile(b));
    struct peak_run r = {.peak = PEAK_MULTIPLY,
                         .groups = GROUPS,
                         .turns = MULTIPLY_TURNS,
                         .factor = 0.75f,
                         .term = -0.375f};
    struct tensor *y = bench_tensor(b, n * sizeof(float));
    run(b, r, NULL, y);
    double *want = test_calloc(n, sizeof(*want));
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t c = 0; c < PEAK_CHAINS; c++) {
            double v = i % 64 + c / 4.0;
            for (uint32_t k = 0; k < MULTIPLY_TURNS; k++)
                v = v * (double)r.factor + (double)r.term;
            want[i] += v;
        }
    bench_compare(b, y->f, want, n, bound, "multiply");
    test_free(want);
    bench_clear(b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_copies),
        cmocka_unit_test(a_read_reads_every_unit_once),
        cmocka_unit_test(multiply_adds_are_all_there),
    };
    return bench_run("peak", tests, sizeof(tests) / sizeof(*tests));
}
