// From the Q of a layer to that of the next, in one dispatch where that is how it is done and step
// by step: both must be what the formulas say, in x, q and the KV cache, with all steps there or
// only those before the first layer or behind the last.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "between_case.h"
#include "engine/compute/reference.h"
#include "engine/model/quant.h"

static const double bound = 1e-10;

static void product(const struct test_matrix *m, const double *x, double *y)
{
    reference_matmul(m->values, m->matrix.rows, m->matrix.columns, x, 1, y);
    for (uint32_t r = 0; r < m->matrix.rows; r++)
        y[r] += m->bias ? m->bias[r] : 0;
}

static void add(double *to, const double *more, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] += more[i];
}

// x and, in `qkv`, Q, K and V as they are to be.
static void reference(const struct between_case *c, const double *attended, double *x, double *qkv)
{
    double *n = test_malloc(c->width * sizeof(double)), *y = test_malloc(c->width * sizeof(double)),
           *gates = test_malloc(2 * c->feed_forward * sizeof(double));
    if (c->place != FIRST) {
        product(c->m[0], attended, y);
        add(x, y, c->width);
        reference_rms_norm(x, c->gain[0]->f, c->width, 1e-5, n);
        reference_matmul(c->m[1]->values, 2 * c->feed_forward, c->width, n, 1, gates);
        for (uint32_t i = 0; i < c->feed_forward; i++)
            gates[i] = reference_silu(gates[i]) * gates[c->feed_forward + i];
        product(c->m[2], gates, y);
        add(x, y, c->width);
    }
    reference_rms_norm(x, c->gain[1]->f, c->width, 1e-5, n);
    product(c->m[3], n, qkv);
    reference_rotate(qkv, c->rotation->f, c->heads + c->kv_heads, c->size);
    test_free(gates);
    test_free(y);
    test_free(n);
}

// What the cache holds of a value: a half, or a byte times its scale.
static double kept(const struct between_case *c, bool value, uint32_t h, uint32_t d)
{
    const struct test_cache *cache = &c->cache;
    uint64_t at = bench_cache_at(cache, value, SLOT, h, d);
    if (c->cache_type == CACHE_F16)
        return quant_f16_to_f32(cache->tensor->h[at]);
    uint64_t scale = bench_cache_scale_at(cache, value, SLOT, h, d);
    return quant_f16_to_f32(cache->tensor->h[scale]) * (int8_t)cache->tensor->bytes[at];
}

// Rounded to a half or, no further than half a step of the greatest, to a byte; of a float that is
// as exact as the other values let it be.
static void compare_cache(const struct between_case *c, const double *want)
{
    double greatest = 0;
    for (uint32_t i = 0; i < 2 * c->kv_rows; i++)
        greatest = fmax(greatest, fabs(want[i]));
    double step = c->cache_type == CACHE_F16 ? 0 : greatest / 127;
    for (uint32_t i = 0; i < 2 * c->kv_rows; i++) {
        bool value = i >= c->kv_rows;
        double got = kept(c, value, i % c->kv_rows / c->size, i % c->size);
        if (!(fabs(got - want[i]) <= step / 2 + fabs(want[i]) * 0x1p-10 + greatest * 1e-5))
            fail_msg("cache: %g, not %g", got, want[i]);
    }
}

static void attend(const struct between_case *c, double *attended)
{
    double *q = test_malloc(c->inner * sizeof(double));
    for (uint32_t i = 0; i < c->inner; i++)
        q[i] = c->q->f[i];
    reference_attention(&(struct reference_attention){.q = q,
                                                      .k = c->k,
                                                      .v = c->v,
                                                      .ranges = (const void *)c->ranges->u,
                                                      .columns = 1,
                                                      .heads = c->heads,
                                                      .kv_heads = c->kv_heads,
                                                      .size = c->size},
                        attended);
    test_free(q);
}

