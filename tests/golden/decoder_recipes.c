// The language models that are made: one for each thing that families of decoders do otherwise.
#include "model_file.h"

static const struct decoder_recipe recipes[] = {
    // Vicuna, and what LLaMA files may have besides.
    {"llama-mha", "llama", 256, 2, 4, 4, 704, 1024, 4096, QUANT_Q8_0, QUANT_Q8_0, 1e4F, 0, 0, 0, 0},
    {"llama-linear", "llama", 256, 2, 4, 4, 704, 1024, 4096, QUANT_Q8_0, QUANT_Q8_0, 1e4F, 0, 0, 0,
     4},
    {"llama-tied-biases", "llama", 256, 2, 8, 4, 704, 1024, 4096, QUANT_Q8_0, QUANT_Q8_0, 1e4F,
     RECIPE_TIED | RECIPE_QKV_BIASES | RECIPE_OUT_BIAS, 0, 0, 0},
    // LLaMA 3 has four query heads to a key; 3.1 stretches its rotation.
    {"llama3", "llama", 512, 2, 8, 2, 704, 1024, 8192, QUANT_Q8_0, QUANT_Q8_0, 5e5F, 0, 0, 0, 0},
    {"llama3-rope", "llama", 512, 2, 8, 2, 704, 1024, 2048, QUANT_Q8_0, QUANT_Q8_0, 5e5F,
     RECIPE_LLAMA3_FACTORS, 0, 256, 0},
    // Mistral: v0.2 has no window; of v0.1 files do not say it, but one that does is heeded.
    {"mistral", "llama", 512, 2, 8, 2, 1792, 1024, 32768, QUANT_Q8_0, QUANT_Q8_0, 1e6F, 0, 0, 0, 0},
    {"mistral-window", "llama", 512, 2, 8, 2, 1792, 1024, 32768, QUANT_Q8_0, QUANT_Q8_0, 1e4F, 0,
     48, 0, 0},
    // Yi: seven query heads to a key.
    {"yi", "llama", 448, 2, 7, 1, 1280, 1024, 4096, QUANT_Q8_0, QUANT_Q8_0, 5e6F, 0, 0, 0, 0},
    {"qwen2", "qwen2", 448, 2, 7, 1, 1280, 1024, 32768, QUANT_Q8_0, QUANT_Q8_0, 1e6F,
     RECIPE_TIED | RECIPE_QKV_BIASES, 0, 0, 0},
    {"phi3", "phi3", 384, 2, 4, 4, 1024, 1024, 4096, QUANT_Q8_0, QUANT_Q8_0, 1e4F, RECIPE_FUSED, 47,
     0, 0},
    {"phi3-long", "phi3", 384, 2, 4, 2, 1024, 1024, 4096, QUANT_Q8_0, QUANT_Q8_0, 1e4F,
     RECIPE_FUSED | RECIPE_LONG_FACTORS, 262144, 128, 0},
    // LLaVA 1.5 7B in full, 3.8 GB: for what a large file takes, not for its numbers.
    {"llava-7b", "llama", 4096, 32, 32, 32, 11008, 32000, 4096, QUANT_Q4_0, QUANT_Q4_0, 1e4F, 0, 0,
     0, 0},
};

const struct decoder_recipe *decoder_recipe_at(size_t i)
{
    return i < sizeof(recipes) / sizeof(*recipes) ? &recipes[i] : NULL;
}
