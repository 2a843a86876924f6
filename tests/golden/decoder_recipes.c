// The language models that are made: small ones for each thing that families of decoders do
// otherwise, and ones that are as wide as those that people have, with one or two of their layers.
#include <string.h>

#include "model_file.h"

#define SMALL .layers = 2, .vocabulary = 1024, .type = QUANT_Q8_0, .fine = QUANT_Q8_0

static const struct decoder_recipe recipes[] = {
    // Vicuna, and what LLaMA files may have besides.
    {SMALL, .name = "llama-mha", .architecture = "llama", .width = 256, .heads = 4, .kv_heads = 4,
     .feed_forward = 704, .context = 4096, .base = 1e4F},
    {SMALL, .name = "llama-linear", .architecture = "llama", .width = 256, .heads = 4,
     .kv_heads = 4, .feed_forward = 704, .context = 4096, .base = 1e4F, .linear = 4, .eps = 0.02F},
    {SMALL, .name = "llama-tied-biases", .architecture = "llama", .width = 256, .heads = 8,
     .kv_heads = 4, .feed_forward = 704, .context = 4096, .base = 1e4F,
     .flags = RECIPE_TIED | RECIPE_QKV_BIASES | RECIPE_OUT_BIAS},
    // LLaMA 3 has four query heads to a key; 3.1 stretches its rotation.
    {SMALL, .name = "llama3", .architecture = "llama", .width = 512, .heads = 8, .kv_heads = 2,
     .feed_forward = 704, .context = 8192, .base = 5e5F},
    {SMALL, .name = "llama3-rope", .architecture = "llama", .width = 512, .heads = 8, .kv_heads = 2,
     .feed_forward = 704, .context = 2048, .base = 5e5F, .flags = RECIPE_LLAMA3_FACTORS,
     .original = 256},
    // Mistral: v0.2 has no window; of v0.1 files do not say it, but one that does is heeded.
    {SMALL, .name = "mistral", .architecture = "llama", .width = 512, .heads = 8, .kv_heads = 2,
     .feed_forward = 1792, .context = 32768, .base = 1e6F},
    {SMALL, .name = "mistral-window", .architecture = "llama", .width = 512, .heads = 8,
     .kv_heads = 2, .feed_forward = 1792, .context = 32768, .base = 1e4F, .window = 48},
    // Yi: seven query heads to a key.
    {SMALL, .name = "yi", .architecture = "llama", .width = 448, .heads = 7, .kv_heads = 1,
     .feed_forward = 1280, .context = 4096, .base = 5e6F},
    {SMALL, .name = "qwen2", .architecture = "qwen2", .width = 448, .heads = 7, .kv_heads = 1,
     .feed_forward = 1280, .context = 32768, .base = 1e6F,
     .flags = RECIPE_TIED | RECIPE_QKV_BIASES},
    {SMALL, .name = "phi3", .architecture = "phi3", .width = 384, .heads = 4, .kv_heads = 4,
     .feed_forward = 1024, .context = 4096, .base = 1e4F, .flags = RECIPE_FUSED, .window = 47},
    {SMALL, .name = "phi3-long", .architecture = "phi3", .width = 384, .heads = 4, .kv_heads = 2,
     .feed_forward = 1024, .context = 4096, .base = 1e4F,
     .flags = RECIPE_FUSED | RECIPE_LONG_FACTORS, .window = 262144, .original = 128},
    // LLaVA 1.5 7B in full, 3.8 GB: for what a large file takes, not for its numbers.
    {.name = "llava-7b",
     .architecture = "llama",
     .width = 4096,
     .layers = 32,
     .heads = 32,
     .kv_heads = 32,
     .feed_forward = 11008,
     .vocabulary = 32000,
     .context = 4096,
     .type = QUANT_Q4_0,
     .fine = QUANT_Q4_0,
     .base = 1e4F},
    // As wide as people's.
    {.name = "vicuna-7b",
     .architecture = "llama",
     .width = 4096,
     .layers = 2,
     .heads = 32,
     .kv_heads = 32,
     .feed_forward = 11008,
     .vocabulary = 32000,
     .context = 4096,
     .type = QUANT_Q4_0,
     .fine = QUANT_Q4_0,
     .base = 1e4F},
    {.name = "mistral-7b",
     .architecture = "llama",
     .width = 4096,
     .layers = 1,
     .heads = 32,
     .kv_heads = 8,
     .feed_forward = 14336,
     .vocabulary = 32000,
     .context = 32768,
     .type = QUANT_Q4_K,
     .fine = QUANT_Q4_K,
     .base = 1e6F},
    {.name = "phi-3-mini",
     .architecture = "phi3",
     .width = 3072,
     .layers = 2,
     .heads = 32,
     .kv_heads = 32,
     .feed_forward = 8192,
     .vocabulary = 32064,
     .context = 4096,
     .type = QUANT_Q4_0,
     .fine = QUANT_Q4_0,
     .base = 1e4F,
     .flags = RECIPE_FUSED,
     .window = 2047},
    {.name = "vicuna-13b",
     .architecture = "llama",
     .width = 5120,
     .layers = 1,
     .heads = 40,
     .kv_heads = 40,
     .feed_forward = 13824,
     .vocabulary = 32000,
     .context = 4096,
     .type = QUANT_Q4_0,
     .fine = QUANT_Q4_0,
     .base = 1e4F},
    {.name = "llama-3-8b",
     .architecture = "llama",
     .width = 4096,
     .layers = 1,
     .heads = 32,
     .kv_heads = 8,
     .feed_forward = 14336,
     .vocabulary = 128256,
     .context = 8192,
     .type = QUANT_Q4_0,
     .fine = QUANT_Q4_0,
     .base = 5e5F},
    {.name = "yi-34b",
     .architecture = "llama",
     .width = 7168,
     .layers = 1,
     .heads = 56,
     .kv_heads = 8,
     .feed_forward = 20480,
     .vocabulary = 64000,
     .context = 4096,
     .type = QUANT_Q4_0,
     .fine = QUANT_Q4_0,
     .base = 5e6F},
    {.name = "qwen2-7b",
     .architecture = "qwen2",
     .width = 3584,
     .layers = 1,
     .heads = 28,
     .kv_heads = 4,
     .feed_forward = 18944,
     .vocabulary = 152064,
     .context = 32768,
     .type = QUANT_Q4_0,
     .fine = QUANT_Q4_0,
     .base = 1e6F,
     .flags = RECIPE_QKV_BIASES,
     .eps = 1e-6F},
};

