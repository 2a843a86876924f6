#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/model/decoder_internal.h"

// ---- metadata

static bool bad(const struct gguf *g, struct error *e, const char *what)
{
    return error_set(e, ERROR_MODEL, "%s: %s; the file is damaged or of a kind that we do not run",
                     gguf_path(g), what);
}

bool decoder_check_architecture(const struct gguf *g, struct error *e)
{
    struct gguf_string a;
    if (!gguf_get_string(g, "general.architecture", &a))
        return bad(g, e, "the metadata names no architecture");
    if (a.size == 5 && memcmp(a.data, "llama", 5) == 0)
        return true;
    if (a.size == 4 && memcmp(a.data, "clip", 4) == 0)
        return error_set(e, ERROR_MODEL,
                         "%s is a vision file, not a language model; give it as --mmproj and the "
                         "language model as -m",
                         gguf_path(g));
    char name[64];
    utf8_clean(name, sizeof(name), a.data, a.size);
    return error_set(e, ERROR_MODEL,
                     "%s is of the architecture \"%s\", which we do not run; llama runs",
                     gguf_path(g), name);
}

// A count that must be there, within 1..most.
static bool need(const struct gguf *g, const char *key, uint32_t most, uint32_t *out,
                 struct error *e)
{
    char what[128];
    if (!gguf_get_u32(g, key, out)) {
        snprintf(what, sizeof(what), "the metadata lacks %s", key);
        return bad(g, e, what);
    }
    if (*out == 0 || *out > most) {
        snprintf(what, sizeof(what), "%s is %u", key, *out);
        return bad(g, e, what);
    }
    return true;
}

static bool read_shape(const struct gguf *g, struct decoder_shape *s, struct error *e)
{
    if (!need(g, "llama.embedding_length", 1 << 16, &s->width, e) ||
        !need(g, "llama.block_count", 1024, &s->layers, e) ||
        !need(g, "llama.attention.head_count", 1024, &s->heads, e) ||
        !need(g, "llama.feed_forward_length", 1 << 18, &s->feed_forward, e) ||
        !need(g, "llama.context_length", 1 << 24, &s->context, e))
        return false;
    s->kv_heads = s->heads;
    if (gguf_find_pair(g, "llama.attention.head_count_kv") &&
        !need(g, "llama.attention.head_count_kv", 1024, &s->kv_heads, e))
        return false;
    if (s->width % s->heads != 0 || s->heads % s->kv_heads != 0)
        return bad(g, e, "the attention heads do not divide its width");
    s->head_size = s->width / s->heads;
    uint32_t key_length = s->head_size, rotated = s->head_size;
    gguf_get_u32(g, "llama.attention.key_length", &key_length);
    gguf_get_u32(g, "llama.rope.dimension_count", &rotated);
    if (key_length != s->head_size || rotated != s->head_size)
        return bad(g, e, "its head size is not its width over its heads");
    if (s->head_size % 8 != 0 || s->head_size > 256 || s->width % 32 != 0 ||
        s->feed_forward % 32 != 0)
        return bad(
            g, e,
            "its width, feed-forward size or head size is no multiple of what the kernels need");
    const struct gguf_tensor *t = gguf_find_tensor(g, "token_embd.weight");
    if (!t)
        return bad(g, e, "the tensor token_embd.weight is missing");
    if (t->dims[1] > 1 << 22)
        return bad(g, e, "its vocabulary is absurdly large");
    s->vocabulary = (uint32_t)t->dims[1];
    return true;
}

bool decoder_check(const struct gguf *g, struct error *e)
{
    struct decoder_shape s;
    if (!decoder_check_architecture(g, e) || !read_shape(g, &s, e))
        return false;
    for (size_t i = 0; i < gguf_tensor_count(g); i++)
        if (!weights_type_runs(g, gguf_tensor_at(g, i), e))
            return false;
    return true;
}

// Radians a position for each pair: base^(-2i / n), divided by the file's factors and the linear
// scale.
static bool read_rotation(const struct gguf *g, struct decoder *m, struct error *e)
{
    uint32_t n = m->shape.head_size / 2;
    float base = 10000, factor = 1;
    gguf_get_f32(g, "llama.rope.freq_base", &base);
    if (!gguf_get_f32(g, "llama.rope.scaling.factor", &factor))
        gguf_get_f32(g, "llama.rope.scale_linear", &factor);
    struct gguf_string type = {"linear", 6};
    gguf_get_string(g, "llama.rope.scaling.type", &type);
    bool linear = type.size == 6 && memcmp(type.data, "linear", 6) == 0;
    if (type.size == 4 && memcmp(type.data, "none", 4) == 0)
        factor = 1;
    else if (!linear)
        return bad(g, e, "its rotary positions are scaled in a way that we do not compute");
    if (!(base > 0) || !(factor >= 0))
        return bad(g, e, "its rotary base or scale is not positive");
    if (factor == 0)
        factor = 1;

    m->frequencies = malloc(n * sizeof(double));
    float *divisors = malloc(n * sizeof(float));
    bool ok = m->frequencies && divisors;
    if (!ok)
        error_no_memory(e);
    for (uint32_t i = 0; ok && i < n; i++)
        divisors[i] = 1;
    if (ok && gguf_find_tensor(g, "rope_freqs.weight")) {
        const struct gguf_tensor *t = weights_tensor(g, "rope_freqs.weight", (uint64_t[]){n}, 1, e);
        ok = t != NULL;
        if (ok)
            weights_dequantize(t, 0, n, divisors);
    }
    for (uint32_t i = 0; ok && i < n; i++)
        m->frequencies[i] = pow(base, -2.0 * i / m->shape.head_size) / divisors[i] / factor;
    free(divisors);
    return ok;
}

