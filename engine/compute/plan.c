// A plan's tensors and operations, and its runs.
#include <stdlib.h>

#include "base/array.h"
#include "engine/compute/plan_internal.h"

enum { SCRATCH_ALIGN = 256 };

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

plan_tensor plan_external_buffer(struct plan *p, struct vk_buffer *b)
{
    return plan_external(p, b ? vk_buffer_all(b) : (struct vk_slice){0});
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
    for (uint32_t i = 0; i < op->shader->n_bindings; i++)
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

void plan_zero(struct plan *p, plan_tensor t)
{
    if (!reserve_op(p))
        return;
    use(p, t);
    p->ops[p->n_ops++] = (struct op){.kind = OP_ZERO, .to = t};
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
        if (p->ops[i].kind == OP_DISPATCH && !vk_pipeline_warm(p->device, p->ops[i].pipeline, e))
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
