#include "engine/compute/kernels.h"

#include <math.h>
#include <string.h>

#include "engine/compute/shaders.h"

enum {
    CPU_COLUMNS = 8,      // T of gemm_cpu: tile of columns
    CPU_QUERIES = 4,      // T of attention_cpu where a KV head has one query head
    CPU_QUERIES_MOST = 8, // and at most
    GPU_TILE = 64,        // gemm_gpu: rows and columns of a tile
    GPU_GEMM_THREADS = 256,
    GPU_GEMV_THREADS = 128,
    GPU_QUERIES = 16, // attention_gpu: query rows of a tile
    GPU_ATTENTION_THREADS = 128,
    GPU_KEYS = 32, // and keys
    // lavapipe ends the loops of an invocation at 65,535 turns in all, silently; a loop of n that
    // is not unrolled takes n + 1.
    LOOP_TURNS_MOST = 65000,
};

struct layout kernel_layout(const struct vk_profile *profile)
{
    double piece = profile->type == VK_TYPE_CPU ? 2e9 : 5e10;
    if (profile->shape == VK_SHAPE_CPU)
        return (struct layout){.interleave = profile->subgroup_size,
                               .key_lanes = profile->subgroup_size,
                               .value_run = 8,
                               .most_columns = 128,
                               .piece_flops = piece};
    return (struct layout){
        .interleave = 1, .key_lanes = 1, .value_run = 1, .most_columns = 512, .piece_flops = piece};
}

bool kernel_runs(enum quant_type type)
{
    return shader_find(SHADER_GEMM, VK_SHAPE_CPU, type) != NULL;
}

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

// Units of 16 bytes that a lane has in a block: UNIT of shaders/weights.glsl.
static uint32_t units(enum quant_type type)
{
    switch (type) {
    case QUANT_F32:
        return 32;
    case QUANT_F16:
    case QUANT_BF16:
        return 16;
    case QUANT_Q8_0:
        return 9;
    case QUANT_Q5_0:
    case QUANT_Q5_1:
        return 6;
    case QUANT_Q4_0:
    case QUANT_Q4_1:
        return 5;
    default:
        break; // no kernel reads it
    }
    return 0;
}

uint64_t kernel_matrix_size(enum quant_type type, uint32_t rows, uint32_t columns,
                            uint32_t interleave)
{
    uint64_t quads = ceil_div(rows, WEIGHT_QUAD * interleave);
    return quads * ceil_div(columns, WEIGHT_BLOCK) * units(type) * interleave * 16;
}

uint64_t kernel_cache_size(uint32_t positions, uint32_t kv_heads, uint32_t head_size)
{
    return 2 * (uint64_t)positions * kv_heads * head_size * 2;
}

static bool fail(struct plan *p, const char *what)
{
    struct error e;
    error_set(&e, ERROR_MODEL, "%s, which the kernels cannot compute", what);
    plan_fail(p, &e);
    return false;
}

// The pipeline of a family with these constants appended to the two that all share: threads and
// subgroup size.
static bool finish_op(struct plan *p, struct plan_op *op, enum shader_family family,
                      enum quant_type type, uint32_t threads, const uint32_t *constants, size_t n)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    const struct vk_shader *shader = shader_find(family, profile->shape, type);
    if (!shader)
        return fail(p, "a matrix is of a type");
    uint32_t all[VK_CONSTANTS_MOST] = {threads, profile->subgroup_size};
    memcpy(all + 2, constants, n * sizeof(*constants));
    struct error e;
    op->pipeline = vk_pipeline_get(plan_device(p), shader, all, n + 2, &e);
    if (!op->pipeline) {
        plan_fail(p, &e);
        return false;
    }
    for (int i = 0; i < 3; i++)
        if (op->groups[i] > profile->most_groups[i])
            return fail(p, "a tensor is larger than the device's grid");
    plan_append(p, op);
    return true;
}

// Bindings 0..3 and the push constants, the same for gemv and gemm.
static void matmul_op(struct plan *p, const struct matmul *m, struct plan_op *op,
                      struct push_matmul *push)
{
    const struct matrix *w = m->matrix;
    *push = (struct push_matmul){
        .rows = w->rows,
        .columns = m->columns,
        .inner = ceil_div(w->columns, WEIGHT_BLOCK),
        .in_stride = m->x_stride,
        .in_column = m->x_column,
        .out_stride = m->y_stride,
        .out_column = m->y_column,
        .out_row = m->y_row,
    };
    *op = (struct plan_op){
        .tensors = {plan_external(p, w->data), m->x, m->y, plan_external(p, w->bias)},
        .writes = 1u << 2,
        .groups = {1, 1, 1},
        .flops = 2.0 * w->rows * w->columns * m->columns,
    };
}