static enum quant_type type_of(const char *name)
{
    for (uint32_t type = 0; type < 64; type++) {
        const struct quant *q = quant_find(type);
        if (q && strcmp(q->name, name) == 0)
            return q->type;
    }
    return QUANT_F32;
}

// What quantisers call a mix: most matrices of the first type, the finer ones of the second.
static const struct {
    const char *name;
    enum quant_type type, fine;
} mixes[] = {
    {"Q2_K_M", QUANT_Q2_K, QUANT_Q3_K},     {"Q3_K_M", QUANT_Q3_K, QUANT_Q5_K},
    {"Q4_K_M", QUANT_Q4_K, QUANT_Q6_K},     {"Q5_K_M", QUANT_Q5_K, QUANT_Q6_K},
    {"IQ4_XS_M", QUANT_IQ4_XS, QUANT_Q5_K},
};

bool decoder_recipe_find(const char *name, struct decoder_recipe *out)
{
    for (size_t i = 0; i < sizeof(recipes) / sizeof(*recipes); i++)
        if (strcmp(recipes[i].name, name) == 0) {
            *out = recipes[i];
            return true;
        }
    if (strncmp(name, "type-", 5) != 0)
        return false;
    *out = (struct decoder_recipe){
        SMALL,         .name = name,        .architecture = "llama", .width = 256, .heads = 4,
        .kv_heads = 2, .feed_forward = 768, .context = 2048,         .base = 1e4F};
    out->type = out->fine = type_of(name + 5);
    for (size_t i = 0; i < sizeof(mixes) / sizeof(*mixes); i++)
        if (strcmp(mixes[i].name, name + 5) == 0) {
            out->type = mixes[i].type;
            out->fine = mixes[i].fine;
        }
    return true;
}
