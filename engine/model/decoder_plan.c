// x += out(attention(rotate(qkv(norm(x))))), then x += down(silu(gate(norm(x))) * up(norm(x))), for
// each layer; at the end head(norm(x)) for the last column.
#include "engine/model/decoder_internal.h"

struct batch {
    struct plan *plan;
    uint32_t columns;
    plan_tensor x, q, attended, hidden; // the residual stream, and what lives within a layer
    plan_tensor rotation, slots, ranges;
};

static void plan_layer(const struct decoder_state *s, const struct batch *b, uint32_t i)
{
    const struct decoder_shape *m = &s->model->shape;
    const struct decoder_layer *l = &s->model->layers[i];
    uint32_t inner = m->heads * m->head_size;
    plan_tensor cache = plan_external(b->plan, decoder_layer_cache(s, s->cache, s->capacity, i));
    struct matmul parts[QKV_PARTS];
    for (uint32_t n = 0; n < l->n_qkv; n++)
        parts[n] = (struct matmul){.matrix = &l->qkv[n],
                                   .columns = b->columns,
                                   .x = b->x,
                                   .x_stride = m->width,
                                   .y = b->q,
                                   .norm = &l->attention_norm};
    kernel_qkv(b->plan, parts, l->n_qkv,
               &(struct qkv){.rotation = b->rotation,
                             .slots = b->slots,
                             .cache = cache,
                             .positions = s->capacity,
                             .q_rows = inner,
                             .kv_rows = m->kv_heads * m->head_size,
                             .head_size = m->head_size});
    kernel_attention(b->plan, &(struct attention){.q = b->q,
                                                  .cache = cache,
                                                  .positions = s->capacity,
                                                  .y = b->attended,
                                                  .ranges = b->ranges,
                                                  .columns = b->columns,
                                                  .keys = s->capacity,
                                                  .heads = m->heads,
                                                  .kv_heads = m->kv_heads,
                                                  .head_size = m->head_size,
                                                  .q_stride = inner,
                                                  .y_stride = inner});
    kernel_matmul(b->plan, &(struct matmul){.matrix = &l->out,
                                            .columns = b->columns,
                                            .x = b->attended,
                                            .x_stride = inner,
                                            .y = b->x,
                                            .y_stride = m->width,
                                            .mode = MODE_RESIDUAL});
    kernel_matmul(b->plan, &(struct matmul){.matrix = &l->gate_up,
                                            .columns = b->columns,
                                            .x = b->x,
                                            .x_stride = m->width,
                                            .y = b->hidden,
                                            .y_stride = m->feed_forward,
                                            .mode = MODE_GATE,
                                            .norm = &l->ffn_norm});
    kernel_matmul(b->plan, &(struct matmul){.matrix = &l->down,
                                            .columns = b->columns,
                                            .x = b->hidden,
                                            .x_stride = m->feed_forward,
                                            .y = b->x,
                                            .y_stride = m->width,
                                            .mode = MODE_RESIDUAL});
}

static plan_tensor columns_of(const struct batch *b, uint32_t floats)
{
    return plan_scratch(b->plan, (uint64_t)b->columns * floats * sizeof(float));
}

struct plan *decoder_make_plan(const struct decoder_state *s, uint32_t columns, bool logits,
                               struct error *e)
{
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
    for (uint32_t i = 0; i < m->layers; i++)
        plan_layer(s, &b, i);
    if (logits) {
        plan_tensor y = plan_scratch(b.plan, m->vocabulary * sizeof(float));
        kernel_matmul(b.plan, &(struct matmul){.matrix = &s->model->head,
                                               .columns = 1,
                                               .x = b.x,
                                               .x_stride = m->width,
                                               .x_column = columns - 1,
                                               .y = y,
                                               .y_stride = m->vocabulary,
                                               .mode = MODE_STORE,
                                               .norm = &s->model->output_norm});
        plan_copy(b.plan, y, 0, plan_external(b.plan, vk_buffer_all(s->logits)), 0,
                  m->vocabulary * sizeof(float));
    }
    double piece = kernel_layout(vk_device_profile(s->model->device)).piece_flops;
    if (!plan_finish(b.plan, piece, e)) {
        plan_destroy(b.plan);
        return NULL;
    }
    return b.plan;
}
