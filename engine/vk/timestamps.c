// Timestamps between commands, and what they say after a run.
#include <stdlib.h>

#include "engine/vk/commands_internal.h"

static bool add_stamps(struct vk_commands *c, struct error *e)
{
    struct vk_device *d = c->device;
    struct stamps *stamps = realloc(c->stamps, (c->n_stamps + 1) * sizeof(*stamps));
    if (!stamps)
        return error_no_memory(e);
    c->stamps = stamps;
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = STAMPS};
    struct stamps new = {0};
    VkResult r = d->fn.CreateQueryPool(d->handle, &info, NULL, &new.pool);
    if (r != VK_SUCCESS)
        return vk_failed(d, r, "create a query pool", e);
    stamps[c->n_stamps++] = new;
    d->fn.CmdResetQueryPool(vk_piece(c), new.pool, 0, STAMPS);
    c->stamping = true;
    return true;
}

void vk_record_timestamp(struct vk_commands *c)
{
    if (!vk_commands_ready(c) || c->device->physical.timestamp_bits == 0)
        return;
    bool full = c->stamping && c->stamps[c->n_stamps - 1].used == STAMPS;
    if ((!c->stamping || full) && !add_stamps(c, &c->failure)) {
        c->failed = true;
        return;
    }
    struct stamps *s = &c->stamps[c->n_stamps - 1];
    c->device->fn.CmdWriteTimestamp(vk_piece(c), VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, s->pool,
                                    s->used++);
}

bool vk_commands_times(struct vk_commands *c, double *ns, size_t n)
{
    struct vk_device *d = c->device;
    uint32_t bits = d->physical.timestamp_bits;
    uint64_t mask = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX;
    uint64_t ticks[STAMPS], first = 0;
    size_t done = 0;
    for (size_t i = 0; i < c->n_stamps && done < n; i++) {
        const struct stamps *s = &c->stamps[i];
        if (d->fn.GetQueryPoolResults(d->handle, s->pool, 0, s->used, sizeof(ticks), ticks,
                                      sizeof(ticks[0]), VK_QUERY_RESULT_64_BIT) != VK_SUCCESS)
            return false;
        if (i == 0)
            first = ticks[0];
        // Counted from the first, which neither wraps nor loses digits in a double.
        for (uint32_t k = 0; k < s->used && done < n; k++)
            ns[done++] = (double)((ticks[k] - first) & mask) * d->physical.timestamp_period;
    }
    return n > 0 && done == n;
}
