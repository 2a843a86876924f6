// Products with a matrix: one column (gemv), pieces of matrices, and Q, K and V with their
// rotation.
#include <string.h>

#include "engine/compute/kernels_internal.h"

void kernel_matmul_op(struct plan *p, const struct matmul *m, struct plan_op *op,
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

static void qkv_op(const struct qkv *q, struct plan_op *op, struct push_matmul *push)
{
    op->tensors[4] = q->rotation;
    op->tensors[5] = q->slots;
    op->tensors[6] = q->cache;
    op->writes |= 1u << 6;
    push->first_row = q->first_row;
    push->q_rows = q->q_rows;
    push->kv_rows = q->kv_rows;
    push->kv_heads = q->kv_rows / q->head_size;
    push->values =
        (uint32_t)(kernel_cache_parts(CACHE_F16, q->positions, push->kv_heads, q->head_size)
                       .values /
                   16);
}

void kernel_gemv_op(struct plan *p, const struct matmul *m, struct plan_op *op,
                    struct push_matmul *push)
{
    for (int i = 4; i < 8; i++)
        op->tensors[i] = op->tensors[3];
    if (m->qkv)
        qkv_op(m->qkv, op, push);
    if (!m->norm)
        return;
    push->norm_size = m->norm->size;
    push->norm_eps = m->norm->eps;
    op->tensors[7] = plan_external(p, m->norm->gain);
}

static void gemv(struct plan *p, const struct matmul *m)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct layout l = kernel_layout(profile);
    struct cache_layout cache = kernel_cache_layout(profile, CACHE_F16);
    struct plan_op op;
    struct push_matmul push;
    kernel_matmul_op(p, m, &op, &push);
    kernel_gemv_op(p, m, &op, &push);
    op.name = "gemv";
    memcpy(op.push, &push, sizeof(push));
    bool cpu = profile->shape == VK_SHAPE_CPU;
    op.groups[0] = ceil_div(m->matrix->rows, WEIGHT_QUAD * l.interleave);
    uint32_t constants[] = {m->mode,         m->act,          cache.key_run,
                            cache.value_run, m->norm != NULL, m->qkv ? m->qkv->head_size : 8};
    uint32_t threads = gemv_threads(gemv_variant(plan_device(p), m->matrix->type));
    kernel_append(p, &op, SHADER_GEMV, m->matrix->type, cpu ? profile->subgroup_size : threads,
                  constants, 6);
}

// Rows [first, first + ...) of a matrix: a piece of it.
static struct matrix piece_at(const struct matrix *m, uint32_t first)
{
    struct matrix piece = *m;
    uint32_t all = m->piece_rows ? m->piece_rows : m->rows;
    uint64_t skipped = first * sizeof(float);
    piece.rows = m->rows - first < all ? m->rows - first : all;
    piece.bias =
        (struct vk_slice){m->bias.buffer, m->bias.offset + skipped, m->bias.size - skipped};
    if (first > 0)
        piece.data = m->more[first / all - 1];
    return piece;
}

// The pieces of the matrix, each with its rows of the result.
static void product(struct plan *p, const struct matmul *m)
{
    struct matrix piece;
    for (uint32_t first = 0; first < m->matrix->rows; first += piece.rows) {
        struct matmul one = *m;
        struct qkv qkv;
        piece = piece_at(m->matrix, first);
        one.matrix = &piece;
        one.y_row += m->mode == MODE_GATE ? first / 2 : first;
        if (m->qkv) {
            qkv = *m->qkv;
            qkv.first_row += first;
            one.qkv = &qkv;
        }
        if (m->columns == 1)
            gemv(p, &one);
        else
            kernel_gemm(p, &one);
    }
}

bool kernel_folds(const struct norm *n)
{
    return n->bias.buffer == NULL && n->size % WEIGHT_BLOCK == 0;
}

// What products with the same x share: its norm, and x as bytes.
static void prepare(struct plan *p, struct matmul *m, bool wants_bytes, struct quantized *bytes)
{
    if (m->norm) {
        plan_tensor x = plan_scratch(p, (uint64_t)m->columns * m->x_stride * sizeof(float));
        kernel_norm(p, m->norm, m->x, m->x_column, x, m->x_stride, m->columns);
        m->norm = NULL;
        m->x = x;
        m->x_column = 0;
    }
    if (wants_bytes) {
        *bytes = kernel_quantize(p, m);
        m->bytes = bytes;
    }
}

void kernel_matmul(struct plan *p, const struct matmul *m)
{
    if (m->x_stride % WEIGHT_BLOCK != 0 || m->x_stride < m->matrix->columns) {
        kernel_fail(p, "a matrix has rows of a length that is no multiple of 32");
        return;
    }
    if (m->columns == 1 && (!m->norm || kernel_folds(m->norm))) {
        product(p, m);
        return;
    }
    struct matmul rest = *m;
    struct quantized bytes;
    prepare(p, &rest, !m->bytes && kernel_wants_bytes(p, m), &bytes);
    product(p, &rest);
}

// The q, k and v rows that a product stored -> q and the cache.
static void rotate(struct plan *p, const struct qkv *q, uint32_t columns, plan_tensor x,
                   plan_tensor y)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct cache_layout l = kernel_cache_layout(profile, q->cache_type);
    uint32_t kv_heads = q->kv_rows / q->head_size;
    struct cache_parts parts =
        kernel_cache_parts(q->cache_type, q->positions, kv_heads, q->head_size);
    struct push_rotate push = {.q_heads = q->q_rows / q->head_size,
                               .kv_heads = kv_heads,
                               .key_scales = (uint32_t)(parts.key_scales / 16),
                               .values = (uint32_t)(parts.values / 16),
                               .value_scales = (uint32_t)(parts.value_scales / 16)};
    struct plan_op op = {.name = "rotate",
                         .tensors = {x, y, q->rotation, q->slots, q->cache},
                         .writes = 1u << 1 | 1u << 4,
                         .groups = {columns, 1, 1}};
    memcpy(op.push, &push, sizeof(push));
    kernel_append(p, &op, SHADER_ROTATE, 0, profile->subgroup_size,
                  (uint32_t[]){q->cache_type, l.key_run, l.value_run, l.scale_run, q->head_size},
                  5);
}

void kernel_qkv(struct plan *p, const struct matmul *parts, uint32_t n, const struct qkv *qkv)
{
    uint32_t columns = parts[0].columns, rows = qkv->q_rows + 2 * qkv->kv_rows;
    // A scale needs all values of its block, which gemv does not have in one place.
    bool one = columns == 1 && qkv->cache_type == CACHE_F16 &&
               (!parts[0].norm || kernel_folds(parts[0].norm));
    plan_tensor products =
        one ? parts[0].y : plan_scratch(p, (uint64_t)columns * rows * sizeof(float));
    struct matmul all = parts[0];
    struct quantized bytes;
    if (columns > 1) {
        bool wanted = false;
        for (uint32_t i = 0; i < n; i++)
            wanted |= kernel_wants_bytes(p, &parts[i]);
        prepare(p, &all, wanted, &bytes);
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < n; first += parts[i++].matrix->rows) {
        struct qkv part = *qkv;
        part.first_row = first;
        struct matmul m = all;
        m.matrix = parts[i].matrix;
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