// Bindings 4..6, and what the push constants say of them. A mode that does not use them gets the
// bias there: Vulkan wants something bound.
static void gemv_qkv(const struct qkv *q, struct plan_op *op, struct push_matmul *push)
{
    if (!q) {
        op->tensors[4] = op->tensors[5] = op->tensors[6] = op->tensors[3];
        return;
    }
    op->tensors[4] = q->rotation;
    op->tensors[5] = q->slots;
    op->tensors[6] = q->cache;
    op->writes |= 1u << 6;
    push->first_row = q->first_row;
    push->q_rows = q->q_rows;
    push->kv_rows = q->kv_rows;
    push->head_size = q->head_size;
    push->kv_heads = q->kv_rows / q->head_size;
    push->value_offset = q->positions * q->kv_rows;
}

static void gemv(struct plan *p, const struct matmul *m)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct layout l = kernel_layout(profile);
    struct plan_op op;
    struct push_matmul push;
    matmul_op(p, m, &op, &push);
    gemv_qkv(m->qkv, &op, &push);
    op.name = "gemv";
    op.tensors[7] = op.tensors[3];
    if (m->norm) {
        push.norm_size = m->norm->size;
        push.norm_eps = m->norm->eps;
        op.tensors[7] = plan_external(p, m->norm->gain);
    }
    memcpy(op.push, &push, sizeof(push));
    bool cpu = profile->shape == VK_SHAPE_CPU;
    op.groups[0] = ceil_div(m->matrix->rows, WEIGHT_QUAD * l.interleave);
    uint32_t constants[] = {m->mode, m->act, l.key_lanes, l.value_run, m->norm != NULL};
    finish_op(p, &op, SHADER_GEMV, m->matrix->type, cpu ? profile->subgroup_size : GPU_GEMV_THREADS,
              constants, 5);
}

static void gemm(struct plan *p, const struct matmul *m)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct layout l = kernel_layout(profile);
    struct plan_op op;
    struct push_matmul push;
    matmul_op(p, m, &op, &push);
    memcpy(op.push, &push, sizeof(push));
    op.name = "gemm";
    uint32_t constants[] = {m->mode, m->act, CPU_COLUMNS};
    if (profile->shape == VK_SHAPE_CPU) {
        op.groups[0] = ceil_div(m->matrix->rows, WEIGHT_QUAD * l.interleave);
        op.groups[1] = ceil_div(m->columns, CPU_COLUMNS);
        finish_op(p, &op, SHADER_GEMM, m->matrix->type, profile->subgroup_size, constants, 3);
    } else {
        op.groups[0] = ceil_div(m->matrix->rows, GPU_TILE);
        op.groups[1] = ceil_div(m->columns, GPU_TILE);
        finish_op(p, &op, SHADER_GEMM, m->matrix->type, GPU_GEMM_THREADS, constants, 2);
    }
}

static bool folds(const struct norm *n)
{
    // RMSNorm: gemv computes it while it reads x, whole blocks of it and of the gain.
    return n->bias.buffer == NULL && n->size % WEIGHT_BLOCK == 0;
}

void kernel_matmul(struct plan *p, const struct matmul *m)
{
    if (m->x_stride % WEIGHT_BLOCK != 0 || m->x_stride < m->matrix->columns) {
        fail(p, "a matrix has rows of a length that is no multiple of 32");
        return;
    }
    if (m->columns == 1 && (!m->norm || folds(m->norm))) {
        gemv(p, m);
        return;
    }
    struct matmul rest = *m;
    if (m->norm) {
        rest.norm = NULL;
        rest.x = plan_scratch(p, (uint64_t)m->columns * m->x_stride * sizeof(float));
        rest.x_column = 0;
        kernel_norm(p, m->norm, m->x, m->x_column, rest.x, m->x_stride, m->columns);
    }
    if (m->columns == 1)
        gemv(p, &rest);
    else
        gemm(p, &rest);
}

// The q, k and v rows that gemm stored -> q and the cache.
static void rotate(struct plan *p, const struct qkv *q, uint32_t columns, plan_tensor x,
                   plan_tensor y)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct layout l = kernel_layout(profile);
    struct push_rotate push = {.q_rows = q->q_rows,
                               .kv_rows = q->kv_rows,
                               .head_size = q->head_size,
                               .kv_heads = q->kv_rows / q->head_size,
                               .value_offset = q->positions * q->kv_rows};
    struct plan_op op = {.name = "rotate",
                         .tensors = {x, y, q->rotation, q->slots, q->cache},
                         .writes = 1u << 1 | 1u << 4,
                         .groups = {columns, 1, 1}};
    memcpy(op.push, &push, sizeof(push));
    finish_op(p, &op, SHADER_ROTATE, 0, profile->subgroup_size,
              (uint32_t[]){l.key_lanes, l.value_run}, 2);
}

