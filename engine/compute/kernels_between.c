// From the Q of a layer to that of the next: one dispatch that lavapipe's threads share
// (shaders/between_cpu.comp), or one for the attention and for each product.
#include <string.h>

#include "engine/compute/kernels_internal.h"

enum {
    FIRST_STEP = 8,
    STEP_BINDINGS = 5,
    SYNC = FIRST_STEP + BETWEEN_STEPS * STEP_BINDINGS,
    ATTENTION = SYNC + 1,
    ATTENTION_BINDINGS = 4
};

// A product as the kernel does it: not there, or one column of a matrix in one piece, of the type
// of the others.
static bool step_fits(const struct matmul *m, const struct matmul *like)
{
    return !m || (m->columns == 1 && m->matrix->type == like->matrix->type && !m->matrix->more &&
                  m->act == ACT_NONE && m->x_stride % WEIGHT_BLOCK == 0 && m->x_column == 0 &&
                  m->y_column == 0 && m->y_row == 0 && (!m->norm || kernel_folds(m->norm)));
}

// Turns of the loops over a matrix's quads and their blocks.
static uint64_t turns(const struct matmul *m, uint32_t lanes)
{
    return m ? (uint64_t)ceil_div(m->matrix->rows, WEIGHT_QUAD * lanes) *
                   (1 + ceil_div(m->matrix->columns, WEIGHT_BLOCK))
             : 0;
}

static uint64_t attention_turns(const struct vk_profile *profile, const struct attention *a)
{
    uint64_t turns = a ? a->positions / kernel_cache_layout(profile, CACHE_F16).key_run + 1 : 0;
    return turns > 0
               ? turns * a->kv_heads * ceil_div(a->heads / a->kv_heads, kernel_attention_tile(a))
               : 0;
}

// Where no threads would be left over, which its own kernel gives a share of the keys.
static bool attention_fits(const struct vk_profile *profile, const struct attention *a)
{
    return !a || (a->columns == 1 && a->cache_type == CACHE_F16 &&
                  kernel_attention_shared(profile, a) == 0);
}

static bool fits(const struct plan *p, const struct between *b)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    const struct matmul *some = b->parts ? b->parts : b->out;
    uint32_t lanes = profile->subgroup_size;
    return profile->shape == VK_SHAPE_CPU && profile->type == VK_TYPE_CPU && b->n_parts <= 1 &&
           (!b->qkv || b->qkv->cache_type == CACHE_F16) && step_fits(b->out, some) &&
           step_fits(b->gate_up, some) && step_fits(b->down, some) && step_fits(b->parts, some) &&
           attention_turns(profile, b->attention) + turns(b->out, lanes) +
                   turns(b->gate_up, lanes) + turns(b->down, lanes) + turns(b->parts, lanes) <=
               BETWEEN_MOST;
}

// Bindings 8 + 5 k .. of a step.
static void add_step(struct plan *p, const struct matmul *m, uint32_t k, struct plan_op *op,
                     struct between_step *step)
{
    const struct matrix *w = m->matrix;
    plan_tensor *t = op->tensors + FIRST_STEP + k * STEP_BINDINGS;
    t[0] = plan_external(p, w->data);
    t[1] = m->x;
    t[2] = m->norm ? plan_external(p, m->norm->gain) : m->x;
    t[3] = m->y;
    t[4] = plan_external(p, w->bias);
    op->writes |= 1u << (FIRST_STEP + k * STEP_BINDINGS + 3);
    op->flops += 2.0 * w->rows * w->columns;
    *step = (struct between_step){.rows = w->rows,
                                  .inner = ceil_div(w->columns, WEIGHT_BLOCK),
                                  .norm_size = m->norm ? m->norm->size : 0,
                                  .norm_eps = m->norm ? m->norm->eps : 0};
}

static void add_attention(const struct attention *a, struct plan_op *op, struct push_between *push)
{
    struct push_attention p = kernel_attention_push(a);
    const plan_tensor tensors[ATTENTION_BINDINGS] = {a->q, a->cache, a->ranges, a->y};
    memcpy(op->tensors + ATTENTION, tensors, sizeof(tensors));
    op->writes |= 1u << (ATTENTION + 3);
    op->flops += 4.0 * a->keys * a->heads * a->head_size;
    push->attention = (struct between_attention){p.kv_heads, p.group, p.values, p.scale};
}