// ---- tensors

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
    gguf_get_f32(g, "llama.attention.layer_norm_rms_epsilon", &eps);
    *out = (struct norm){.size = size, .eps = eps};
    return t && weights_vector(w, t, &out->gain, e);
}

static bool read_qkv(const struct gguf *g, struct weights *w, const struct decoder_shape *s,
                     uint32_t i, struct decoder_layer *l, struct error *e)
{
    static const char *names[QKV_PARTS] = {"attn_q", "attn_k", "attn_v"};
    struct weight_part parts[QKV_PARTS];
    for (int k = 0; k < QKV_PARTS; k++) {
        char weight[32], bias[32];
        snprintf(weight, sizeof(weight), "%s.weight", names[k]);
        snprintf(bias, sizeof(bias), "%s.bias", names[k]);
        parts[k].rows = (k == 0 ? s->heads : s->kv_heads) * s->head_size;
        parts[k].tensor = layer_tensor(g, i, weight, s->width, parts[k].rows, e);
        if (!parts[k].tensor || !optional_bias(g, i, bias, parts[k].rows, &parts[k].bias, e))
            return false;
    }
    for (int k = 0, n; k < QKV_PARTS; k += n) {
        for (n = 1; k + n < QKV_PARTS && parts[k + n].tensor->type == parts[k].tensor->type;)
            n++;
        if (!weights_matrix(w, parts + k, (uint32_t)n, WEIGHT_STACKED, s->width, &l->qkv[l->n_qkv],
                            e))
            return false;
        l->n_qkv++;
    }
    return true;
}

static bool read_ffn(const struct gguf *g, struct weights *w, const struct decoder_shape *s,
                     uint32_t i, struct decoder_layer *l, struct error *e)
{
    const struct gguf_tensor *gate =
        layer_tensor(g, i, "ffn_gate.weight", s->width, s->feed_forward, e);
    const struct gguf_tensor *up =
        gate ? layer_tensor(g, i, "ffn_up.weight", s->width, s->feed_forward, e) : NULL;
    const struct gguf_tensor *down =
        up ? layer_tensor(g, i, "ffn_down.weight", s->feed_forward, s->width, e) : NULL;
    const struct gguf_tensor *down_bias;
    if (!down || !optional_bias(g, i, "ffn_down.bias", s->width, &down_bias, e))
        return false;
    char bias[64];
    snprintf(bias, sizeof(bias), "blk.%u.ffn_up.bias", i);
    if (gate->type != up->type || gguf_find_tensor(g, bias))
        return bad(g, e, "its feed-forward matrices differ in type, or have biases");
    struct weight_part pair[] = {{gate, NULL, s->feed_forward}, {up, NULL, s->feed_forward}};
    struct weight_part one = {down, down_bias, s->width};
    return weights_matrix(w, pair, 2, WEIGHT_PAIRED, s->width, &l->gate_up, e) &&
           weights_matrix(w, &one, 1, WEIGHT_STACKED, s->feed_forward, &l->down, e);
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
    struct weight_part part = {out, bias, s->width};
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
    struct weight_part part = {head, NULL, s->vocabulary};
    return head && weights_matrix(w, &part, 1, WEIGHT_STACKED, s->width, &m->head, e) &&
           read_norm(g, w, "output_norm.weight", s->width, &m->output_norm, e);
}

struct decoder *decoder_create(struct vk_device *d, const struct gguf *g, struct weights *w,
                               struct error *e)
{
    struct decoder *m = calloc(1, sizeof(*m));
    if (!m) {
        error_no_memory(e);
        return NULL;
    }
    m->device = d;
    if (!decoder_check_architecture(g, e) || !read_shape(g, &m->shape, e) ||
        !read_rotation(g, m, e))
        goto fail;
    m->layers = calloc(m->shape.layers, sizeof(*m->layers));
    if (!m->layers) {
        error_no_memory(e);
        goto fail;
    }
    for (uint32_t i = 0; i < m->shape.layers; i++)
        if (!read_layer(g, w, &m->shape, i, &m->layers[i], e))
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

uint64_t decoder_cache_size(const struct decoder *m, uint32_t positions)
{
    uint32_t whole = (positions + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    return m->shape.layers * kernel_cache_size(whole, m->shape.kv_heads, m->shape.head_size);
}
