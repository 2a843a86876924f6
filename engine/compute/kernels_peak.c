#include "engine/compute/kernels_peak.h"

#include <string.h>

#include "engine/compute/kernels_internal.h"

enum { GPU_THREADS = 256 };

uint32_t kernel_peak_threads(const struct vk_profile *profile)
{
    return profile->shape == VK_SHAPE_CPU ? profile->subgroup_size : GPU_THREADS;
}

void kernel_peak(struct plan *p, const struct peak_run *r)
{
    static const char *const names[PEAK_COUNT] = {"read", "read", "copy", "copy", "multiply"};
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    const bool multiply = r->peak == PEAK_MULTIPLY;
    const uint32_t threads = kernel_peak_threads(profile);
    struct push_peak push = {.turns = r->turns, .factor = r->factor, .term = r->term};
    struct plan_op op = {.name = names[r->peak],
                         .shader = shader_peak(r->peak),
                         .constants = {threads, profile->subgroup_size, PEAK_CHAINS},
                         .n_constants = multiply ? 3 : 2,
                         .writes = multiply ? 1u << 0 : 1u << 1,
                         .groups = {r->groups, 1, 1}};
    op.tensors[0] = multiply ? r->y : r->x;
    op.tensors[1] = r->y;
    if (multiply)
        op.flops = 2.0 * PEAK_CHAINS * r->turns * threads * r->groups;
    memcpy(op.push, &push, sizeof(push));
    if (r->turns % (multiply ? 8 : 4) != 0 || r->groups > profile->most_groups[0]) {
        kernel_fail(p, "a bare loop does not divide");
        return;
    }
    plan_append(p, &op);
}
