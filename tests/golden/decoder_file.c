// A language model's file: metadata and vocabulary, and the tensors by a recipe.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "model_file.h"

enum { BYTES = 256, FIRST_BYTE = 3 }; // SentencePiece: <unk> <s> </s> <0x00>..<0xFF>

// ---- metadata

// What a vocabulary calls an id: the three of SentencePiece, bytes, then "words" that count in
// letters.
static void token_text(uint32_t id, char text[16])
{
    static const char *const first[] = {"<unk>", "<s>", "</s>"};
    if (id < FIRST_BYTE) {
        snprintf(text, 16, "%s", first[id]);
    } else if (id < FIRST_BYTE + BYTES) {
        snprintf(text, 16, "<0x%02X>", id - FIRST_BYTE);
    } else {
        char letters[8] = {0};
        uint32_t n = id - FIRST_BYTE - BYTES;
        for (int i = 3; i >= 0; i--, n /= 26)
            letters[i] = (char)('a' + n % 26);
        snprintf(text, 16, "\xe2\x96\x81%s", letters);
    }
}

static void write_vocabulary(struct model_file *f, uint32_t count)
{
    struct buffer texts = {0};
    float *scores = model_file_keep(f, count * sizeof(*scores));
    int32_t *types = model_file_keep(f, count * sizeof(*types));
    for (uint32_t id = 0; id < count; id++) {
        char text[16];
        token_text(id, text);
        uint64_t size = strlen(text);
        if (!buffer_add(&texts, &size, sizeof(size)) || !buffer_add(&texts, text, size))
            abort();
        scores[id] = -(float)id;
        types[id] = id == 0 ? 2 : id < FIRST_BYTE ? 3 : id < FIRST_BYTE + BYTES ? 6 : 1;
    }
    gguf_write_string(f->writer, "tokenizer.ggml.model", "llama");
    model_file_array(f, "tokenizer.ggml.tokens", GGUF_STRING, texts.data, count, texts.size);
    model_file_array(f, "tokenizer.ggml.scores", GGUF_F32, scores, count, count * sizeof(*scores));
    model_file_array(f, "tokenizer.ggml.token_type", GGUF_I32, types, count,
                     count * sizeof(*types));
    gguf_write_u32(f->writer, "tokenizer.ggml.bos_token_id", 1);
    gguf_write_u32(f->writer, "tokenizer.ggml.eos_token_id", 2);
    buffer_free(&texts);
}

// "llama.context_length"; the writer keeps keys as they are.
static const char *key(struct model_file *f, const struct decoder_recipe *r, const char *name)
{
    enum { SIZE = 96 };
    char *text = model_file_keep(f, SIZE);
    snprintf(text, SIZE, "%s.%s", r->architecture, name);
    return text;
}

static void write_metadata(struct model_file *f, const struct decoder_recipe *r)
{
    struct gguf_writer *w = f->writer;
    gguf_write_string(w, "general.architecture", r->architecture);
    gguf_write_string(w, "general.name", r->name);
    gguf_write_u32(w, key(f, r, "context_length"), r->context);
    gguf_write_u32(w, key(f, r, "embedding_length"), r->width);
    gguf_write_u32(w, key(f, r, "block_count"), r->layers);
    gguf_write_u32(w, key(f, r, "feed_forward_length"), r->feed_forward);
    gguf_write_u32(w, key(f, r, "attention.head_count"), r->heads);
    gguf_write_u32(w, key(f, r, "attention.head_count_kv"), r->kv_heads);
    gguf_write_u32(w, key(f, r, "rope.dimension_count"), r->width / r->heads);
    gguf_write_f32(w, key(f, r, "attention.layer_norm_rms_epsilon"), r->eps != 0 ? r->eps : 1e-5F);
    gguf_write_f32(w, key(f, r, "rope.freq_base"), r->base);
    if (r->window)
        gguf_write_u32(w, key(f, r, "attention.sliding_window"), r->window);
    if (r->linear != 0) {
        gguf_write_string(w, key(f, r, "rope.scaling.type"), "linear");
        gguf_write_f32(w, key(f, r, "rope.scaling.factor"), r->linear);
    }
    if (r->flags & RECIPE_LONG_FACTORS) {
        double scale = (double)r->context / r->original;
        gguf_write_u32(w, key(f, r, "rope.scaling.original_context_length"), r->original);
        gguf_write_f32(w, key(f, r, "rope.scaling.attn_factor"),
                       (float)sqrt(1 + log(scale) / log(r->original)));
    }
    write_vocabulary(f, r->vocabulary);
}

// ---- tensors

