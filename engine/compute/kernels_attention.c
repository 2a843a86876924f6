// Attention: tiles of queries, and turns over keys that stay within what a device allows.
#include <math.h>
#include <string.h>

#include "engine/compute/kernels_internal.h"

enum {
    CPU_QUERIES = 4,  // T of attention_cpu, at most
    CPU_SPLITS = 16,  // workgroups that share its keys, at most
    GPU_QUERIES = 16, // attention_gpu: query rows of a tile
    GPU_ATTENTION_THREADS = 128,
    GPU_KEYS = 32, // and keys
    // lavapipe ends the loops of an invocation at 65,535 turns in all, silently; a loop of n that
    // is not unrolled takes n + 1.
    LOOP_TURNS_MOST = 65000,
};

// Two tiles for all: the query heads of one column, or four rows. With eight a prefill takes a
// fifth less, but the driver needs twice the time to compile.
uint32_t kernel_attention_tile(const struct attention *a)
{
    uint32_t group = a->heads / a->kv_heads;
    return a->columns == 1 && group < CPU_QUERIES ? group : CPU_QUERIES;
}

static uint32_t cpu_tiles(const struct attention *a)
{
    return ceil_div(a->columns * (a->heads / a->kv_heads), kernel_attention_tile(a));
}

// Workgroups that share the keys of a tile: more than one only where threads of the device would
// have nothing to do, since the kernel then takes a half longer to compile.
static uint32_t cpu_splits(const struct vk_profile *profile, const struct attention *a)
{
    uint32_t tiles = cpu_tiles(a) * a->kv_heads, n = ceil_div(profile->threads, tiles);
    return n < CPU_SPLITS ? n : CPU_SPLITS;
}

uint64_t kernel_attention_shared(const struct vk_profile *profile, const struct attention *a)
{
    uint64_t tiles = (uint64_t)cpu_tiles(a) * a->kv_heads, splits = cpu_splits(profile, a);
    if (profile->shape != VK_SHAPE_CPU || a->columns > 1 || splits == 1)
        return 0;
    return tiles * (1 + splits * ATTENTION_PARTIAL(kernel_attention_tile(a), a->head_size)) *
           sizeof(float);
}

static void attention_cpu(struct plan *p, const struct attention *a, struct plan_op *op,
                          struct push_attention *push)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct cache_layout l = kernel_cache_layout(profile, a->cache_type);
    if (a->positions / l.key_run > LOOP_TURNS_MOST) {
        kernel_fail(p, "the context has a length");
        return;
    }
    op->groups[0] = cpu_tiles(a);
    op->groups[2] = a->shared ? cpu_splits(profile, a) : 1;
    bool split = op->groups[2] > 1;
    op->tensors[4] =
        split ? *a->shared : a->y; // something that is written, where nothing is shared
    op->writes |= split ? 1u << 4 : 0;
    push->partials = op->groups[0] * a->kv_heads;
    memcpy(op->push, push, sizeof(*push));
    kernel_append(p, op, SHADER_ATTENTION, 0, profile->subgroup_size,
                  (uint32_t[]){a->head_size, kernel_attention_tile(a),
                               l.key_run / profile->subgroup_size, a->cache_type, l.value_run,
                               l.scale_run, split},
                  7);
}

static void attention_gpu(struct plan *p, const struct attention *a, struct plan_op *op,
                          const struct push_attention *push)
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
    memcpy(op->push, push, sizeof(*push));
    kernel_append(p, op, SHADER_ATTENTION, 0, GPU_ATTENTION_THREADS,
                  (uint32_t[]){a->head_size, GPU_QUERIES, a->cache_type}, 3);
}

struct push_attention kernel_attention_push(const struct attention *a)
{
    struct cache_parts parts =
        kernel_cache_parts(a->cache_type, a->positions, a->kv_heads, a->head_size);
    return (struct push_attention){.columns = a->columns,
                                   .kv_heads = a->kv_heads,
                                   .group = a->heads / a->kv_heads,
                                   .q_stride = a->q_stride,
                                   .out_stride = a->y_stride,
                                   .scale = (float)(M_LOG2E / sqrt(a->head_size)),
                                   .key_scales = (uint32_t)(parts.key_scales / 16),
                                   .values = (uint32_t)(parts.values / 16),
                                   .value_scales = (uint32_t)(parts.value_scales / 16)};
}

void kernel_attention(struct plan *p, const struct attention *a)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    if (!kernel_cache_fits(a->cache_type, a->head_size) || a->head_size > 256 ||
        a->heads % a->kv_heads != 0) {
        kernel_fail(p, "an attention head has a size");
        return;
    }
    struct push_attention push = kernel_attention_push(a);
    struct plan_op op = {.name = "attention",
                         .tensors = {a->q, a->cache, a->ranges, a->y},
                         .writes = 1u << 3,
                         .groups = {1, a->kv_heads, 1},
                         .flops = 4.0 * a->columns * a->keys * a->heads * a->head_size};
    if (profile->shape == VK_SHAPE_CPU)
        attention_cpu(p, a, &op, &push);
    else
        attention_gpu(p, a, &op, &push);
}
