// A GGUF file with the metadata and the tensor table of a real model and a hole where its weights
// would be: as large as the real one to whoever asks, and next to nothing on the disk.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "engine/model/quant.h"

struct hollow {
    struct buffer pairs, tensors;
    uint64_t n_pairs, n_tensors;
    uint64_t size; // of the weights
};

void hollow_u32(struct hollow *h, const char *key, uint32_t value);
void hollow_f32(struct hollow *h, const char *key, float value);
void hollow_floats(struct hollow *h, const char *key, const float *values, uint32_t n);
void hollow_bool(struct hollow *h, const char *key, bool value);
void hollow_text(struct hollow *h, const char *key, const char *value);
// `dims`: the contiguous one first, up to a 0.
void hollow_tensor(struct hollow *h, const char *name, enum quant_type type, const uint64_t *dims);
// Returns the file's size; `h` is empty then.
uint64_t hollow_write(struct hollow *h, const char *path);
