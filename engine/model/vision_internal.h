// The inside of a tower, shared by vision_kind.c and vision_traits.c (metadata), vision.c
// (tensors), vision_positions.c (their table of positions) vision_plan.c (computation) and
// vision_encode.c (pictures).
#pragma once

#include "engine/model/vision.h"

struct vision_block {
    struct norm ln1, ln2;
    struct matrix qkv, out, fc1, fc2;
};

struct vision {
    struct vk_device *device;
    struct vision_traits t;
    struct matrix patch;
    struct vk_slice positions; // [1 + patches][width]; the class embedding is added to row 0
    struct vk_slice rotation, slots,
        ranges; // identity, 0.., all keys: what the shared kernels want to know
    struct norm pre;
    struct vision_block *blocks;
    struct matrix project[2];
    uint32_t batch;           // tiles at most that are encoded together
    struct vk_buffer *input;  // [batch][patches][patch_stride] floats
    struct vk_buffer *output; // [batch][patches][projects_to]
    struct plan *plan;        // for `tiles` of them
    uint32_t tiles;
    float *newline; // [projects_to]; NULL: tiles are not joined
};

static inline uint32_t patches(const struct vision *v)
{
    return v->t.grid * v->t.grid;
}

// Floats of a patch, padded to whole blocks of the matrix.
static inline uint32_t patch_stride(const struct vision_traits *t)
{
    return (3 * t->patch * t->patch + WEIGHT_BLOCK - 1) / WEIGHT_BLOCK * WEIGHT_BLOCK;
}

uint64_t vision_input_size(const struct vision *v); // bytes of a tile
uint64_t vision_output_size(const struct vision *v);
struct plan *vision_make_plan(const struct vision *v, uint32_t tiles, struct error *e);

// False with a sentence that names what it is: not LLaVA's kind of vision file.
bool vision_check_kind(const struct gguf *g, struct error *e);
// Fills *e with what is wrong with the file; false.
bool vision_bad(const struct gguf *g, struct error *e, const char *what);
bool vision_flag(const struct gguf *g, const char *key); // false: absent

// Fills v->positions, from a table that may be of another size.
bool vision_read_positions(const struct gguf *g, struct weights *w, struct vision *v,
                           struct error *e);
