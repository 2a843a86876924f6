// x = [class; W patches] + positions; x = ln(x); for each block x += out(attention(qkv(ln1(x)))),
// x += fc2(act(fc1(ln2(x)))); rows = projector(x without the class row).
#include "engine/model/vision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vision_block {
    struct norm ln1, ln2;
    struct matrix qkv, out, fc1, fc2;
};

struct vision {
    struct vk_device *device;
    struct vision_traits t;
    struct matrix patch;
    struct vk_slice positions; // [1 + patches][width]; the class embedding is added to row 0
    struct vk_slice rotation, slots,
        ranges; // identity, 0.., all keys: what the shared kernels want to know
    struct norm pre;
    struct vision_block *blocks;
    struct matrix project[2];
    struct vk_buffer *input;  // [patches][patch_stride] floats
    struct vk_buffer *output; // [patches][projects_to]
    struct plan *plan;
};

static uint32_t patches(const struct vision *v)
{
    return v->t.grid * v->t.grid;
}

// Floats of a patch, padded to whole blocks of the matrix.
static uint32_t patch_stride(const struct vision_traits *t)
{
    return (3 * t->patch * t->patch + WEIGHT_BLOCK - 1) / WEIGHT_BLOCK * WEIGHT_BLOCK;
}

// ---- tensors

static bool read_norm(const struct gguf *g, struct weights *w, const struct vision_traits *t,
                      const char *name, struct norm *out, struct error *e)
{
    char gain[64], bias[64];
    snprintf(gain, sizeof(gain), "%s.weight", name);
    snprintf(bias, sizeof(bias), "%s.bias", name);
    const struct gguf_tensor *a = weights_tensor(g, gain, (uint64_t[]){t->width}, 1, e);
    const struct gguf_tensor *b = a ? weights_tensor(g, bias, (uint64_t[]){t->width}, 1, e) : NULL;
    *out = (struct norm){.size = t->width, .eps = t->eps};
    return b && weights_vector(w, a, &out->gain, e) && weights_vector(w, b, &out->bias, e);
}

static bool read_part(const struct gguf *g, const char *name, uint32_t columns, uint32_t rows,
                      struct weight_part *out, struct error *e)
{
    char weight[64], bias[64];
    snprintf(weight, sizeof(weight), "%s.weight", name);
    snprintf(bias, sizeof(bias), "%s.bias", name);
    *out = (struct weight_part){.rows = rows};
    out->tensor = weights_tensor(g, weight, (uint64_t[]){columns, rows}, 2, e);
    out->bias = out->tensor ? weights_tensor(g, bias, (uint64_t[]){rows}, 1, e) : NULL;
    return out->bias != NULL;
}

static bool read_linear(const struct gguf *g, struct weights *w, const char *name, uint32_t columns,
                        uint32_t rows, struct matrix *out, struct error *e)
{
    struct weight_part part;
    return read_part(g, name, columns, rows, &part, e) &&
           weights_matrix(w, &part, 1, WEIGHT_STACKED, columns, out, e);
}

static bool read_qkv(const struct gguf *g, struct weights *w, const struct vision_traits *t,
                     uint32_t i, struct matrix *out, struct error *e)
{
    static const char *names[] = {"attn_q", "attn_k", "attn_v"};
    struct weight_part parts[3];
    for (int k = 0; k < 3; k++) {
        char name[48];
        snprintf(name, sizeof(name), "v.blk.%u.%s", i, names[k]);
        if (!read_part(g, name, t->width, t->width, &parts[k], e))
            return false;
        if (parts[k].tensor->type != parts[0].tensor->type)
            return error_set(e, ERROR_MODEL, "%s: the matrices of v.blk.%u differ in type",
                             gguf_path(g), i);
    }
    return weights_matrix(w, parts, 3, WEIGHT_STACKED, t->width, out, e);
}

