#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/decoder_internal.h"

static const struct gguf_tensor *layer_tensor(const struct gguf *g, uint32_t layer,
                                              const char *name, uint64_t columns, uint64_t rows,
                                              struct error *e)
{
    char full[64];
    snprintf(full, sizeof(full), "blk.%u.%s", layer, name);
    return weights_tensor(g, full, (uint64_t[]){columns, rows}, 2, e);
}

// A bias that may be absent; *out is NULL then.
static bool optional_bias(const struct gguf *g, uint32_t layer, const char *name, uint64_t rows,
                          const struct gguf_tensor **out, struct error *e)
{
    char full[64];
    snprintf(full, sizeof(full), "blk.%u.%s", layer, name);
    *out = NULL;
    if (!gguf_find_tensor(g, full))
        return true;
    *out = weights_tensor(g, full, (uint64_t[]){rows}, 1, e);
    return *out != NULL;
}

static bool read_norm(const struct gguf *g, struct weights *w, const char *name, uint32_t size,
                      struct norm *out, struct error *e)
{
    const struct gguf_tensor *t = weights_tensor(g, name, (uint64_t[]){size}, 1, e);
    float eps = 1e-5f;
    gguf_get_f32(g, decoder_key_of(g, "attention.layer_norm_rms_epsilon").text, &eps);
    *out = (struct norm){.size = size, .eps = eps};
    return t && weights_vector(w, t, &out->gain, e);
}

// Q, K and V as they lie in the file: three tensors, or one with all rows.
static bool find_qkv(const struct gguf *g, const struct decoder_family *f,
                     const struct decoder_shape *s, uint32_t i, struct weight_part *parts,
                     struct error *e)
{
    static const char *names[QKV_PARTS] = {"attn_q", "attn_k", "attn_v"};
    uint32_t kv = s->kv_heads * s->head_size, rows[QKV_PARTS] = {s->heads * s->head_size, kv, kv};
    char fused[64];
    snprintf(fused, sizeof(fused), "blk.%u.attn_qkv.weight", i);
    bool one = f->fused && gguf_find_tensor(g, fused);
    for (uint32_t k = 0, first = 0; k < QKV_PARTS; first += one ? rows[k] : 0, k++) {
        char weight[32], bias[32];
        uint32_t all = one ? rows[0] + 2 * kv : rows[k];
        snprintf(weight, sizeof(weight), "%s.weight", one ? "attn_qkv" : names[k]);
        snprintf(bias, sizeof(bias), "%s.bias", one ? "attn_qkv" : names[k]);
        parts[k] = (struct weight_part){.tensor = layer_tensor(g, i, weight, s->width, all, e),
                                        .rows = rows[k],
                                        .first_row = first,
                                        .halves = f->halves && k < 2 ? s->head_size : 0};
        if (!parts[k].tensor || !optional_bias(g, i, bias, all, &parts[k].bias, e))
            return false;
    }
    return true;
}

static bool read_qkv(const struct gguf *g, struct weights *w, const struct decoder_shape *s,
                     uint32_t i, struct decoder_layer *l, struct error *e)
{
    struct weight_part parts[QKV_PARTS];
    if (!find_qkv(g, decoder_find_family(g), s, i, parts, e))
        return false;
    for (int k = 0, n; k < QKV_PARTS; k += n) {
        enum quant_type type = parts[k].tensor->type;
        for (n = 1; k + n < QKV_PARTS && parts[k + n].tensor->type == type;)
            n++;
        if (!weights_matrix(w, parts + k, (uint32_t)n, WEIGHT_STACKED, s->width, &l->qkv[l->n_qkv],
                            e))
            return false;
        l->n_qkv++;
    }
    return true;
}

// Gate and up: two tensors, or one with the rows of both.
static bool find_gate_up(const struct gguf *g, const struct decoder_shape *s, uint32_t i,
                         struct weight_part *pair, struct error *e)
{
    char gate[64], bias[64];
    snprintf(gate, sizeof(gate), "blk.%u.ffn_gate.weight", i);
    snprintf(bias, sizeof(bias), "blk.%u.ffn_up.bias", i);
    bool one = decoder_find_family(g)->fused && !gguf_find_tensor(g, gate);
    uint32_t rows = s->feed_forward;
    const struct gguf_tensor *up =
        layer_tensor(g, i, "ffn_up.weight", s->width, one ? 2 * rows : rows, e);
    pair[0] = (struct weight_part){.tensor = up, .rows = rows};
    pair[1] = (struct weight_part){.tensor = up, .rows = rows, .first_row = one ? rows : 0};
    if (up && !one)
        pair[0].tensor = layer_tensor(g, i, "ffn_gate.weight", s->width, rows, e);
    if (!up || !pair[0].tensor)
        return false;
    if (gguf_find_tensor(g, bias))
        return decoder_bad(g, e, "its feed-forward matrices have biases");
    return true;
}

