// From the Q of a layer to that of the next, in one dispatch where that is how it is done and step
// by step: both must be what the formulas say, in x, q and the KV cache, with all steps there or
// only those before the first layer or behind the last.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "engine/compute/reference.h"
#include "engine/model/quant.h"

enum { POSITIONS = KV_BLOCK, SLOT = 13, UNSEEN = 2 };
static const double bound = 1e-10;

enum place { MIDDLE, FIRST, LAST };
struct between_case {
    enum place place; // among the layers
    uint32_t width, feed_forward, heads, kv_heads, size;
    enum quant_type out, gate_up, down, qkv;
    uint32_t cache_type; // CACHE_*
    uint32_t keys;       // of the attention; 0: as many as POSITIONS

    uint32_t inner, kv_rows;
    struct test_matrix *m[4];
    struct tensor *attended, *x, *hidden, *gain[2], *rotation, *slots, *ranges, *q;
    struct test_cache cache, seen; // of the next layer, of this one
    float *k, *v;                  // that `seen` holds: [keys][kv_heads][size]
};

static struct tensor *filled(struct bench *b, uint32_t n)
{
    struct tensor *t = bench_tensor(b, n * sizeof(float));
    bench_fill(b, t->f, n);
    return t;
}

// Values n / 128 of whole numbers: a half holds them, and so do a byte and a scale.
static void fill_seen(struct bench *b, struct between_case *c, bool value, float *to)
{
    const struct test_cache *cache = &c->seen;
    for (uint32_t i = 0; i < c->keys * c->kv_rows; i++) {
        uint32_t p = i / c->kv_rows, h = i % c->kv_rows / c->size, d = i % c->size;
        int n = (int)(127 * bench_random(b));
        uint64_t at = bench_cache_at(cache, value, p, h, d);
        to[i] = (float)n / 128;
        if (c->cache_type == CACHE_F16) {
            cache->tensor->h[at] = quant_f32_to_f16(to[i]);
        } else {
            cache->tensor->bytes[at] = (uint8_t)n;
            cache->tensor->h[bench_cache_scale_at(cache, value, p, h, d)] =
                quant_f32_to_f16(1.0f / 128);
        }
    }
}

// What the attention reads: the first keys are not seen.
static void make_seen(struct bench *b, struct between_case *c)
{
    if (c->keys == 0)
        c->keys = POSITIONS;
    uint32_t positions = (c->keys + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    c->seen = bench_cache(b, c->cache_type, positions, c->kv_heads, c->size);
    c->k = test_malloc(c->keys * c->kv_rows * sizeof(float));
    c->v = test_malloc(c->keys * c->kv_rows * sizeof(float));
    fill_seen(b, c, false, c->k);
    fill_seen(b, c, true, c->v);
    c->ranges = bench_tensor(b, 2 * sizeof(uint32_t));
    c->ranges->u[0] = c->keys > UNSEEN ? UNSEEN : 0;
    c->ranges->u[1] = c->keys;
}

static void make_case(struct bench *b, struct between_case *c)
{
    c->inner = c->heads * c->size;
    c->kv_rows = c->kv_heads * c->size;
    c->m[0] = bench_matrix(b, c->out, c->width, c->inner, false);
    c->m[1] = bench_matrix(b, c->gate_up, 2 * c->feed_forward, c->width, true);
    c->m[2] = bench_matrix(b, c->down, c->width, c->feed_forward, false);
    c->m[3] = bench_matrix(b, c->qkv, c->inner + 2 * c->kv_rows, c->width, false);
    c->attended = bench_tensor(b, c->inner * sizeof(float));
    c->x = filled(b, c->width);
    c->hidden = bench_tensor(b, c->feed_forward * sizeof(float));
    c->gain[0] = filled(b, c->width);
    c->gain[1] = filled(b, c->width);
    c->rotation = bench_tensor(b, c->size * sizeof(float));
    for (uint32_t i = 0; i < c->size; i += 2) {
        float angle = 10 * bench_random(b);
        c->rotation->f[i] = cosf(angle);
        c->rotation->f[i + 1] = sinf(angle);
    }
    c->slots = bench_tensor(b, sizeof(uint32_t));
    c->slots->u[0] = SLOT;
    c->q = filled(b, c->inner);
    make_seen(b, c);
    c->cache = bench_cache(b, c->cache_type, POSITIONS, c->kv_heads, c->size);
}

static void run(struct bench *b, struct between_case *c)
{
    struct plan *p = bench_plan(b);
    struct norm norms[2];
    for (int i = 0; i < 2; i++)
        norms[i] = (struct norm){.gain = c->gain[i]->slice, .size = c->width, .eps = 1e-5f};
    plan_tensor x = plan_external(p, c->x->slice), hidden = plan_external(p, c->hidden->slice);
    struct matmul all[4];
    for (int i = 0; i < 4; i++)
        all[i] = (struct matmul){.matrix = &c->m[i]->matrix,
                                 .columns = 1,
                                 .x = x,
                                 .x_stride = c->width,
                                 .y = x,
                                 .y_stride = c->width,
                                 .mode = MODE_RESIDUAL};
    all[0].x = plan_external(p, c->attended->slice);
    all[0].x_stride = c->inner;
    all[1].y = all[2].x = hidden;
    all[1].y_stride = all[2].x_stride = c->feed_forward;
    all[1].mode = MODE_GATE;
    all[1].norm = &norms[0];
    all[3].y = plan_external(p, c->q->slice);
    all[3].norm = &norms[1];
    struct qkv qkv = {.rotation = plan_external(p, c->rotation->slice),
                      .slots = plan_external(p, c->slots->slice),
                      .cache = plan_external(p, c->cache.tensor->slice),
                      .cache_type = c->cache_type,
                      .positions = POSITIONS,
                      .q_rows = c->inner,
                      .kv_rows = c->kv_rows,
                      .head_size = c->size};
    struct attention attention = {.q = all[3].y,
                                  .y = all[0].x,
                                  .cache = plan_external(p, c->seen.tensor->slice),
                                  .cache_type = c->cache_type,
                                  .positions = c->seen.positions,
                                  .ranges = plan_external(p, c->ranges->slice),
                                  .columns = 1,
                                  .keys = c->keys,
                                  .heads = c->heads,
                                  .kv_heads = c->kv_heads,
                                  .head_size = c->size,
                                  .q_stride = c->inner,
                                  .y_stride = c->inner};
    uint64_t size = kernel_attention_shared(bench_profile(b), &attention);
    plan_tensor shared = plan_scratch(p, size ? size : 4);
    attention.shared = size ? &shared : NULL;
    if (size)
        plan_zero(p, shared);
    struct between between = {.heads = c->heads, .kv_heads = c->kv_heads, .head_size = c->size};
    if (c->place != FIRST) {
        between.attention = &attention;
        between.out = &all[0];
        between.gate_up = &all[1];
        between.down = &all[2];
    }
    if (c->place != LAST) {
        between.parts = &all[3];
        between.n_parts = 1;
        between.qkv = &qkv;
    }
    kernel_between(p, &between);
    bench_plan_run(b, p, (struct tensor *[]){c->x, c->hidden, c->q, c->cache.tensor, c->attended},
                   5);
}

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
    make_case(b, &c);
    double *x = test_malloc(c.width * sizeof(double)),
           *attended = test_malloc(c.inner * sizeof(double)),
           *qkv = test_malloc((c.inner + 2 * c.kv_rows) * sizeof(double));
    for (uint32_t i = 0; i < c.width; i++)
        x[i] = c.x->f[i];
    attend(&c, attended);
    reference(&c, attended, x, qkv);
    run(b, &c);
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
