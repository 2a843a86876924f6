// What a model file says of its decoder: family, sizes, rotation.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/model/decoder_internal.h"

struct decoder_key decoder_key_of(const struct gguf *g, const char *name)
{
    struct decoder_key k;
    snprintf(k.text, sizeof(k.text), "%s.%s", decoder_find_family(g)->name, name);
    return k;
}

// A count that must be there, within 1..most.
static bool need(const struct gguf *g, const char *name, uint32_t most, uint32_t *out,
                 struct error *e)
{
    struct decoder_key key = decoder_key_of(g, name);
    char what[160];
    if (!gguf_get_u32(g, key.text, out)) {
        const struct gguf_pair *p = gguf_find_pair(g, key.text);
        snprintf(what, sizeof(what),
                 p && p->type == GGUF_ARRAY ? "%s differs from layer to layer"
                                            : "the metadata lacks %s",
                 key.text);
        return decoder_bad(g, e, what);
    }
    if (*out == 0 || *out > most) {
        snprintf(what, sizeof(what), "%s is %u", key.text, *out);
        return decoder_bad(g, e, what);
    }
    return true;
}

// Attention sees so many keys, the position's own among them (transformers: keys j > i - window;
// its flash attention sees one more). Early files of Phi 3 do not say it.
static void read_window(const struct gguf *g, struct decoder_shape *s)
{
    s->window = 0;
    if (!decoder_find_family(g)->windowed)
        return;
    if (decoder_find_family(g)->fused && s->context == 4096 && (s->layers == 32 || s->layers == 40))
        s->window = 2047;
    gguf_get_u32(g, decoder_key_of(g, "attention.sliding_window").text, &s->window);
}

bool decoder_read_shape(const struct gguf *g, struct decoder_shape *s, struct error *e)
{
    if (gguf_tensor_count(g) == 0)
        return error_set(e, ERROR_MODEL,
                         "%s holds a vocabulary alone and no weights; use the whole model's file",
                         gguf_path(g));
    if (!need(g, "embedding_length", 1 << 16, &s->width, e) ||
        !need(g, "block_count", 1024, &s->layers, e) ||
        !need(g, "attention.head_count", 1024, &s->heads, e) ||
        !need(g, "feed_forward_length", 1 << 18, &s->feed_forward, e) ||
        !need(g, "context_length", 1 << 24, &s->context, e))
        return false;
    s->kv_heads = s->heads;
    if (gguf_find_pair(g, decoder_key_of(g, "attention.head_count_kv").text) &&
        !need(g, "attention.head_count_kv", 1024, &s->kv_heads, e))
        return false;
    if (s->width % s->heads != 0 || s->heads % s->kv_heads != 0)
        return decoder_bad(g, e, "the attention heads do not divide its width");
    s->head_size = s->width / s->heads;
    uint32_t key_length = s->head_size, rotated = s->head_size;
    gguf_get_u32(g, decoder_key_of(g, "attention.key_length").text, &key_length);
    gguf_get_u32(g, decoder_key_of(g, "rope.dimension_count").text, &rotated);
    if (key_length != s->head_size || rotated != s->head_size)
        return decoder_bad(g, e, "its head size is not its width over its heads");
    if (s->head_size % 8 != 0 || s->head_size > 256 || s->width % 32 != 0 ||
        s->feed_forward % 32 != 0)
        return decoder_bad(
            g, e,
            "its width, feed-forward size or head size is no multiple of what the kernels need");
    read_window(g, s);
    const struct gguf_tensor *t = gguf_find_tensor(g, "token_embd.weight");
    if (!t)
        return decoder_bad(g, e, "the tensor token_embd.weight is missing");
    if (t->dims[1] > 1 << 22)
        return decoder_bad(g, e, "its vocabulary is absurdly large");
    s->vocabulary = (uint32_t)t->dims[1];
    return true;
}

bool decoder_check(const struct gguf *g, struct error *e)
{
    struct decoder_shape s;
    if (!decoder_check_architecture(g, e) || !decoder_read_shape(g, &s, e))
        return false;
    for (size_t i = 0; i < gguf_tensor_count(g); i++)
        if (!weights_type_runs(g, gguf_tensor_at(g, i), e))
            return false;
    return true;
}

// The divisors of the frequencies that a file brings: LLaMA 3's, or Phi 3's for short or long
// contexts.
static bool read_divisors(const struct gguf *g, uint32_t n, bool beyond, float *divisors,
                          struct error *e)
{
    const char *name = gguf_find_tensor(g, "rope_freqs.weight") ? "rope_freqs.weight"
                       : beyond                                 ? "rope_factors_long.weight"
                                                                : "rope_factors_short.weight";
    for (uint32_t i = 0; i < n; i++)
        divisors[i] = 1;
    if (!gguf_find_tensor(g, name))
        return true;
    const struct gguf_tensor *t = weights_tensor(g, name, (uint64_t[]){n}, 1, e);
    if (!t)
        return false;
    weights_dequantize(t, 0, n, divisors);
    for (uint32_t i = 0; i < n; i++)
        if (!(divisors[i] > 0))
            return decoder_bad(g, e, "its rotary factors are not positive");
    return true;
}

static bool refuse_scaling(const struct gguf *g, struct gguf_string type, struct error *e)
{
    char name[64];
    utf8_clean(name, sizeof(name), type.data, type.size);
    return error_set(e, ERROR_MODEL,
                     "%s scales its rotary positions by \"%s\", which we do not compute; linear, "
                     "longrope and none run",
                     gguf_path(g), name);
}

// base^(-2i / n), divided by the file's factors and the linear scale; and what cos and sin are
// multiplied by.
bool decoder_read_rotation(const struct gguf *g, uint32_t context, struct decoder *m,
                           struct error *e)
{
    uint32_t n = m->shape.head_size / 2, original = m->shape.context;
    float base = 10000, factor = 1, magnitude = 1;
    struct gguf_string type = {"linear", 6};
    gguf_get_f32(g, decoder_key_of(g, "rope.freq_base").text, &base);
    if (!gguf_get_f32(g, decoder_key_of(g, "rope.scaling.factor").text, &factor))
        gguf_get_f32(g, decoder_key_of(g, "rope.scale_linear").text, &factor);
    gguf_get_u32(g, decoder_key_of(g, "rope.scaling.original_context_length").text, &original);
    gguf_get_f32(g, decoder_key_of(g, "rope.scaling.attn_factor").text, &magnitude);
    gguf_get_string(g, decoder_key_of(g, "rope.scaling.type").text, &type);
    if (gguf_string_is(type, "none") || gguf_string_is(type, "longrope") || factor == 0)
        factor = 1;
    else if (!gguf_string_is(type, "linear"))
        return refuse_scaling(g, type, e);
    if (!(base > 0) || !(factor > 0) || !(magnitude > 0))
        return decoder_bad(g, e, "its rotary base or scale is not positive");

    m->magnitude = magnitude;
    m->frequencies = malloc(n * sizeof(double));
    float *divisors = malloc(n * sizeof(float));
    bool ok = (m->frequencies && divisors) || error_no_memory(e);
    ok = ok && read_divisors(g, n, context > original, divisors, e);
    for (uint32_t i = 0; ok && i < n; i++)
        m->frequencies[i] = pow(base, -2.0 * i / m->shape.head_size) / divisors[i] / factor;
    free(divisors);
    return ok;
}