// LLaMA 3.1's divisors: wavelengths beyond original / 1 are stretched by 8, below original / 4 not
// at all, and between them in part.
static void write_llama3_factors(struct model_file *f, const struct decoder_recipe *r)
{
    enum { FACTOR = 8, LOW = 1, HIGH = 4 };
    uint32_t size = r->width / r->heads, n = size / 2;
    float values[128];
    for (uint32_t i = 0; i < n; i++) {
        double wave = 2 * 3.14159265358979323846 * pow(r->base, 2.0 * i / size);
        double between = (r->original / wave - LOW) / (HIGH - LOW);
        if (wave < (double)r->original / HIGH)
            values[i] = 1;
        else if (wave > (double)r->original / LOW)
            values[i] = FACTOR;
        else
            values[i] = (float)(1 / ((1 - between) / FACTOR + between));
    }
    model_file_floats(f, "rope_freqs.weight", values, n);
}

static void write_long_factors(struct model_file *f, const struct decoder_recipe *r)
{
    uint32_t n = r->width / r->heads / 2;
    float small[128], large[128];
    for (uint32_t i = 0; i < n; i++) {
        small[i] = 1 + (float)i / 32;
        large[i] = 1 + (float)(i * i) / 64;
    }
    model_file_floats(f, "rope_factors_short.weight", small, n);
    model_file_floats(f, "rope_factors_long.weight", large, n);
}

static char *of_layer(uint32_t layer, const char *name)
{
    static char text[64];
    snprintf(text, sizeof(text), "blk.%u.%s", layer, name);
    return text;
}

static void write_attention(struct model_file *f, const struct decoder_recipe *r, uint32_t i)
{
    static const char *const names[][2] = {{"attn_q.weight", "attn_q.bias"},
                                           {"attn_k.weight", "attn_k.bias"},
                                           {"attn_v.weight", "attn_v.bias"}};
    uint32_t kv = r->kv_heads * (r->width / r->heads), rows[] = {r->width, kv, kv};
    float unit = 1 / sqrtf((float)r->width), sharp = 1.5F * unit;
    if (r->flags & RECIPE_FUSED)
        model_file_matrix(f, of_layer(i, "attn_qkv.weight"), r->type, r->width,
                          rows[0] + 2 * rows[1], sharp);
    for (int k = 0; k < 3 && !(r->flags & RECIPE_FUSED); k++) {
        model_file_matrix(f, of_layer(i, names[k][0]), k == 2 ? r->fine : r->type, r->width,
                          rows[k], k == 2 ? unit : sharp);
        if (r->flags & RECIPE_QKV_BIASES)
            model_file_vector(f, of_layer(i, names[k][1]), rows[k], 0, 0.5F);
    }
    model_file_matrix(f, of_layer(i, "attn_output.weight"), r->type, r->width, r->width, unit);
    if (r->flags & RECIPE_OUT_BIAS)
        model_file_vector(f, of_layer(i, "attn_output.bias"), r->width, 0, 0.2F);
}

static void write_layer(struct model_file *f, const struct decoder_recipe *r, uint32_t i)
{
    float unit = 1 / sqrtf((float)r->width);
    bool fused = r->flags & RECIPE_FUSED;
    model_file_vector(f, of_layer(i, "attn_norm.weight"), r->width, 1, 0.1F);
    write_attention(f, r, i);
    model_file_vector(f, of_layer(i, "ffn_norm.weight"), r->width, 1, 0.1F);
    if (!fused)
        model_file_matrix(f, of_layer(i, "ffn_gate.weight"), r->type, r->width, r->feed_forward,
                          unit);
    model_file_matrix(f, of_layer(i, "ffn_up.weight"), r->type, r->width,
                      (fused ? 2 : 1) * r->feed_forward, unit);
    model_file_matrix(f, of_layer(i, "ffn_down.weight"), r->fine, r->feed_forward, r->width,
                      1 / sqrtf((float)r->feed_forward));
}

void decoder_file_write(const struct decoder_recipe *r, const char *path)
{
    struct model_file f = model_file_start(r->name, path);
    write_metadata(&f, r);
    model_file_matrix(&f, "token_embd.weight", r->fine, r->width, r->vocabulary, 0.3F);
    for (uint32_t i = 0; i < r->layers; i++)
        write_layer(&f, r, i);
    model_file_vector(&f, "output_norm.weight", r->width, 1, 0.1F);
    if (!(r->flags & RECIPE_TIED))
        model_file_matrix(&f, "output.weight", r->fine, r->width, r->vocabulary,
                          1.5F / sqrtf((float)r->width));
    if (r->flags & RECIPE_LLAMA3_FACTORS)
        write_llama3_factors(&f, r);
    if (r->flags & RECIPE_LONG_FACTORS)
        write_long_factors(&f, r);
    model_file_finish(&f);
}