static bool read_ffn(const struct gguf *g, struct weights *w, const struct decoder_shape *s,
                     uint32_t i, struct decoder_layer *l, struct error *e)
{
    struct weight_part pair[2], down = {.rows = s->width};
    if (!find_gate_up(g, s, i, pair, e))
        return false;
    down.tensor = layer_tensor(g, i, "ffn_down.weight", s->feed_forward, s->width, e);
    return down.tensor && optional_bias(g, i, "ffn_down.bias", s->width, &down.bias, e) &&
           weights_matrix(w, pair, 2, WEIGHT_PAIRED, s->width, &l->gate_up, e) &&
           weights_matrix(w, &down, 1, WEIGHT_STACKED, s->feed_forward, &l->down, e);
}

static bool read_layer(const struct gguf *g, struct weights *w, const struct decoder_shape *s,
                       uint32_t i, struct decoder_layer *l, struct error *e)
{
    char attention_norm[64], ffn_norm[64];
    snprintf(attention_norm, sizeof(attention_norm), "blk.%u.attn_norm.weight", i);
    snprintf(ffn_norm, sizeof(ffn_norm), "blk.%u.ffn_norm.weight", i);
    uint32_t inner = s->heads * s->head_size;
    const struct gguf_tensor *out = layer_tensor(g, i, "attn_output.weight", inner, s->width, e);
    const struct gguf_tensor *bias;
    if (!out || !optional_bias(g, i, "attn_output.bias", s->width, &bias, e))
        return false;
    struct weight_part part = {.tensor = out, .bias = bias, .rows = s->width};
    return read_norm(g, w, attention_norm, s->width, &l->attention_norm, e) &&
           read_norm(g, w, ffn_norm, s->width, &l->ffn_norm, e) && read_qkv(g, w, s, i, l, e) &&
           weights_matrix(w, &part, 1, WEIGHT_STACKED, inner, &l->out, e) &&
           read_ffn(g, w, s, i, l, e);
}

// The output head is a matrix of its own, or the token embedding again.
static bool read_head(const struct gguf *g, struct weights *w, struct decoder *m, struct error *e)
{
    const struct decoder_shape *s = &m->shape;
    uint64_t dims[] = {s->width, s->vocabulary};
    m->embedding = weights_tensor(g, "token_embd.weight", dims, 2, e);
    if (!m->embedding)
        return false;
    const struct gguf_tensor *head = m->embedding;
    if (gguf_find_tensor(g, "output.weight"))
        head = weights_tensor(g, "output.weight", dims, 2, e);
    struct weight_part part = {.tensor = head, .rows = s->vocabulary};
    return head && weights_matrix(w, &part, 1, WEIGHT_STACKED, s->width, &m->head, e) &&
           read_norm(g, w, "output_norm.weight", s->width, &m->output_norm, e);
}

struct decoder *decoder_create(struct vk_device *d, const struct gguf *g, struct weights *w,
                               uint32_t context, struct error *e)
{
    struct decoder *m = calloc(1, sizeof(*m));
    if (!m) {
        error_no_memory(e);
        return NULL;
    }
    m->device = d;
    if (!decoder_check_architecture(g, e) || !decoder_read_shape(g, &m->shape, e) ||
        !decoder_read_rotation(g, context < m->shape.context ? context : m->shape.context, m, e))
        goto fail;
    m->device_layers = m->shape.layers;
    m->layers = calloc(m->shape.layers, sizeof(*m->layers));
    if (!m->layers) {
        error_no_memory(e);
        goto fail;
    }
    for (uint32_t i = 0; i < m->shape.layers; i++)
        if (!read_layer(g, w, &m->shape, i, &m->layers[i], e) || !weights_section(w, e))
            goto fail;
    if (!read_head(g, w, m, e))
        goto fail;
    return m;

fail:
    decoder_destroy(m);
    return NULL;
}

void decoder_destroy(struct decoder *m)
{
    if (!m)
        return;
    free(m->layers);
    free(m->frequencies);
    free(m);
}

const struct decoder_shape *decoder_get_shape(const struct decoder *m)
{
    return &m->shape;
}

void decoder_embed(const struct decoder *m, int32_t id, float *row)
{
    weights_dequantize(m->embedding, (uint64_t)id * m->shape.width, m->shape.width, row);
}

bool decoder_cache_fits(const struct decoder *m, uint32_t type)
{
    return kernel_cache_fits(type, m->shape.head_size);
}

void decoder_place(struct decoder *m, struct weights *w, uint32_t layers)
{
    m->device_layers = layers;
    for (uint32_t i = layers; i < m->shape.layers; i++)
        weights_place(w, i, VK_MEMORY_UPLOAD);
}
