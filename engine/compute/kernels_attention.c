// Attention: tiles of queries, and turns over keys that stay within what a device allows.
#include <math.h>
#include <string.h>

#include "engine/compute/kernels_internal.h"

enum {
    CPU_QUERIES = 4,  // T of attention_cpu, at most
    GPU_QUERIES = 16, // attention_gpu: query rows of a tile
    GPU_ATTENTION_THREADS = 128,
    GPU_KEYS = 32, // and keys
    // lavapipe ends the loops of an invocation at 65,535 turns in all, silently; a loop of n that
    // is not unrolled takes n + 1.
    LOOP_TURNS_MOST = 65000,
};

static void attention_cpu(struct plan *p, const struct attention *a, struct plan_op *op)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct cache_layout l = kernel_cache_layout(profile, a->cache_type);
    // Two tiles for all: the query heads of one column, or four rows. With eight a prefill takes a
    // fifth less, but the driver needs twice the time to compile.
    uint32_t group = a->heads / a->kv_heads;
    bool few = a->columns == 1 && group < CPU_QUERIES;
    uint32_t tile = few ? group : CPU_QUERIES;
    if (a->positions / l.key_run > LOOP_TURNS_MOST) {
        kernel_fail(p, "the context has a length");
        return;
    }
    op->groups[0] = ceil_div(a->columns * group, tile);
    kernel_append(p, op, SHADER_ATTENTION, 0, profile->subgroup_size,
                  (uint32_t[]){a->head_size, tile, l.key_run / profile->subgroup_size,
                               a->cache_type, l.value_run, l.scale_run},
                  6);
}

static void attention_gpu(struct plan *p, const struct attention *a, struct plan_op *op)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    uint32_t runs = a->head_size / 8, share = ceil_div(GPU_QUERIES * runs, GPU_ATTENTION_THREADS);
    uint32_t turns = GPU_QUERIES * GPU_KEYS / GPU_ATTENTION_THREADS * (runs + 2) +
                     share * (GPU_KEYS + 1) + 2; // for a tile of keys
    if (profile->type == VK_TYPE_CPU &&
        ceil_div(a->positions, GPU_KEYS) * turns > LOOP_TURNS_MOST) {
        kernel_fail(p, "the context has a length");
        return;
    }
    op->groups[0] = ceil_div(a->columns * (a->heads / a->kv_heads), GPU_QUERIES);
    kernel_append(p, op, SHADER_ATTENTION, 0, GPU_ATTENTION_THREADS,
                  (uint32_t[]){a->head_size, GPU_QUERIES, a->cache_type}, 3);
}

void kernel_attention(struct plan *p, const struct attention *a)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    if (!kernel_cache_fits(a->cache_type, a->head_size) || a->head_size > 256 ||
        a->heads % a->kv_heads != 0) {
        kernel_fail(p, "an attention head has a size");
        return;
    }
    uint32_t group = a->heads / a->kv_heads;
    struct cache_parts parts =
        kernel_cache_parts(a->cache_type, a->positions, a->kv_heads, a->head_size);
    struct push_attention push = {.columns = a->columns,
                                  .kv_heads = a->kv_heads,
                                  .group = group,
                                  .q_stride = a->q_stride,
                                  .out_stride = a->y_stride,
                                  .scale = (float)(M_LOG2E / sqrt(a->head_size)),
                                  .key_scales = (uint32_t)(parts.key_scales / 16),
                                  .values = (uint32_t)(parts.values / 16),
                                  .value_scales = (uint32_t)(parts.value_scales / 16)};
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
