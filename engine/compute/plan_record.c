// From the list of operations to commands: places for scratch tensors, barriers, pieces.
#include <string.h>

#include "engine/compute/plan_internal.h"

// Places tensor `t` at the lowest offset where nothing lies that is in use at the same time.
static void place(struct plan *p, size_t t)
{
    struct tensor *x = &p->tensors[t];
    uint64_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < t; i++) {
            const struct tensor *o = &p->tensors[i];
            bool together = o->scratch && o->first <= x->last && x->first <= o->last;
            if (together && o->slice.offset < at + x->slice.size &&
                at < o->slice.offset + o->slice.size) {
                at = o->slice.offset + o->slice.size;
                moved = true;
            }
        }
    }
    x->slice.offset = at;
    if (at + x->slice.size > p->arena_size)
        p->arena_size = at + x->slice.size;
}

bool plan_place(struct plan *p, uint64_t *size, struct error *e)
{
    if (p->failure.kind != ERROR_NONE)
        return error_set(e, p->failure.kind, "%s", p->failure.text);
    for (size_t t = 0; !p->placed && t < p->n_tensors; t++)
        if (p->tensors[t].scratch)
            place(p, t);
    p->placed = true;
    *size = p->arena_size;
    return true;
}

static bool allocate(struct plan *p, struct error *e)
{
    if (p->arena_size == 0)
        return true;
    p->arena = vk_buffer_create(p->device, p->arena_size, VK_MEMORY_DEVICE, p->name, e);
    if (!p->arena)
        return false;
    for (size_t t = 0; t < p->n_tensors; t++)
        if (p->tensors[t].scratch)
            p->tensors[t].slice.buffer = p->arena;
    return true;
}

// What was read or written since the last barrier.
struct touched {
    struct vk_slice slice;
    bool written;
};
struct hazards {
    struct touched list[256];
    size_t count;
};

static bool overlap(struct vk_slice a, struct vk_slice b)
{
    return a.buffer == b.buffer && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

static bool conflicts(const struct hazards *h, const struct touched *now, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < h->count; j++)
            if ((now[i].written || h->list[j].written) && overlap(now[i].slice, h->list[j].slice))
                return true;
    return false;
}

// Records a barrier if one of `now` needs one, and remembers them.
static void order(struct plan *p, struct hazards *h, const struct touched *now, size_t n)
{
    if (h->count + n > sizeof(h->list) / sizeof(*h->list) || conflicts(h, now, n)) {
        vk_record_barrier(p->commands);
        h->count = 0;
    }
    memcpy(h->list + h->count, now, n * sizeof(*now));
    h->count += n;
}

static struct vk_slice part(const struct plan *p, plan_tensor t, uint64_t offset, uint64_t size)
{
    struct vk_slice s = p->tensors[t].slice;
    return (struct vk_slice){s.buffer, s.offset + offset, size};
}

static void record(struct plan *p, struct hazards *h, const struct op *op)
{
    struct touched now[VK_BINDINGS_MOST];
    if (op->kind == OP_COPY) {
        struct vk_slice from = part(p, op->from, op->from_offset, op->size);
        struct vk_slice to = part(p, op->to, op->to_offset, op->size);
        now[0] = (struct touched){from, false};
        now[1] = (struct touched){to, true};
        order(p, h, now, 2);
        vk_record_copy(p->commands, from, to);
        return;
    }
    if (op->kind == OP_ZERO) {
        struct vk_slice to = p->tensors[op->to].slice;
        order(p, h, &(struct touched){to, true}, 1);
        vk_record_zero(p->commands, to);
        return;
    }
    const struct plan_op *d = &op->dispatch;
    struct vk_slice slices[VK_BINDINGS_MOST];
    uint32_t n = d->shader->n_bindings;
    for (uint32_t i = 0; i < n; i++) {
        slices[i] = p->tensors[d->tensors[i]].slice;
        now[i] = (struct touched){slices[i], (d->writes >> i & 1) != 0};
    }
    order(p, h, now, n);
    vk_record_dispatch(p->commands, op->pipeline, slices, d->push, d->groups);
}

static bool make_pipelines(struct plan *p, struct error *e)
{
    for (size_t i = 0; i < p->n_ops; i++) {
        const struct plan_op *d = &p->ops[i].dispatch;
        if (p->ops[i].kind != OP_DISPATCH)
            continue;
        p->ops[i].pipeline = vk_pipeline_get(p->device, d->shader, d->constants, d->n_constants, e);
        if (!p->ops[i].pipeline)
            return false;
    }
    return true;
}

bool plan_finish(struct plan *p, double piece_flops, struct error *e)
{
    uint64_t size;
    if (!plan_place(p, &size, e) || !make_pipelines(p, e) || !allocate(p, e))
        return false;
    p->commands = vk_commands_create(p->device, p->name, e);
    if (!p->commands)
        return false;
    struct hazards h = {.count = 0};
    double flops = 0;
    for (size_t i = 0; i < p->n_ops; i++) {
        const struct op *op = &p->ops[i];
        double more = op->kind == OP_DISPATCH ? op->dispatch.flops : 0;
        if (piece_flops > 0 && flops > 0 && flops + more > piece_flops) {
            vk_record_split(p->commands);
            flops = 0;
        }
        flops += more;
        record(p, &h, op);
    }
    return vk_commands_finish(p->commands, e);
}
