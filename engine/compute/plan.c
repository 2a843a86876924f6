#include "engine/compute/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { SCRATCH_ALIGN = 256 };

struct tensor {
    struct vk_slice slice; // of a scratch tensor: the buffer is NULL until it is placed
    bool scratch;
    size_t first, last; // operations that use it; first > last: none
};

enum op_kind { OP_DISPATCH, OP_COPY };

struct op {
    enum op_kind kind;
    struct plan_op dispatch;
    plan_tensor from, to;
    uint64_t from_offset, to_offset, size;
};

struct plan {
    struct vk_device *device;
    const char *name;
    struct tensor *tensors;
    size_t n_tensors, tensor_room;
    struct op *ops;
    size_t n_ops, op_room;
    double flops;
    struct vk_buffer *arena;
    uint64_t arena_size;
    struct vk_commands *commands;
    struct error failure; // kind is not ERROR_NONE: a building call failed
};

struct plan *plan_create(struct vk_device *d, const char *name, struct error *e)
{
    struct plan *p = calloc(1, sizeof(*p));
    if (!p) {
        error_no_memory(e);
        return NULL;
    }
    p->device = d;
    p->name = name;
    return p;
}

void plan_destroy(struct plan *p)
{
    if (!p)
        return;
    vk_commands_destroy(p->commands);
    vk_buffer_destroy(p->arena);
    free(p->ops);
    free(p->tensors);
    free(p);
}

struct vk_device *plan_device(const struct plan *p)
{
    return p->device;
}

void plan_fail(struct plan *p, const struct error *e)
{
    if (p->failure.kind == ERROR_NONE)
        p->failure = *e;
}

static plan_tensor add_tensor(struct plan *p, const struct tensor *t)
{
    struct tensor *tensors =
        array_reserve(p->tensors, p->n_tensors, &p->tensor_room, sizeof(*tensors));
    if (!tensors) {
        error_no_memory(&p->failure);
        return 0;
    }
    p->tensors = tensors;
    p->tensors[p->n_tensors] = *t;
    return (plan_tensor)p->n_tensors++;
}

plan_tensor plan_external(struct plan *p, struct vk_slice slice)
{
    return add_tensor(p, &(struct tensor){.slice = slice});
}

plan_tensor plan_scratch(struct plan *p, uint64_t size)
{
    size = (size + SCRATCH_ALIGN - 1) / SCRATCH_ALIGN * SCRATCH_ALIGN;
    return add_tensor(p, &(struct tensor){.slice.size = size, .scratch = true, .first = SIZE_MAX});
}

static void use(struct plan *p, plan_tensor t)
{
    struct tensor *x = &p->tensors[t];
    if (x->first == SIZE_MAX)
        x->first = p->n_ops;
    x->last = p->n_ops;
}

// Room for an operation; false: the plan has failed, now or before.
static bool reserve_op(struct plan *p)
{
    if (p->failure.kind != ERROR_NONE)
        return false;
    struct op *ops = array_reserve(p->ops, p->n_ops, &p->op_room, sizeof(*ops));
    if (!ops)
        return error_no_memory(&p->failure);
    p->ops = ops;
    return true;
}

void plan_append(struct plan *p, const struct plan_op *op)
{
    if (!reserve_op(p))
        return;
    uint32_t n = vk_pipeline_shader(op->pipeline)->n_bindings;
    for (uint32_t i = 0; i < n; i++)
        use(p, op->tensors[i]);
    p->ops[p->n_ops++] = (struct op){.kind = OP_DISPATCH, .dispatch = *op};
    p->flops += op->flops;
}

void plan_copy(struct plan *p, plan_tensor from, uint64_t from_offset, plan_tensor to,
               uint64_t to_offset, uint64_t size)
{
    if (!reserve_op(p))
        return;
    use(p, from);
    use(p, to);
    p->ops[p->n_ops++] = (struct op){.kind = OP_COPY,
                                     .from = from,
                                     .to = to,
                                     .from_offset = from_offset,
                                     .to_offset = to_offset,
                                     .size = size};
}

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

static bool place_all(struct plan *p, struct error *e)
{
    for (size_t t = 0; t < p->n_tensors; t++)
        if (p->tensors[t].scratch)
            place(p, t);
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
    const struct plan_op *d = &op->dispatch;
    struct vk_slice slices[VK_BINDINGS_MOST];
    uint32_t n = vk_pipeline_shader(d->pipeline)->n_bindings;
    for (uint32_t i = 0; i < n; i++) {
        slices[i] = p->tensors[d->tensors[i]].slice;
        now[i] = (struct touched){slices[i], (d->writes >> i & 1) != 0};
    }
    order(p, h, now, n);
    vk_record_dispatch(p->commands, d->pipeline, slices, d->push, d->groups);
}

bool plan_finish(struct plan *p, double piece_flops, struct error *e)
{
    if (p->failure.kind != ERROR_NONE)
        return error_set(e, p->failure.kind, "%s", p->failure.text);
    p->commands = vk_commands_create(p->device, p->name, e);
    if (!p->commands || !place_all(p, e))
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

static bool stopped(const atomic_bool *stop)
{
    return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

bool plan_warm(struct plan *p, const atomic_bool *stop, struct error *e)
{
    for (size_t i = 0; i < p->n_ops; i++) {
        if (stopped(stop))
            return error_set(e, ERROR_INTERRUPTED, "stopped");
        if (p->ops[i].kind == OP_DISPATCH &&
            !vk_pipeline_warm(p->device, p->ops[i].dispatch.pipeline, e))
            return false;
    }
    return true;
}

bool plan_run(struct plan *p, const atomic_bool *stop, double *ms, struct error *e)
{
    double total = 0;
    for (size_t i = 0; i < vk_commands_pieces(p->commands); i++) {
        if (stopped(stop))
            return error_set(e, ERROR_INTERRUPTED, "stopped");
        double piece;
        if (!vk_commands_run(p->commands, i, &piece, e))
            return false;
        total += piece;
    }
    if (ms)
        *ms = total;
    return true;
}

double plan_flops(const struct plan *p)
{
    return p->flops;
}

size_t plan_pieces(const struct plan *p)
{
    return vk_commands_pieces(p->commands);
}

uint64_t plan_scratch_size(const struct plan *p)
{
    return p->arena_size;
}

struct vk_slice plan_slice(const struct plan *p, plan_tensor t)
{
    return p->tensors[t].slice;
}
