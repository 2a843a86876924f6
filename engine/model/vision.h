// The vision tower and projector: pixels -> rows that the decoder reads as columns. CLIP's ViT
// (Dosovitskiy et al. 2021, Radford et al. 2021) with LLaVA's projector (Liu et al. 2023: linear;
// 2024: mlp2x_gelu), read from a "clip" GGUF file under its old and new tensor names. LLaVA-1.6's
// tiles are put together as the reference does it.
//
// Belongs to the engine's thread. The weights must outlive it.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/image/preprocess.h"
#include "engine/model/gguf.h"
#include "engine/model/weights.h"

struct vision;

// What the file says about the tower: the trait record.
struct vision_traits {
    uint32_t picture_size, patch, grid; // pixels, pixels, patches a side
    uint32_t width, feed_forward, heads, blocks;
    uint32_t projects_to; // width of the decoder that it was made for
    uint32_t hidden;      // of the projector; 0: linear
    uint32_t act;         // ACT_* of the tower
    float eps;
    bool swapped;  // the first feed-forward matrix is called ffn_down, as old converters did
    bool newlines; // tiles are put together to one plane, with a newline's row after each of its
                   // rows
    struct preprocess_rule rule;
};
// Is there a tower: in a vision file, or in a language model's own file?
bool vision_is_there(const struct gguf *g);
// Reads and checks the metadata alone; needs no device.
bool vision_read_traits(const struct gguf *g, struct vision_traits *t, struct error *e);
// Rows of a picture of this size (upright) in the prompt.
uint32_t vision_picture_rows(const struct vision_traits *t, uint32_t width, uint32_t height);

// Checks tensors and reserves the weights; nothing is computed or uploaded.
struct vision *vision_create(struct vk_device *d, const struct gguf *g, struct weights *w,
                             struct error *e);
void vision_destroy(struct vision *v);
const struct vision_traits *vision_get_traits(const struct vision *v);

// What encoding takes beside the weights, before it is there: bytes in device and in host memory.
bool vision_measure(const struct vision *v, uint64_t *scratch, uint64_t *host, struct error *e);

// Records the plan and makes the driver compile it.
bool vision_warm(struct vision *v, const atomic_bool *stop, struct error *e);
// rows: [vision_picture_rows][projects_to]. `kernel_ms` (may be NULL): from submissions to
// completions.
bool vision_encode(struct vision *v, const struct pixels *p, const atomic_bool *stop, float *rows,
                   double *kernel_ms, struct error *e);
