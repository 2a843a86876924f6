// x = [class; W patches] + positions; x = ln(x); for each block x += out(attention(qkv(ln1(x)))),
// x += fc2(act(fc1(ln2(x)))); rows = projector(x without the class row).
#include "engine/model/vision_internal.h"

struct tower {
    struct plan *plan;
    uint32_t tiles, columns;                      // patches and the class of each tile
    uint32_t positions;                           // columns, in whole blocks of the cache
    plan_tensor x, y, q, cache, attended, hidden; // x: the residual stream
    plan_tensor rotation, slots, ranges;
};

// y[to..] (mode) act(m . norm(x[from..]))
struct linear {
    const struct matrix *m;
    const struct norm *norm;
    plan_tensor x, y;
    uint32_t from, to, columns, mode, act;
};

static void plan_linear(struct plan *p, const struct linear *l)
{
    uint32_t stride = (l->m->columns + WEIGHT_BLOCK - 1) / WEIGHT_BLOCK * WEIGHT_BLOCK;
    kernel_matmul(p, &(struct matmul){.matrix = l->m,
                                      .columns = l->columns,
                                      .x = l->x,
                                      .x_stride = stride,
                                      .x_column = l->from,
                                      .y = l->y,
                                      .y_stride = l->m->rows,
                                      .y_column = l->to,
                                      .mode = l->mode,
                                      .act = l->act,
                                      .norm = l->norm});
}

static void plan_block(const struct vision *v, const struct tower *t, const struct vision_block *b)
{
    uint32_t width = v->t.width, n = t->columns;
    kernel_qkv(t->plan,
               &(struct matmul){.matrix = &b->qkv,
                                .columns = n,
                                .x = t->x,
                                .x_stride = width,
                                .y = t->q,
                                .norm = &b->ln1},
               1,
               &(struct qkv){.rotation = t->rotation,
                             .slots = t->slots,
                             .cache = t->cache,
                             .positions = t->positions,
                             .q_rows = width,
                             .kv_rows = width,
                             .head_size = width / v->t.heads});
    kernel_attention(t->plan, &(struct attention){.q = t->q,
                                                  .cache = t->cache,
                                                  .positions = t->positions,
                                                  .y = t->attended,
                                                  .ranges = t->ranges,
                                                  .columns = n,
                                                  .keys = n / t->tiles,
                                                  .heads = v->t.heads,
                                                  .kv_heads = v->t.heads,
                                                  .head_size = width / v->t.heads,
                                                  .q_stride = width,
                                                  .y_stride = width});
    plan_linear(
        t->plan,
        &(struct linear){
            .m = &b->out, .x = t->attended, .y = t->x, .columns = n, .mode = MODE_RESIDUAL});
    plan_linear(t->plan, &(struct linear){.m = &b->fc1,
                                          .norm = &b->ln2,
                                          .x = t->x,
                                          .y = t->hidden,
                                          .columns = n,
                                          .act = v->t.act});
    plan_linear(t->plan,
                &(struct linear){
                    .m = &b->fc2, .x = t->hidden, .y = t->x, .columns = n, .mode = MODE_RESIDUAL});
}

static void plan_projector(const struct vision *v, const struct tower *t, plan_tensor x)
{
    uint32_t n = patches(v);
    uint64_t size = t->tiles * vision_output_size(v);
    plan_tensor rows = plan_scratch(t->plan, size);
    plan_tensor hidden = rows;
    if (v->t.hidden)
        hidden = plan_scratch(t->plan, (uint64_t)t->tiles * n * v->t.hidden * sizeof(float));
    for (uint32_t i = 0; i < t->tiles; i++)
        plan_linear(t->plan, &(struct linear){.m = &v->project[0],
                                              .x = x,
                                              .y = hidden,
                                              .from = i * (n + 1) + 1,
                                              .to = i * n,
                                              .columns = n,
                                              .act = v->t.hidden ? ACT_GELU : ACT_NONE});
    if (v->t.hidden)
        plan_linear(
            t->plan,
            &(struct linear){.m = &v->project[1], .x = hidden, .y = rows, .columns = t->tiles * n});
    plan_copy(t->plan, rows, 0, plan_external_buffer(t->plan, v->output), 0, size);
}

// [class; W patches] + positions, tile by tile.
static void plan_columns(const struct vision *v, const struct tower *t)
{
    uint32_t n = patches(v);
    uint64_t tile = (uint64_t)(n + 1) * v->t.width * sizeof(float);
    plan_tensor input = plan_external_buffer(t->plan, v->input);
    for (uint32_t i = 0; i < t->tiles; i++) {
        plan_copy(t->plan, plan_external(t->plan, v->positions), 0, t->y, i * tile, tile);
        plan_linear(t->plan, &(struct linear){.m = &v->patch,
                                              .x = input,
                                              .y = t->y,
                                              .from = i * n,
                                              .to = i * (n + 1) + 1,
                                              .columns = n,
                                              .mode = MODE_RESIDUAL});
    }
}

static struct plan *build(const struct vision *v, uint32_t tiles, struct error *e)
{
    uint32_t width = v->t.width, n = tiles * (patches(v) + 1);
    struct tower t = {.plan = plan_create(v->device, "vision", e), .tiles = tiles, .columns = n};
    if (!t.plan)
        return NULL;
    uint64_t column = (uint64_t)n * sizeof(float);
    t.positions = (n + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    t.y = plan_scratch(t.plan, column * width);
    t.x = plan_scratch(t.plan, column * width);
    t.q = plan_scratch(t.plan, column * width);
    t.cache = plan_scratch(
        t.plan, kernel_cache_size(CACHE_F16, t.positions, v->t.heads, width / v->t.heads));
    t.attended = plan_scratch(t.plan, column * width);
    t.hidden = plan_scratch(t.plan, column * v->t.feed_forward);
    t.rotation = plan_external(t.plan, v->rotation);
    t.slots = plan_external(t.plan, v->slots);
    t.ranges = plan_external(t.plan, v->ranges);
    plan_columns(v, &t);
    kernel_norm(t.plan, &v->pre, t.y, 0, t.x, width, n);
    for (uint32_t i = 0; i < v->t.blocks; i++)
        plan_block(v, &t, &v->blocks[i]);
    plan_projector(v, &t, t.x);
    return t.plan;
}

bool vision_measure(const struct vision *v, uint64_t *scratch, uint64_t *host, struct error *e)
{
    struct plan *p = build(v, v->batch, e);
    bool ok = p && plan_place(p, scratch, e);
    *host = v->batch * (vision_input_size(v) + vision_output_size(v));
    plan_destroy(p);
    return ok;
}

struct plan *vision_make_plan(const struct vision *v, uint32_t tiles, struct error *e)
{
    double piece = kernel_layout(vk_device_profile(v->device)).piece_flops;
    struct plan *p = build(v, tiles, e);
    if (p && plan_finish(p, piece, e))
        return p;
    plan_destroy(p);
    return NULL;
}
