// Model files with random weights and the names, keys and shapes of real ones, made when a test
// wants them: nothing large is stored, and the scripts in make/ read the very same file. Any
// failure ends the program with its sentence.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/model/gguf_write.h"
#include "engine/model/quant.h"

// What a recipe wants beyond the plain LLaMA file.
enum {
    RECIPE_FUSED = 1,           // Phi 3's attn_qkv and ffn_up with the gate in it
    RECIPE_TIED = 2,            // no output.weight
    RECIPE_QKV_BIASES = 4,      // as Qwen 2 has them
    RECIPE_OUT_BIAS = 8,        // of attn_output
    RECIPE_LLAMA3_FACTORS = 16, // rope_freqs.weight
    RECIPE_LONG_FACTORS = 32,   // Phi 3's rope_factors_*.weight and attn_factor
};

struct decoder_recipe {
    const char *name;         // of the model
    const char *architecture; // general.architecture
    uint32_t width, layers, heads, kv_heads, feed_forward, vocabulary;
    uint32_t context;
    enum quant_type type; // of most matrices
    enum quant_type fine; // of attn_v, ffn_down, the embedding and the head, as in mixed files
    float base;           // of the rotation
    uint32_t flags;       // RECIPE_*
    uint32_t window;      // attention.sliding_window; 0: not said
    uint32_t original;    // context that the factors extend; 0: not said
    float linear;         // rope.scaling.factor; 0: not said
    float eps;            // of the norms; 0: 1e-5
};

// What a vision file has otherwise than LLaVA-1.5's by the old converter.
enum {
    TOWER_NEW_NAMES = 1,   // ffn_up is the first matrix, v.image_newline
    TOWER_BARE_LINEAR = 2, // the projector is mm.weight alone
    TOWER_LINEAR = 4,      // mm.0.weight alone
    TOWER_GELU = 8,        // exact, in the tower
    TOWER_UNPAD = 16,      // LLaVA-1.6: grids, tiles joined with a newline
    TOWER_FLAT = 32,       // grids, tiles one after the other
};

struct tower_recipe {
    const char *name;
    uint32_t size, patch; // pixels
    uint32_t table;       // side of the table of positions; 0: size / patch
    uint32_t width, heads, feed_forward;
    uint32_t stored, said; // blocks that are there; block_count
    uint32_t projects_to;
    enum quant_type type; // of the matrices; the patches' is F16
    uint32_t flags;       // TOWER_*
    uint32_t layer;       // feature_layer; 0: not said
};

// A file that is being made.
struct model_file {
    struct gguf_writer *writer;
    uint64_t seed; // by the model's name
    void **kept;   // what the writer reads when it finishes
    size_t n_kept;
};
struct model_file model_file_start(const char *name, const char *path);
void model_file_finish(struct model_file *f);
// Memory that lives until the file is finished.
void *model_file_keep(struct model_file *f, size_t size);

// Tensors, their values from chance and the tensor's name.
void model_file_matrix(struct model_file *f, const char *name, enum quant_type type,
                       uint32_t columns, uint32_t rows, float deviation);
// The kernel of the patches: F16, {patch, patch, 3, rows}.
void model_file_patches(struct model_file *f, const char *name, uint32_t patch, uint32_t rows,
                        float deviation);
void model_file_vector(struct model_file *f, const char *name, uint32_t size, float mean,
                       float deviation);
// Values of the caller's, which are copied.
void model_file_floats(struct model_file *f, const char *name, const float *values, uint32_t size);
// Arrays of metadata.
void model_file_array(struct model_file *f, const char *key, enum gguf_value_type type,
                      const void *items, uint32_t count, size_t size);

// By name; "type-Q4_K", "type-Q4_K_M": a small model of a type or a mix of them. False, NULL: none.
bool decoder_recipe_find(const char *name, struct decoder_recipe *out);
const struct tower_recipe *tower_recipe_find(const char *name);
void decoder_file_write(const struct decoder_recipe *r, const char *path);
void tower_file_write(const struct tower_recipe *r, const char *path);
// Writes the model or tower of that name. False: there is none.
bool model_file_write(const char *name, const char *path);