void kernel_qkv(struct plan *p, const struct matmul *parts, uint32_t n, const struct qkv *qkv)
{
    uint32_t columns = parts[0].columns, rows = qkv->q_rows + 2 * qkv->kv_rows;
    bool one = columns == 1 && (!parts[0].norm || folds(parts[0].norm));
    plan_tensor products =
        one ? parts[0].y : plan_scratch(p, (uint64_t)columns * rows * sizeof(float));
    uint32_t first = 0;
    for (uint32_t i = 0; i < n; first += parts[i++].matrix->rows) {
        struct qkv part = *qkv;
        part.first_row = first;
        struct matmul m = parts[i];
        m.qkv = one ? &part : NULL;
        m.mode = one ? MODE_QKV : MODE_STORE;
        m.y = products;
        m.y_stride = one ? qkv->q_rows : rows;
        m.y_row = one ? 0 : first;
        kernel_matmul(p, &m);
    }
    if (!one)
        rotate(p, qkv, columns, products, parts[0].y);
}

void kernel_norm(struct plan *p, const struct norm *n, plan_tensor x, uint32_t first, plan_tensor y,
                 uint32_t stride, uint32_t rows)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    bool centred = n->bias.buffer != NULL;
    plan_tensor gain = plan_external(p, n->gain);
    struct push_norm push = {.size = n->size, .stride = stride, .in_row = first, .eps = n->eps};
    struct plan_op op = {.name = "norm",
                         .tensors = {x, y, gain, centred ? plan_external(p, n->bias) : gain},
                         .writes = 1u << 1,
                         .groups = {rows, 1, 1}};
    memcpy(op.push, &push, sizeof(push));
    finish_op(p, &op, SHADER_NORM, 0, profile->subgroup_size, &(uint32_t){centred}, 1);
}

// Keys of a turn of attention_cpu, in groups of the subgroup's size: few, but so that the turns of
// all loops, for the whole cache, stay below what a software device allows. 0: none does.
static uint32_t key_groups(const struct vk_profile *profile, const struct attention *a)
{
    uint32_t lanes = profile->subgroup_size;
    uint32_t groups = lanes < 8 ? 8 / lanes : 1; // 8 keys are a run of V
    while (ceil_div(a->positions, groups * lanes) * (a->head_size / 8 + 2) > LOOP_TURNS_MOST)
        groups *= 2;
    return groups * lanes <= KV_BLOCK ? groups : 0;
}

static void attention_cpu(struct plan *p, const struct attention *a, struct plan_op *op)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    // One tile for every batch: a variant less to compile.
    uint32_t group = a->heads / a->kv_heads;
    uint32_t tile = group == 1 ? CPU_QUERIES : group < CPU_QUERIES_MOST ? group : CPU_QUERIES_MOST;
    uint32_t keys = key_groups(profile, a);
    if (keys == 0) {
        fail(p, "the context has a length");
        return;
    }
    op->groups[0] = ceil_div(a->columns * group, tile);
    finish_op(p, op, SHADER_ATTENTION, 0, profile->subgroup_size,
              (uint32_t[]){a->head_size, tile, keys}, 3);
}

static void attention_gpu(struct plan *p, const struct attention *a, struct plan_op *op)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    uint32_t runs = a->head_size / 8, share = ceil_div(GPU_QUERIES * runs, GPU_ATTENTION_THREADS);
    uint32_t turns = GPU_QUERIES * GPU_KEYS / GPU_ATTENTION_THREADS * (runs + 2) +
                     share * (GPU_KEYS + 1) + 2; // for a tile of keys
    if (profile->type == VK_TYPE_CPU &&
        ceil_div(a->positions, GPU_KEYS) * turns > LOOP_TURNS_MOST) {
        fail(p, "the context has a length");
        return;
    }
    op->groups[0] = ceil_div(a->columns * (a->heads / a->kv_heads), GPU_QUERIES);
    finish_op(p, op, SHADER_ATTENTION, 0, GPU_ATTENTION_THREADS,
              (uint32_t[]){a->head_size, GPU_QUERIES}, 2);
}

void kernel_attention(struct plan *p, const struct attention *a)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    if (a->head_size % 8 != 0 || a->head_size > 256 || a->heads % a->kv_heads != 0) {
        fail(p, "an attention head has a size");
        return;
    }
    uint32_t group = a->heads / a->kv_heads;
    struct push_attention push = {.columns = a->columns,
                                  .kv_heads = a->kv_heads,
                                  .group = group,
                                  .q_stride = a->q_stride,
                                  .out_stride = a->y_stride,
                                  .scale = (float)(M_LOG2E / sqrt(a->head_size)),
                                  .value_offset = a->positions * a->kv_heads * a->head_size};
    struct plan_op op = {.name = "attention",
                         .tensors = {a->q, a->cache, a->ranges, a->y},
                         .writes = 1u << 3,
                         .groups = {1, a->kv_heads, 1},
                         .flops = 4.0 * a->columns * a->keys * a->heads * a->head_size};
    memcpy(op.push, &push, sizeof(push));
    if (profile->shape == VK_SHAPE_CPU)
        attention_cpu(p, a, &op);
    else
        attention_gpu(p, a, &op);
}
