#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "between_case.h"

enum { UNSEEN = 2 }; // keys at the beginning

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
        c->keys = KV_BLOCK;
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

void between_make(struct bench *b, struct between_case *c)
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
    c->cache = bench_cache(b, c->cache_type, KV_BLOCK, c->kv_heads, c->size);
}

void between_run(struct bench *b, struct between_case *c)
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
                      .positions = KV_BLOCK,
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
