// Which kernels a plan spends its time in: the same operations recorded once more, each alone
// between two barriers, with a timestamp behind it. Where the driver's timestamps do not add up to
// the time on the clock, the operations of a kind are run by themselves instead, all of a plan in
// their order, so that they find the caches as cold as the plan does.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/compute/plan_internal.h"
#include "engine/engine_internal.h"
#include "engine/model/decoder_internal.h"
#include "engine/model/vision_internal.h"
#include "engine/probe_bench.h"
#include "engine/session_internal.h"

enum { RUNS = 5 };
static const double honest_least = 0.7, honest_most = 1.1; // of the time on the clock

static void record_op(struct vk_commands *c, const struct plan *p, const struct op *op)
{
    struct vk_slice slices[VK_BINDINGS_MOST];
    if (op->kind == OP_ZERO)
        vk_record_zero(c, p->tensors[op->to].slice);
    if (op->kind == OP_DISPATCH) {
        for (uint32_t i = 0; i < op->dispatch.shader->n_bindings; i++)
            slices[i] = p->tensors[op->dispatch.tensors[i]].slice;
        vk_record_dispatch(c, op->pipeline, slices, op->dispatch.push, op->dispatch.groups);
    }
    vk_record_barrier(c);
}

static bool same_kind(const struct op_figure *f, const struct plan_op *d)
{
    return !strcmp(f->kernel, d->shader->name) && !memcmp(f->groups, d->groups, sizeof(f->groups));
}

static struct op_figure *find_kind(struct plan_figures *out, const struct plan_op *d)
{
    for (size_t i = 0; i < out->n; i++)
        if (same_kind(&out->list[i], d))
            return &out->list[i];
    return NULL;
}

// One figure for each kernel and size of its grid.
static void list_kinds(const struct plan *p, struct plan_figures *out)
{
    for (size_t i = 0; i < p->n_ops; i++) {
        const struct plan_op *d = &p->ops[i].dispatch;
        if (p->ops[i].kind != OP_DISPATCH)
            continue;
        struct op_figure *f = find_kind(out, d);
        if (!f && out->n < PLAN_KINDS_MOST) {
            f = &out->list[out->n++];
            snprintf(f->kernel, sizeof(f->kernel), "%s", d->shader->name);
            memcpy(f->groups, d->groups, sizeof(f->groups));
        }
        if (f) {
            f->count++;
            // What attention has to do depends on the keys that there are; a plan knows the most.
            f->flops += strncmp(f->kernel, "attention", 9) ? d->flops : 0;
        }
    }
}

// The fastest of some runs; `stamps`, where wanted: of that run, nanoseconds.
static bool run(struct vk_commands *c, double *ms, double *stamps, size_t n, struct error *err)
{
    double now;
    double *these = calloc(n + 1, sizeof(*these));
    bool ok = these || error_no_memory(err);
    for (int i = 0; ok && i <= RUNS; i++) {
        ok = vk_commands_run(c, 0, &now, err);
        if (!ok || (i > 1 && now >= *ms))
            continue;
        *ms = now;
        if (stamps && vk_commands_times(c, these, n))
            memcpy(stamps, these, n * sizeof(*these));
    }
    free(these);
    return ok;
}

// Adds the differences of timestamps to the kinds. *honest: they make up the time of the run.
static bool by_timestamps(const struct plan *p, struct plan_figures *out, bool *honest,
                          struct error *err)
{
    double *stamps = calloc(p->n_ops + 1, sizeof(*stamps)), ms = 0;
    struct vk_commands *c = stamps ? vk_commands_create(p->device, "profile", err) : NULL;
    if (!stamps)
        error_no_memory(err);
    if (c)
        vk_record_timestamp(c);
    for (size_t i = 0; c && i < p->n_ops; i++) {
        record_op(c, p, &p->ops[i]);
        vk_record_timestamp(c);
    }
    bool ok = c && vk_commands_finish(c, err) && run(c, &ms, stamps, p->n_ops + 1, err);
    double all = ok ? stamps[p->n_ops] * 1e-6 : 0;
    *honest = ok && all > honest_least * ms && all < honest_most * ms;
    for (size_t i = 0; *honest && i < p->n_ops; i++) {
        struct op_figure *f =
            p->ops[i].kind == OP_DISPATCH ? find_kind(out, &p->ops[i].dispatch) : NULL;
        if (f)
            f->ms += (stamps[i + 1] - stamps[i]) * 1e-6;
    }
    vk_commands_destroy(c);
    free(stamps);
    return ok;
}

// All operations of a kind. Zeroing belongs to every kind.
static bool by_itself(const struct plan *p, struct op_figure *f, struct error *err)
{
    struct vk_commands *c = vk_commands_create(p->device, "profile", err);
    for (size_t i = 0; c && i < p->n_ops; i++)
        if (p->ops[i].kind == OP_ZERO ||
            (p->ops[i].kind == OP_DISPATCH && same_kind(f, &p->ops[i].dispatch)))
            record_op(c, p, &p->ops[i]);
    bool ok = c && vk_commands_finish(c, err) && run(c, &f->ms, NULL, 0, err);
    vk_commands_destroy(c);
    return ok;
}

static bool profile(struct plan *p, struct plan_figures *out, struct error *err)
{
    double now;
    *out = (struct plan_figures){0};
    list_kinds(p, out);
    for (int i = 0; i <= RUNS; i++) {
        if (!plan_run(p, NULL, &now, err))
            return false;
        out->ms = i <= 1 || now < out->ms ? now : out->ms;
    }
    if (!by_timestamps(p, out, &out->timestamps, err))
        return false;
    for (size_t i = 0; !out->timestamps && i < out->n; i++)
        if (!by_itself(p, &out->list[i], err))
            return false;
    return true;
}

bool probe_text_profile(struct session *s, uint32_t columns, struct plan_figures *out,
                        struct error *err)
{
    struct decoder_plan p = {.columns = columns, .with_logits = true};
    bool ok = decoder_make_plan(s->state, &p, err) && plan_warm(p.plan, NULL, err) &&
              profile(p.plan, out, err);
    plan_destroy(p.plan);
    session_truncate(s, 0); // what the cache held was computed over
    return ok;
}

bool probe_picture_profile(struct engine *e, struct plan_figures *out, struct error *err)
{
    if (!e->vision)
        return error_set(err, ERROR_MODEL, "there is no vision file that stays in memory");
    return profile(e->vision->plan, out, err);
}
