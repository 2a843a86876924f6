// Shared by decoder_kind.c and decoder_shape.c (metadata), decoder.c (the model), decoder_state.c
// (its timelines) and decoder_plan.c (what is computed for a batch).
#pragma once

#include "engine/model/decoder.h"

enum { QKV_PARTS = 3 };

struct decoder_layer {
    struct norm attention_norm, ffn_norm;
    struct matrix
        qkv[QKV_PARTS]; // the rows of Q, K and V in order; parts of one type are one matrix
    uint32_t n_qkv;
    struct matrix out;
    struct matrix gate_up; // paired
    struct matrix down;
};

struct decoder {
    struct vk_device *device;
    struct decoder_shape shape;
    uint32_t device_layers;              // the others are in host memory
    const struct gguf_tensor *embedding; // stays in the file
    struct decoder_layer *layers;
    struct norm output_norm;
    struct matrix head;
    double *frequencies; // of the rotation of each pair, head_size / 2, radians a position
    double magnitude;    // cos and sin are multiplied by it
};

// What a family of models does otherwise than LLaMA. The name is its architecture, and the prefix
// of its metadata.
struct decoder_family {
    const char *name;
    bool halves;   // the rotated pairs of its heads are (i, i + half), not neighbours
    bool fused;    // Q, K and V may be one tensor, gate and up another
    bool windowed; // heeds attention.sliding_window (Mistral's files are llama's)
};
const struct decoder_family *decoder_find_family(const struct gguf *g); // NULL: none of ours

// A metadata key of the file's family: "llama.context_length". The family must be one of ours.
struct decoder_key {
    char text[96];
};
struct decoder_key decoder_key_of(const struct gguf *g, const char *name);

// Fills *e with what is wrong with the file; false.
bool decoder_bad(const struct gguf *g, struct error *e, const char *what);
bool decoder_read_shape(const struct gguf *g, struct decoder_shape *s, struct error *e);
// Fills frequencies and magnitude for timelines of at most `context` positions.
bool decoder_read_rotation(const struct gguf *g, uint32_t context, struct decoder *m,
                           struct error *e);

// What changes from run to run, written by the host into one buffer.
struct inputs {
    struct vk_buffer *buffer;
    struct vk_slice x;        // [batch][width] floats
    struct vk_slice rotation; // [batch][head_size] floats: (cos, sin) of each pair
    struct vk_slice slots;    // [batch] uint: place in the cache
    struct vk_slice ranges;   // [batch] uvec2: keys that the column sees
    struct vk_slice reach;    // float: kernel_shortlist's
};

// A batch, recorded.
struct decoder_plan {
    struct plan *plan; // NULL: none
    uint32_t columns;
    bool with_logits;
    plan_tensor logits; // where the plan leaves them
};

struct layer_cache {
    struct vk_buffer *buffer; // K, then V
    uint32_t positions;       // at least the state's capacity
};

struct decoder_state {
    const struct decoder *model;
    uint32_t batch, context, capacity; // capacity: positions that all caches have room for
    uint32_t cache_type;               // CACHE_*
    struct layer_cache *caches;        // [layers]
    struct inputs in;
    struct decoder_plan one;  // one column with logits
    struct decoder_plan many; // the last batch of another size
    struct vk_buffer *logits; // all of them, for the host
    struct vk_buffer *list;   // struct shortlist; NULL: the plans write `logits` themselves
    const struct decoder_plan *computed; // the last run that made logits; NULL: none, or gone
    bool fetched;                        // `logits` holds its
    float reach;                         // the shortlist's of that run
    struct decoder_counters counters;
};

// decoder_cache.c: K and V of a layer, and for how many positions there is room.
struct vk_slice decoder_layer_cache(const struct decoder_state *s, uint32_t layer);
uint32_t decoder_layer_positions(const struct decoder_state *s, uint32_t layer);
// Fills layer_cache and growth.
bool decoder_cache_measure(const struct decoder *m, uint32_t context, uint32_t cache_type,
                           struct decoder_sizes *out, struct error *e);
// Makes room for `positions`, at most s->context.
bool decoder_cache_grow(struct decoder_state *s, uint32_t positions, struct error *e);
void decoder_cache_free(struct decoder_state *s);

void decoder_forget_plans(struct decoder_state *s);

// decoder_plan.c: a batch of out->columns over the state's inputs and cache, recorded.
bool decoder_make_plan(const struct decoder_state *s, struct decoder_plan *out, struct error *e);
// Bytes of scratch memory that it takes; the state needs no buffers for that.
bool decoder_plan_size(const struct decoder_state *s, uint32_t columns, uint64_t *size,
                       struct error *e);

// decoder_logits.c
uint64_t decoder_logits_size(const struct decoder *m); // of what the host reads
bool decoder_create_logits(struct decoder_state *s, struct error *e);
void decoder_plan_logits(const struct decoder_state *s, struct plan *p, plan_tensor logits);
