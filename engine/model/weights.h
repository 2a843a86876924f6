// GGUF tensors -> device memory. Model code asks for matrices and vectors, which plans their places
// at once; weights_allocate gets the memory; weights_upload then fills all of them, repacked for
// the device's kernels, while another thread may already record and compile what will use them.
//
// What is asked for lies in sections, each in memory of its own, which may be the host's: there the
// device reads it, more slowly. A matrix that no binding can hold is cut by rows.
//
// Owns that memory. The gguf files must outlive weights_upload.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/compute/kernels.h"
#include "engine/model/gguf.h"

struct weights;

struct weights *weights_create(struct vk_device *d, struct error *e);
void weights_destroy(struct weights *w);

// What is asked for from here on lies in a new section.
bool weights_section(struct weights *w, struct error *e);
size_t weights_sections(const struct weights *w);
uint64_t weights_section_size(const struct weights *w, size_t i); // bytes of memory that it takes
uint64_t weights_size(const struct weights *w);                   // and all of them
// Where it will lie: VK_MEMORY_DEVICE, as before this call, or VK_MEMORY_UPLOAD.
void weights_place(struct weights *w, size_t i, enum vk_memory kind);

// A tensor by name whose shape must be dims[0..n) (dims[0] contiguous); missing ones and other
// shapes or types that we do not compute with are ERROR_MODEL sentences.
const struct gguf_tensor *weights_tensor(const struct gguf *g, const char *name,
                                         const uint64_t *dims, uint32_t n, struct error *e);

// Whether we compute with the tensor's type.
bool weights_type_runs(const struct gguf *g, const struct gguf_tensor *t, struct error *e);

// Rows of a matrix that come from one tensor (its dims beyond the rows are flattened into columns),
// with the bias that belongs to them, or NULL.
struct weight_part {
    const struct gguf_tensor *tensor, *bias;
    uint32_t rows;
    uint32_t first_row; // of the tensor (and of the bias) that is taken
    uint32_t halves;    // head size where rotated pairs are (i, i + half) in the file: they become
                        // neighbours; 0: they are
};
enum weight_order {
    WEIGHT_STACKED, // the parts' rows one after the other
    WEIGHT_PAIRED,  // two parts (gate and up) in turn, as MODE_GATE wants them; no biases
};
// All parts have the same columns, and the same type on the device.
bool weights_matrix(struct weights *w, const struct weight_part *parts, uint32_t n,
                    enum weight_order order, uint32_t columns, struct matrix *out, struct error *e);

// The values of a tensor as floats.
bool weights_vector(struct weights *w, const struct gguf_tensor *t, struct vk_slice *out,
                    struct error *e);
// Floats that the caller made; copied.
bool weights_floats(struct weights *w, const float *values, size_t count, struct vk_slice *out,
                    struct error *e);

uint64_t weights_bytes(const struct weights *w); // what the matrices and vectors take

// Takes the memory of everything asked for so far: only now may it be bound. ERROR_DEVICE.
bool weights_allocate(struct weights *w, struct error *e);
// Fills it all, with the help of threads. `done` (may be NULL) counts bytes for a progress display
// on another thread.
bool weights_upload(struct weights *w, const atomic_bool *stop, atomic_uint_fast64_t *done,
                    struct error *e);

// Dequantises elements [first, first + n) of a tensor; both multiples of its block.
void weights_dequantize(const struct gguf_tensor *t, uint64_t first, uint64_t n, float *out);