static bool read_block(const struct gguf *g, struct weights *w, const struct vision_traits *t,
                       uint32_t i, struct vision_block *b, struct error *e)
{
    char ln1[32], ln2[32], out[32], fc1[32], fc2[32];
    snprintf(ln1, sizeof(ln1), "v.blk.%u.ln1", i);
    snprintf(ln2, sizeof(ln2), "v.blk.%u.ln2", i);
    snprintf(out, sizeof(out), "v.blk.%u.attn_out", i);
    snprintf(fc1, sizeof(fc1), "v.blk.%u.ffn_%s", i, t->swapped ? "down" : "up");
    snprintf(fc2, sizeof(fc2), "v.blk.%u.ffn_%s", i, t->swapped ? "up" : "down");
    return read_norm(g, w, t, ln1, &b->ln1, e) && read_norm(g, w, t, ln2, &b->ln2, e) &&
           read_qkv(g, w, t, i, &b->qkv, e) &&
           read_linear(g, w, out, t->width, t->width, &b->out, e) &&
           read_linear(g, w, fc1, t->width, t->feed_forward, &b->fc1, e) &&
           read_linear(g, w, fc2, t->feed_forward, t->width, &b->fc2, e);
}

static bool read_patch(const struct gguf *g, struct weights *w, struct vision *v, struct error *e)
{
    const struct vision_traits *t = &v->t;
    uint64_t dims[] = {t->patch, t->patch, 3, t->width};
    struct weight_part part = {.tensor = weights_tensor(g, "v.patch_embd.weight", dims, 4, e),
                               .rows = t->width};
    return part.tensor &&
           weights_matrix(w, &part, 1, WEIGHT_STACKED, 3 * t->patch * t->patch, &v->patch, e);
}

static bool read_positions(const struct gguf *g, struct weights *w, struct vision *v,
                           struct error *e)
{
    uint32_t n = patches(v) + 1, width = v->t.width;
    const struct gguf_tensor *p =
        weights_tensor(g, "v.position_embd.weight", (uint64_t[]){width, n}, 2, e);
    const struct gguf_tensor *c =
        p ? weights_tensor(g, "v.class_embd", (uint64_t[]){width}, 1, e) : NULL;
    if (!c)
        return false;
    float *values = malloc((size_t)(n + 1) * width * sizeof(float));
    if (!values)
        return error_no_memory(e);
    float *class = values + (size_t)n * width;
    weights_dequantize(p, 0, (uint64_t)n * width, values);
    weights_dequantize(c, 0, width, class);
    for (uint32_t i = 0; i < width; i++)
        values[i] += class[i];
    bool ok = weights_floats(w, values, (size_t)n * width, &v->positions, e);
    free(values);
    return ok;
}

// Attention without turning and without a mask, in the words of the shared kernels.
static bool make_tables(struct weights *w, struct vision *v, struct error *e)
{
    uint32_t n = patches(v) + 1, size = v->t.width / v->t.heads;
    size_t floats = (size_t)n * (size + 3);
    float *rotation = calloc(floats, sizeof(float));
    if (!rotation)
        return error_no_memory(e);
    uint32_t *slots = (uint32_t *)(rotation + (size_t)n * size), *ranges = slots + n;
    for (uint32_t i = 0; i < n * size; i += 2)
        rotation[i] = 1;
    for (uint32_t i = 0; i < n; i++) {
        slots[i] = i;
        ranges[2 * i + 1] = n;
    }
    bool ok = weights_floats(w, rotation, (size_t)n * size, &v->rotation, e) &&
              weights_floats(w, (const float *)slots, n, &v->slots, e) &&
              weights_floats(w, (const float *)ranges, 2 * (size_t)n, &v->ranges, e);
    free(rotation);
    return ok;
}

static bool read_projector(const struct gguf *g, struct weights *w, struct vision *v,
                           struct error *e)
{
    const struct vision_traits *t = &v->t;
    const char *first = gguf_find_tensor(g, "mm.0.weight") ? "mm.0" : "mm";
    if (!t->hidden)
        return read_linear(g, w, first, t->width, t->projects_to, &v->project[0], e);
    return read_linear(g, w, first, t->width, t->hidden, &v->project[0], e) &&
           read_linear(g, w, "mm.2", t->hidden, t->projects_to, &v->project[1], e);
}