static void check(struct bench *b, struct between_case c)
{
    between_make(b, &c);
    double *x = test_malloc(c.width * sizeof(double)),
           *attended = test_malloc(c.inner * sizeof(double)),
           *qkv = test_malloc((c.inner + 2 * c.kv_rows) * sizeof(double));
    for (uint32_t i = 0; i < c.width; i++)
        x[i] = c.x->f[i];
    attend(&c, attended);
    reference(&c, attended, x, qkv);
    between_run(b, &c);
    bench_compare(b, c.x->f, x, c.width, bound, "x");
    if (c.place != FIRST)
        bench_compare(b, c.attended->f, attended, c.inner, bound, "attended");
    if (c.place != LAST) {
        bench_compare(b, c.q->f, qkv, c.inner, bound, "q");
        compare_cache(&c, qkv + c.inner);
    }
    test_free(qkv);
    test_free(attended);
    test_free(x);
    test_free(c.v);
    test_free(c.k);
    bench_clear(b);
}

static void all_steps_are_computed(void **state)
{
    const enum quant_type types[] = {QUANT_Q4_1, QUANT_Q8_0, QUANT_F16, QUANT_Q4_0, QUANT_Q5_1};
    for (size_t i = 0; i < (bench_thorough(*state) ? 5 : 2); i++) {
        enum quant_type t = types[i];
        check(*state, (struct between_case){MIDDLE, 96, 160, 4, 2, 24, t, t, t, t, .inner = 0});
    }
}

// One query head a KV head, or more of them than a tile has; as many tiles as threads, or fewer;
// one key, and more than a turn of the kernel.
static void heads_are_shared_out(void **state)
{
    const enum quant_type t = QUANT_Q4_1;
    static const uint32_t heads[][2] = {{4, 4}, {10, 2}, {7, 1}, {16, 2}, {12, 3}};
    static const uint32_t keys[] = {1, 17, 63, 64, 200};
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < (bench_thorough(*state) ? 2 : 1); k++)
            check(*state, (struct between_case){MIDDLE, 96, 160, heads[i][0], heads[i][1], 32, t, t,
                                                t, t, .keys = keys[(i + 2 * k) % 5]});
}

// A step that does not wait for the one before is wrong now and then only.
static void each_step_waits_for_the_one_before(void **state)
{
    const enum quant_type t = QUANT_Q4_1;
    for (int i = 0; i < 24; i++)
        check(*state, (struct between_case){MIDDLE, 576, i % 2 ? 1536 : 32, 9, 3, 64, t, t, t, t,
                                            .inner = 0});
}

static void the_ends_have_some_of_the_steps(void **state)
{
    const enum quant_type t = QUANT_Q4_1;
    check(*state, (struct between_case){FIRST, 96, 160, 4, 2, 24, t, t, t, t, .inner = 0});
    check(*state, (struct between_case){LAST, 96, 160, 4, 2, 24, t, t, t, t, .inner = 0});
}

static void matrices_may_be_of_different_types(void **state)
{
    check(*state, (struct between_case){MIDDLE, 96, 160, 4, 2, 24, QUANT_F16, QUANT_Q4_0,
                                        QUANT_Q8_0, QUANT_Q5_0, .inner = 0});
}

static void a_quantised_cache_has_a_step_of_its_own(void **state)
{
    const enum quant_type t = QUANT_Q4_1;
    for (int place = MIDDLE; place <= FIRST; place++)
        check(*state, (struct between_case){place, 96, 160, 4, 2, 48, t, t, t, t,
                                            .cache_type = CACHE_Q8_0});
}

// More turns of loops than a shader of Mesa's makes.
static void large_matrices_are_computed_one_by_one(void **state)
{
    const enum quant_type t = QUANT_Q4_0;
    check(*state, (struct between_case){MIDDLE, 2048, 8192, 8, 8, 64, t, t, t, t, .inner = 0});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_steps_are_computed),
        cmocka_unit_test(heads_are_shared_out),
        cmocka_unit_test(each_step_waits_for_the_one_before),
        cmocka_unit_test(the_ends_have_some_of_the_steps),
        cmocka_unit_test(matrices_may_be_of_different_types),
        cmocka_unit_test(a_quantised_cache_has_a_step_of_its_own),
        cmocka_unit_test(large_matrices_are_computed_one_by_one),
    };
    return bench_run("between", tests, sizeof(tests) / sizeof(*tests));
}
