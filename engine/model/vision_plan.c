// x = [class; W patches] + positions; x = ln(x); for each block x += out(attention(qkv(ln1(x)))),
// x += fc2(act(fc1(ln2(x)))); rows = projector(x without the class row).
#include "engine/model/vision_internal.h"

#include <stdlib.h>
#include <string.h>

#include "engine/image/anyres.h"

struct tower {
    struct plan *plan;
    uint32_t columns;                             // patches and the class
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
                                                  .keys = n,
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

static uint64_t input_size(const struct vision *v)
{
    return (uint64_t)patches(v) * patch_stride(&v->t) * sizeof(float);
}

static uint64_t output_size(const struct vision *v)
{
    return (uint64_t)patches(v) * v->t.projects_to * sizeof(float);
}

// Of what is only measured there are no buffers yet.
static plan_tensor outside(struct plan *p, struct vk_buffer *b)
{
    return plan_external(p, b ? vk_buffer_all(b) : (struct vk_slice){0});
}

static void plan_projector(const struct vision *v, const struct tower *t, plan_tensor x)
{
    uint64_t size = output_size(v);
    plan_tensor rows = plan_scratch(t->plan, size);
    plan_tensor hidden = rows;
    struct linear first = {.m = &v->project[0], .x = x, .from = 1, .columns = t->columns - 1};
    if (v->t.hidden) {
        hidden = plan_scratch(t->plan, (uint64_t)(t->columns - 1) * v->t.hidden * sizeof(float));
        first.act = ACT_GELU;
    }
    first.y = hidden;
    plan_linear(t->plan, &first);
    if (v->t.hidden)
        plan_linear(t->plan,
                    &(struct linear){
                        .m = &v->project[1], .x = hidden, .y = rows, .columns = t->columns - 1});
    plan_copy(t->plan, rows, 0, outside(t->plan, v->output), 0, size);
}

static struct plan *build(const struct vision *v, struct error *e)
{
    uint32_t width = v->t.width, n = patches(v) + 1;
    struct tower t = {.plan = plan_create(v->device, "vision", e), .columns = n};
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
    plan_copy(t.plan, plan_external(t.plan, v->positions), 0, t.y, 0, column * width);
    plan_linear(t.plan, &(struct linear){.m = &v->patch,
                                         .x = outside(t.plan, v->input),
                                         .y = t.y,
                                         .to = 1,
                                         .columns = n - 1,
                                         .mode = MODE_RESIDUAL});
    kernel_norm(t.plan, &v->pre, t.y, 0, t.x, width, n);
    for (uint32_t i = 0; i < v->t.blocks; i++)
        plan_block(v, &t, &v->blocks[i]);
    plan_projector(v, &t, t.x);
    return t.plan;
}

bool vision_measure(const struct vision *v, uint64_t *scratch, uint64_t *host, struct error *e)
{
    struct plan *p = build(v, e);
    bool ok = p && plan_place(p, scratch, e);
    *host = input_size(v) + output_size(v);
    plan_destroy(p);
    return ok;
}

static bool create_buffers(struct vision *v, struct error *e)
{
    if (!v->input)
        v->input = vk_buffer_create(v->device, input_size(v), VK_MEMORY_UPLOAD, "patches", e);
    if (!v->input)
        return false;
    memset(vk_buffer_map(v->input), 0, input_size(v));
    v->output = vk_buffer_create(v->device, output_size(v), VK_MEMORY_READBACK, "picture rows", e);
    return v->output != NULL;
}

// Buffers and the recorded plan, once.
static bool prepare(struct vision *v, struct error *e)
{
    double piece = kernel_layout(vk_device_profile(v->device)).piece_flops;
    if (v->plan)
        return true;
    if (!v->output && !create_buffers(v, e))
        return false;
    struct plan *p = build(v, e);
    if (p && plan_finish(p, piece, e)) {
        v->plan = p;
        return true;
    }
    plan_destroy(p);
    return false;
}

bool vision_warm(struct vision *v, const atomic_bool *stop, struct error *e)
{
    return prepare(v, e) && plan_warm(v->plan, stop, e);
}

// [3][size][size] -> [patches][channel, y, x within the patch], patches row by row.
static void cut_patches(const struct vision_traits *t, const float *pixels, float *out)
{
    uint32_t size = t->picture_size, stride = patch_stride(t);
    for (uint32_t gy = 0; gy < t->grid; gy++)
        for (uint32_t gx = 0; gx < t->grid; gx++, out += stride) {
            float *to = out;
            for (uint32_t c = 0; c < 3; c++)
                for (uint32_t y = 0; y < t->patch; y++, to += t->patch)
                    memcpy(to,
                           pixels + ((size_t)c * size + gy * t->patch + y) * size + gx * t->patch,
                           t->patch * sizeof(float));
        }
}

// One tile through the tower: rows of grid x grid patches.
static bool encode_tile(struct vision *v, const float *pixels, const atomic_bool *stop, float *rows,
                        double *ms, struct error *e)
{
    double tile_ms = 0;
    cut_patches(&v->t, pixels, vk_buffer_map(v->input));
    if (!plan_run(v->plan, stop, &tile_ms, e))
        return false;
    memcpy(rows, vk_buffer_map(v->output), vk_buffer_size(v->output));
    *ms += tile_ms;
    return true;
}

// The tiles' rows as one plane, row by row without the margin, each row ended by the newline.
static void join_tiles(const struct vision *v, const struct pixels *p, const float *tiles,
                       float *out)
{
    uint32_t grid = v->t.grid, width = v->t.projects_to;
    struct anyres_part part = anyres_unpad(p->picture_width, p->picture_height,
                                           p->grid_width * grid, p->grid_height * grid);
    for (uint32_t y = part.top; y < part.top + part.rows; y++) {
        for (uint32_t x = part.left; x < part.left + part.columns; x++, out += width) {
            size_t tile = (size_t)(y / grid) * p->grid_width + x / grid;
            size_t row = tile * grid * grid + (size_t)(y % grid) * grid + x % grid;
            memcpy(out, tiles + row * width, width * sizeof(float));
        }
        memcpy(out, v->newline, width * sizeof(float));
        out += width;
    }
}

bool vision_encode(struct vision *v, const struct pixels *p, const atomic_bool *stop, float *rows,
                   double *kernel_ms, struct error *e)
{
    size_t one = (size_t)patches(v) * v->t.projects_to, plane = 3 * (size_t)p->size * p->size;
    bool join = v->t.newlines && p->tiles > 1;
    float *tiles = join ? malloc((p->tiles - 1) * one * sizeof(*tiles)) : rows + one;
    double ms = 0;
    bool ok = (tiles || error_no_memory(e)) && prepare(v, e) &&
              encode_tile(v, p->values, stop, rows, &ms, e);
    for (uint32_t i = 1; ok && i < p->tiles; i++)
        ok = encode_tile(v, p->values + i * plane, stop, tiles + (i - 1) * one, &ms, e);
    if (ok && join)
        join_tiles(v, p, tiles, rows + one);
    if (join)
        free(tiles);
    if (kernel_ms)
        *kernel_ms = ms;
    return ok;
}