// What a product that is missing gets bound: tensors of the right kinds that are there anyway. It
// has no rows, so that nothing is read or written there.
static void stand_in(plan_tensor *to, const plan_tensor *like, const int *kinds, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = like[kinds[i]];
}

static void append(struct plan *p, const struct between *b)
{
    static const int as_step[STEP_BINDINGS] = {0, 1, 7, 2, 3};
    static const int as_qkv[FIRST_STEP] = {0, 1, 3, 4, 4, 4, 4, 2};
    static const int as_attention[ATTENTION_BINDINGS] = {1, 0, 3, 2};
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct cache_layout l = kernel_cache_layout(profile, CACHE_F16);
    struct plan_op op = {.name = "between"};
    const struct attention heads = {
        .columns = 1, .heads = b->heads, .kv_heads = b->kv_heads, .head_size = b->head_size};
    struct push_between push = {.qkv = {0}};
    if (b->parts) {
        struct matmul m = b->parts[0];
        m.mode = MODE_QKV;
        m.qkv = b->qkv;
        kernel_matmul_op(p, &m, &op, &push.qkv);
        kernel_gemv_op(p, &m, &op, &push.qkv);
    }
    const struct matmul *steps[BETWEEN_STEPS] = {b->out, b->gate_up, b->down};
    for (uint32_t k = 0; k < BETWEEN_STEPS; k++)
        if (b->out)
            add_step(p, steps[k], k, &op, &push.steps[k]);
        else
            stand_in(op.tensors + FIRST_STEP + k * STEP_BINDINGS, op.tensors, as_step,
                     STEP_BINDINGS);
    if (!b->parts)
        stand_in(op.tensors, op.tensors + FIRST_STEP, as_qkv, FIRST_STEP);
    if (b->attention)
        add_attention(b->attention, &op, &push);
    else
        stand_in(op.tensors + ATTENTION, op.tensors, as_attention, ATTENTION_BINDINGS);
    op.tensors[SYNC] = plan_scratch(p, (2 * BETWEEN_STEPS + 3) * sizeof(uint32_t));
    op.writes |= 1u << SYNC;
    plan_zero(p, op.tensors[SYNC]);
    op.groups[0] = profile->threads;
    op.groups[1] = op.groups[2] = 1;
    memcpy(op.push, &push, sizeof(push));
    enum quant_type type = (b->parts ? b->parts : b->out)->matrix->type;
    kernel_append(p, &op, SHADER_BETWEEN, type, profile->subgroup_size,
                  (uint32_t[]){l.key_run, l.value_run, b->head_size, kernel_attention_tile(&heads)},
                  4);
}

void kernel_between(struct plan *p, const struct between *b)
{
    const struct vk_profile *profile = vk_device_profile(plan_device(p));
    struct between rest = *b;
    if (!attention_fits(profile, b->attention)) {
        kernel_attention(p, b->attention);
        rest.attention = NULL;
    }
    if (fits(p, &rest)) {
        append(p, &rest);
        return;
    }
    if (rest.attention)
        kernel_attention(p, rest.attention);
    if (b->qkv && b->qkv->cache_type != CACHE_F16 && b->out) {
        // What only kernel_qkv can do follows by itself.
        rest = (struct between){.out = b->out,
                                .gate_up = b->gate_up,
                                .down = b->down,
                                .heads = b->heads,
                                .kv_heads = b->kv_heads,
                                .head_size = b->head_size};
        kernel_between(p, &rest);
        kernel_qkv(p, b->parts, b->n_parts, b->qkv);
        return;
    }
    if (b->out) {
        kernel_matmul(p, b->out);
        kernel_matmul(p, b->gate_up);
        kernel_matmul(p, b->down);
    }
    if (b->parts)
        kernel_qkv(p, b->parts, b->n_parts, b->qkv);
}