static bool create_buffers(struct vision *v, struct error *e)
{
    uint64_t size = (uint64_t)patches(v) * patch_stride(&v->t) * sizeof(float);
    v->input = vk_buffer_create(v->device, size, VK_MEMORY_UPLOAD, "patches", e);
    if (!v->input)
        return false;
    memset(vk_buffer_map(v->input), 0, size);
    size = (uint64_t)patches(v) * v->t.projects_to * sizeof(float);
    v->output = vk_buffer_create(v->device, size, VK_MEMORY_READBACK, "picture rows", e);
    return v->output != NULL;
}

struct vision *vision_create(struct vk_device *d, const struct gguf *g, struct weights *w,
                             struct error *e)
{
    struct vision *v = calloc(1, sizeof(*v));
    if (!v) {
        error_no_memory(e);
        return NULL;
    }
    v->device = d;
    if (!vision_read_traits(g, &v->t, e))
        goto fail;
    v->blocks = calloc(v->t.blocks, sizeof(*v->blocks));
    if (!v->blocks) {
        error_no_memory(e);
        goto fail;
    }
    for (uint32_t i = 0; i < v->t.blocks; i++)
        if (!read_block(g, w, &v->t, i, &v->blocks[i], e))
            goto fail;
    if (!read_patch(g, w, v, e) || !read_positions(g, w, v, e) || !make_tables(w, v, e) ||
        !read_norm(g, w, &v->t, "v.pre_ln", &v->pre, e) || !read_projector(g, w, v, e) ||
        !create_buffers(v, e))
        goto fail;
    return v;

fail:
    vision_destroy(v);
    return NULL;
}

void vision_destroy(struct vision *v)
{
    if (!v)
        return;
    plan_destroy(v->plan);
    vk_buffer_destroy(v->output);
    vk_buffer_destroy(v->input);
    free(v->blocks);
    free(v);
}

const struct vision_traits *vision_get_traits(const struct vision *v)
{
    return &v->t;
}

// ---- the plan

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

static void plan_projector(const struct vision *v, const struct tower *t, plan_tensor x)
{
    uint64_t size = vk_buffer_size(v->output);
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
    plan_copy(t->plan, rows, 0, plan_external(t->plan, vk_buffer_all(v->output)), 0, size);
}

static struct plan *make_plan(const struct vision *v, struct error *e)
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
    t.cache = plan_scratch(t.plan, kernel_cache_size(t.positions, v->t.heads, width / v->t.heads));
    t.attended = plan_scratch(t.plan, column * width);
    t.hidden = plan_scratch(t.plan, column * v->t.feed_forward);
    t.rotation = plan_external(t.plan, v->rotation);
    t.slots = plan_external(t.plan, v->slots);
    t.ranges = plan_external(t.plan, v->ranges);
    plan_copy(t.plan, plan_external(t.plan, v->positions), 0, t.y, 0, column * width);
    plan_linear(t.plan, &(struct linear){.m = &v->patch,
                                         .x = plan_external(t.plan, vk_buffer_all(v->input)),
                                         .y = t.y,
                                         .to = 1,
                                         .columns = n - 1,
                                         .mode = MODE_RESIDUAL});
    kernel_norm(t.plan, &v->pre, t.y, 0, t.x, width, n);
    for (uint32_t i = 0; i < v->t.blocks; i++)
        plan_block(v, &t, &v->blocks[i]);
    plan_projector(v, &t, t.x);
    double piece = kernel_layout(vk_device_profile(v->device)).piece_flops;
    if (!plan_finish(t.plan, piece, e)) {
        plan_destroy(t.plan);
        return NULL;
    }
    return t.plan;
}

static bool prepare(struct vision *v, struct error *e)
{
    if (!v->plan)
        v->plan = make_plan(v, e);
    return v->plan != NULL;
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

bool vision_encode(struct vision *v, const struct pixels *p, const atomic_bool *stop, float *rows,
                   double *kernel_ms, struct error *e)
{
    if (!prepare(v, e))
        return false;
    cut_patches(&v->t, p->values, vk_buffer_map(v->input));
    if (!plan_run(v->plan, stop, kernel_ms, e))
        return false;
    memcpy(rows, vk_buffer_map(v->output), vk_buffer_size(v->output));
    return true;
}
