// x += out(attention(rotate(qkv(norm(x))))), then x += down(silu(gate(norm(x))) * up(norm(x))), for
// each layer; at the end head(norm(x)) for the last column.
#include "engine/model/decoder_internal.h"

struct batch {
    struct plan *plan;
    uint32_t columns;
    plan_tensor x, q, attended, hidden; // the residual stream, and what lives within a layer
    plan_tensor rotation, slots, ranges;
    plan_tensor shared; // by the workgroups of an attention, if any share
    bool shares;
};

static plan_tensor cache_of(const struct decoder_state *s, const struct batch *b, uint32_t layer)
{
    return plan_external(b->plan, decoder_layer_cache(s, layer));
}

static struct attention plan_attention(const struct decoder_state *s, struct batch *b,
                                       uint32_t layer)
{
    const struct decoder_shape *m = &s->model->shape;
    uint32_t inner = m->heads * m->head_size, positions = decoder_layer_positions(s, layer);
    struct attention a = {.q = b->q,
                          .cache = cache_of(s, b, layer),
                          .cache_type = s->cache_type,
                          .positions = positions,
                          .y = b->attended,
                          .ranges = b->ranges,
                          .columns = b->columns,
                          .keys = positions,
                          .heads = m->heads,
                          .kv_heads = m->kv_heads,
                          .head_size = m->head_size,
                          .q_stride = inner,
                          .y_stride = inner};
    uint64_t shared = kernel_attention_shared(vk_device_profile(s->model->device), &a);
    if (shared > 0 && !b->shares) {
        b->shared = plan_scratch(b->plan, shared);
        plan_zero(b->plan, b->shared);
    }
    b->shares = shared > 0;
    a.shared = b->shares ? &b->shared : NULL;
    return a;
}

// What follows the Q, K and V of layer `next` - 1, up to those of layer `next`.
static void plan_between(const struct decoder_state *s, struct batch *b, uint32_t next)
{
    const struct decoder_shape *m = &s->model->shape;
    const struct decoder_layer *l = s->model->layers + next - (next > 0);
    uint32_t inner = m->heads * m->head_size, n = b->columns;
    struct matmul out = {.matrix = &l->out,
                         .columns = n,
                         .x = b->attended,
                         .x_stride = inner,
                         .y = b->x,
                         .y_stride = m->width,
                         .mode = MODE_RESIDUAL};
    struct matmul gate_up = {.matrix = &l->gate_up,
                             .columns = n,
                             .x = b->x,
                             .x_stride = m->width,
                             .y = b->hidden,
                             .y_stride = m->feed_forward,
                             .mode = MODE_GATE,
                             .norm = &l->ffn_norm};
    struct matmul down = {.matrix = &l->down,
                          .columns = n,
                          .x = b->hidden,
                          .x_stride = m->feed_forward,
                          .y = b->x,
                          .y_stride = m->width,
                          .mode = MODE_RESIDUAL};
    struct between all = {.heads = m->heads, .kv_heads = m->kv_heads, .head_size = m->head_size};
    struct attention attention;
    if (next > 0) {
        attention = plan_attention(s, b, next - 1);
        all.attention = &attention;
        all.out = &out;
        all.gate_up = &gate_up;
        all.down = &down;
    }
    if (next == m->layers) {
        kernel_between(b->plan, &all);
        return;
    }
    l = &s->model->layers[next];
    struct matmul parts[QKV_PARTS];
    for (uint32_t i = 0; i < l->n_qkv; i++)
        parts[i] = (struct matmul){.matrix = &l->qkv[i],
                                   .columns = n,
                                   .x = b->x,
                                   .x_stride = m->width,
                                   .y = b->q,
                                   .norm = &l->attention_norm};
    struct qkv qkv = {.rotation = b->rotation,
                      .slots = b->slots,
                      .cache = cache_of(s, b, next),
                      .cache_type = s->cache_type,
                      .positions = decoder_layer_positions(s, next),
                      .q_rows = inner,
                      .kv_rows = m->kv_heads * m->head_size,
                      .head_size = m->head_size};
    all.parts = parts;
    all.n_parts = l->n_qkv;
    all.qkv = &qkv;
    kernel_between(b->plan, &all);
}

static plan_tensor columns_of(const struct batch *b, uint32_t floats)
{
    return plan_scratch(b->plan, (uint64_t)b->columns * floats * sizeof(float));
}

static struct plan *build(const struct decoder_state *s, struct decoder_plan *out, struct error *e)
{
    uint32_t columns = out->columns;
    const struct decoder_shape *m = &s->model->shape;
    struct batch b = {.plan = plan_create(s->model->device, "decoder", e), .columns = columns};
    if (!b.plan)
        return NULL;
    b.rotation = plan_external(b.plan, s->in.rotation);
    b.slots = plan_external(b.plan, s->in.slots);
    b.ranges = plan_external(b.plan, s->in.ranges);
    b.x = columns_of(&b, m->width);
    b.q = columns_of(&b, m->heads * m->head_size);
    b.attended = columns_of(&b, m->heads * m->head_size);
    b.hidden = columns_of(&b, m->feed_forward);
    plan_copy(b.plan, plan_external(b.plan, s->in.x), 0, b.x, 0,
              (uint64_t)columns * m->width * sizeof(float));
    for (uint32_t next = 0; next <= m->layers; next++)
        plan_between(s, &b, next);
    if (out->with_logits) {
        out->logits = plan_scratch(b.plan, m->vocabulary * sizeof(float));
        kernel_matmul(b.plan, &(struct matmul){.matrix = &s->model->head,
                                               .columns = 1,
                                               .x = b.x,
                                               .x_stride = m->width,
                                               .x_column = columns - 1,
                                               .y = out->logits,
                                               .y_stride = m->vocabulary,
                                               .mode = MODE_STORE,
                                               .norm = &s->model->output_norm});
        decoder_plan_logits(s, b.plan, out->logits);
    }
    return b.plan;
}

bool decoder_make_plan(const struct decoder_state *s, struct decoder_plan *out, struct error *e)
{
    double piece = kernel_layout(vk_device_profile(s->model->device)).piece_flops;
    struct plan *p = build(s, out, e);
    if (p && plan_finish(p, piece, e)) {
        out->plan = p;
        return true;
    }
    plan_destroy(p);
    return false;
}

bool decoder_plan_size(const struct decoder_state *s, uint32_t columns, uint64_t *size,
                       struct error *e)
{
    struct decoder_plan whole = {.columns = columns, .with_logits = true};
    struct plan *p = build(s, &whole, e);
    bool ok = p && plan_place(p, size, e);
    plan_destroy(p);
    return ok;
}
