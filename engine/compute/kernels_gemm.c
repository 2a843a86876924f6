// Products with many columns: the kernels of gemm (variants.h), and what they want done to x
// before.
#include <string.h>

#include "engine/compute/kernels_internal.h"

enum { GPU_GEMM_THREADS = 256, QUANTIZE_THREADS = 64 };

bool kernel_wants_bytes(const struct plan *p, const struct matmul *m)
{
    return m->columns > 1 && gemm_variant(plan_device(p), m->matrix->type) == GEMM_DOT;
}

struct quantized kernel_quantize(struct plan *p, const struct matmul *m)
{
    uint32_t blocks = ceil_div(m->matrix->columns, WEIGHT_BLOCK);
    uint64_t all = (uint64_t)blocks * m->columns;
    struct quantized q = {plan_scratch(p, all * WEIGHT_BLOCK),
                          plan_scratch(p, all * 2 * sizeof(uint32_t))};
    struct push_quantize push = {
        .columns = m->columns, .in_stride = m->x_stride, .in_column = m->x_column};
    struct plan_op op = {.name = "quantize",
                         .tensors = {m->x, q.quants, q.scales},
                         .writes = 1u << 1 | 1u << 2,
                         .groups = {ceil_div(m->columns, QUANTIZE_THREADS), blocks, 1}};
    memcpy(op.push, &push, sizeof(push));
    kernel_append(p, &op, SHADER_QUANTIZE, 0, QUANTIZE_THREADS, NULL, 0);
    return q;
}

// How gemm_matrix.comp divides a product.
struct tiles {
    uint32_t side;  // of a workgroup's tile, in rows and in columns
    uint32_t down;  // subgroups, beside each other in the direction of rows
    uint32_t count; // subgroups
};

// Large tiles read less for each product, but few of them leave most of a GPU idle: a picture's
// 577 columns times 1024 rows are 40. The subgroups' rectangles are squares or twice as wide as
// high; at the end a matrix of each must find room where a block was staged, which is 40 floats for
// a row of the tile.
static struct tiles matrix_tiles(const struct vk_profile *profile, uint32_t rows, uint32_t columns)
{
    enum { LARGE = 128, SMALL = 64, ENOUGH = 128, ROOM = 40 };
    uint32_t size = profile->matrix.rows * profile->matrix.columns;
    uint64_t large = (uint64_t)ceil_div(rows, LARGE) * ceil_div(columns, LARGE);
    struct tiles t = {large < ENOUGH ? SMALL : LARGE, 1, GPU_GEMM_THREADS / profile->subgroup_size};
    while (t.count * size > t.side * ROOM)
        t.count /= 2;
    while (t.count > 2 * t.down * t.down)
        t.down *= 2;
    return t;
}

static void gemm_matrix(struct plan *p, const struct matmul *m, struct plan_op *op)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    const struct vk_matrix_shape *s = &profile->matrix;
    struct tiles t = matrix_tiles(profile, m->matrix->rows, m->columns);
    op->groups[0] = ceil_div(m->matrix->rows, t.side);
    op->groups[1] = ceil_div(m->columns, t.side);
    const uint32_t constants[] = {m->mode, m->act, s->rows, s->columns, s->inner, t.side, t.down};
    kernel_append(p, op, SHADER_GEMM_MATRIX, m->matrix->type, t.count * profile->subgroup_size,
                  constants, sizeof(constants) / sizeof(constants[0]));
}

void kernel_gemm(struct plan *p, const struct matmul *m)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct layout l = kernel_layout(profile);
    struct plan_op op;
    struct push_matmul push;
    kernel_matmul_op(p, m, &op, &push);
    memcpy(op.push, &push, sizeof(push));
    op.name = "gemm";
    op.groups[0] = ceil_div(m->matrix->rows, l.tile_rows);
    op.groups[1] = ceil_div(m->columns, l.tile_columns);
    enum shader_family family = SHADER_GEMM;
    switch (gemm_variant(plan_device(p), m->matrix->type)) {
    case GEMM_DOT:
        family = SHADER_GEMM_DOT;
        op.tensors[1] = m->bytes->quants;
        op.tensors[4] = m->bytes->scales;
        break;
    case GEMM_MATRIX:
        gemm_matrix(p, m, &op);
        return;
    default:
        break;
    }
    uint32_t constants[] = {m->mode, m->act, l.tile_columns};
    bool cpu = profile->shape == VK_SHAPE_CPU;
    kernel_append(p, &op, family, m->matrix->type, cpu ? profile->subgroup_size : GPU_GEMM_THREADS,
                  constants, cpu ? 3 : 2);
}
