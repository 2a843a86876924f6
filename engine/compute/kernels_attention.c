// Attention: tiles of queries, and turns over keys that stay within what a device allows.
#include <math.h>
#include <string.h>

#include "engine/compute/kernels_internal.h"

enum {
    CPU_ROWS = 4,    // T of attention_cpu, at most
    CPU_SPLITS = 16, // workgroups that share its keys, at most
    GPU_THREADS = 128,
    GPU_ROWS = 16,                // T of attention_gpu, at most, where it stages keys
    GPU_ROWS_UNSTAGED = 4,        // and where they would not fit in shared memory
    GPU_STAGED_UNITS = 16,        // of a key, at most,
    GPU_STAGED_MEMORY = 32 << 10, // which needs that much of it
    GPU_GROUPS = 256, // workgroups that are enough for a graphics card, with few tiles by splits
    // lavapipe ends the loops of an invocation at 65,535 turns in all, silently; a loop of n that
    // is not unrolled takes n + 1. The rest is for the loops around that over the keys.
    LOOP_TURNS_MOST = 60000,
};

// How an attention is shared out among workgroups.
struct grid {
    uint32_t rows;   // T: of a tile
    uint32_t tiles;  // of the rows
    uint32_t splits; // that share the keys of a tile, at most
};

// Two tiles for all: the query heads of one column, or four rows. With eight a prefill takes a
// fifth less, but the driver needs twice the time to compile.
uint32_t kernel_attention_tile(const struct attention *a)
{
    uint32_t group = a->heads / a->kv_heads;
    return a->columns == 1 && group < CPU_ROWS ? group : CPU_ROWS;
}

// More splits than one only where threads of the device would have nothing to do: the kernel then
// takes a half longer to compile.
static struct grid cpu_grid(const struct vk_profile *profile, const struct attention *a)
{
    uint32_t rows = kernel_attention_tile(a);
    uint32_t tiles = ceil_div(a->columns * (a->heads / a->kv_heads), rows);
    uint32_t splits = ceil_div(profile->threads, tiles * a->kv_heads);
    return (struct grid){rows, tiles, splits < CPU_SPLITS ? splits : CPU_SPLITS};
}

static uint32_t gpu_units(const struct attention *a) // of 16 bytes, of a key
{
    return ceil_div(a->head_size, CACHE_UNIT(a->cache_type));
}

static struct grid gpu_grid(const struct vk_profile *profile, const struct attention *a)
{
    bool staged = gpu_units(a) <= GPU_STAGED_UNITS && profile->shared_memory >= GPU_STAGED_MEMORY;
    uint32_t all = a->columns * (a->heads / a->kv_heads), rows = 1;
    while (rows < all && rows < (staged ? GPU_ROWS : GPU_ROWS_UNSTAGED))
        rows *= 2;
    uint32_t tiles = ceil_div(all, rows);
    return (struct grid){rows, tiles, ceil_div(GPU_GROUPS, tiles * a->kv_heads)};
}

static struct grid grid_of(const struct vk_profile *profile, const struct attention *a)
{
    struct grid g = profile->shape == VK_SHAPE_CPU ? cpu_grid(profile, a) : gpu_grid(profile, a);
    if (a->columns > 1)
        g.splits = 1;
    return g;
}

uint64_t kernel_attention_shared(const struct vk_profile *profile, const struct attention *a)
{
    struct grid g = grid_of(profile, a);
    uint64_t tiles = (uint64_t)g.tiles * a->kv_heads;
    if (g.splits == 1)
        return 0;
    return tiles * (1 + g.splits * ATTENTION_PARTIAL(g.rows, a->head_size)) * sizeof(float);
}

static void attention_cpu(struct plan *p, const struct attention *a, const struct grid *g,
                          struct plan_op *op)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct cache_layout l = kernel_cache_layout(profile, a->cache_type);
    if (a->positions / l.key_run > LOOP_TURNS_MOST) {
        kernel_fail(p, "the context has a length");
        return;
    }
    kernel_append(p, op, SHADER_ATTENTION, 0, profile->subgroup_size,
                  (uint32_t[]){a->head_size, g->rows, l.key_run / profile->subgroup_size,
                               a->cache_type, l.value_run, l.scale_run, g->splits > 1},
                  7);
}

static void attention_gpu(struct plan *p, const struct attention *a, const struct grid *g,
                          struct plan_op *op)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    uint32_t keys = g->rows > 4 ? GPU_THREADS * 4 / g->rows : GPU_THREADS; // of a tile
    uint32_t turns = 2 * gpu_units(a) + 8; // at most, for one: to stage, to add values
    if (profile->type == VK_TYPE_CPU && a->positions / keys > LOOP_TURNS_MOST / turns) {
        kernel_fail(p, "the context has a length");
        return;
    }
    kernel_append(p, op, SHADER_ATTENTION, 0, GPU_THREADS,
                  (uint32_t[]){a->head_size, g->rows, a->cache_type, g->splits > 1}, 4);
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
    struct grid g = grid_of(profile, a);
    if (!a->shared)
        g.splits = 1;
    struct push_attention push = kernel_attention_push(a);
    // With as many splits as have any keys at all the shares are the same, however long the cache
    // is: results do not change when it grows.
    uint32_t most = ceil_div(a->positions, ATTENTION_SPLIT);
    bool split = g.splits > 1; // else binding 4 is something that is written
    struct plan_op op = {.name = "attention",
                         .tensors = {a->q, a->cache, a->ranges, a->y, split ? *a->shared : a->y},
                         .writes = 1u << 3 | 1u << 4,
                         .groups = {g.tiles, a->kv_heads, g.splits < most ? g.splits : most},
                         .flops = 4.0 * a->columns * a->keys * a->heads * a->head_size};
    memcpy(op.push, &push, sizeof(push));
    if (profile->shape == VK_SHAPE_CPU)
        attention_cpu(p, a, &g, &op);
    else
        attention_gpu(p, a, &g, &op);
}
