// What all kernels share: layouts, sizes, how an operation gets its pipeline; and the norm.
#include <string.h>

#include "engine/compute/kernels_internal.h"

enum { SHORTLIST_THREADS = 256 };

struct layout kernel_layout(const struct vk_profile *profile)
{
    double piece = profile->type == VK_TYPE_CPU ? 2e9 : 5e10;
    if (profile->shape == VK_SHAPE_CPU)
        return (struct layout){.interleave = profile->subgroup_size,
                               .tile_rows = WEIGHT_QUAD * profile->subgroup_size,
                               .tile_columns = 8,
                               .most_columns = 128,
                               .most_tiles = 1,
                               .piece_flops = piece};
    return (struct layout){.interleave = 1,
                           .tile_rows = 64,
                           .tile_columns = 64,
                           .most_columns = 512,
                           .most_tiles = 5,
                           .piece_flops = piece};
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
    case QUANT_Q6_K:
        return 7;
    case QUANT_Q5_0:
    case QUANT_Q5_1:
        return 6;
    case QUANT_Q4_0:
    case QUANT_Q4_1:
    case QUANT_IQ4_NL:
        return 5;
    case QUANT_Q3_K:
    case QUANT_Q2_K:
        return 4;
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

enum { CACHE_TURN = 16 }; // keys that attention_cpu takes at a time, read in the order they lie in

struct cache_layout kernel_cache_layout(const struct vk_profile *profile, uint32_t type)
{
    if (profile->shape == VK_SHAPE_GPU)
        return (struct cache_layout){1, 1, 1};
    return (struct cache_layout){.key_run = CACHE_TURN,
                                 .value_run = CACHE_UNIT(type) / 4, // 16 bytes of V
                                 .scale_run = 8};
}

struct cache_parts kernel_cache_parts(uint32_t type, uint32_t positions, uint32_t kv_heads,
                                      uint32_t head_size)
{
    uint64_t heads = (uint64_t)positions * kv_heads;
    uint64_t keys = heads * head_size / CACHE_UNIT(type) * 16;
    uint64_t scales = type == CACHE_Q8_0 ? heads * ceil_div(head_size, CACHE_SCALED) * 2 : 0;
    return (struct cache_parts){.key_scales = keys,
                                .values = keys + scales,
                                .value_scales = 2 * keys + scales,
                                .size = 2 * (keys + scales)};
}

uint64_t kernel_cache_size(uint32_t type, uint32_t positions, uint32_t kv_heads, uint32_t head_size)
{
    return kernel_cache_parts(type, positions, kv_heads, head_size).size;
}

bool kernel_cache_fits(uint32_t type, uint32_t head_size)
{
    return head_size % CACHE_UNIT(type) == 0;
}

bool kernel_fail(struct plan *p, const char *what)
{
    struct error e;
    error_set(&e, ERROR_MODEL, "%s, which the kernels cannot compute", what);
    plan_fail(p, &e);
    return false;
}

bool kernel_append(struct plan *p, struct plan_op *op, enum shader_family family,
                   enum quant_type type, uint32_t threads, const uint32_t *constants, size_t n)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    const struct vk_shader *shader = shader_find(family, profile->shape, type);
    if (!shader)
        return kernel_fail(p, "a matrix is of a type");
    op->shader = shader;
    op->constants[0] = threads;
    op->constants[1] = profile->subgroup_size;
    if (n > 0)
        memcpy(op->constants + 2, constants, n * sizeof(*constants));
    op->n_constants = (uint32_t)n + 2;
    for (int i = 0; i < 3; i++)
        if (op->groups[i] > profile->most_groups[i])
            return kernel_fail(p, "a tensor is larger than the device's grid");
    plan_append(p, op);
    return true;
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
    kernel_append(p, &op, SHADER_NORM, 0, profile->subgroup_size, &(uint32_t){centred}, 1);
}

void kernel_shortlist(struct plan *p, plan_tensor logits, uint32_t count, plan_tensor reach,
                      plan_tensor list)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    uint32_t threads = profile->shape == VK_SHAPE_CPU ? profile->subgroup_size : SHORTLIST_THREADS;
    plan_zero(p, list);
    for (uint32_t pass = 0; pass < 2; pass++) {
        struct push_shortlist push = {.count = count};
        struct plan_op op = {.name = "shortlist",
                             .tensors = {logits, reach, list},
                             .writes = 1u << 2,
                             .groups = {ceil_div(count, SHORTLIST_SLICE), 1, 1}};
        memcpy(op.push, &push, sizeof(push));
        kernel_append(p, &op, SHADER_SHORTLIST, 0, threads, &pass, 1);
    }
}
