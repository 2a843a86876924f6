// GGUF rows -> the layout that the kernels read (shaders/shared.h), one quad of 4 * L rows at a
// time, and back. Pure functions: any thread.
#pragma once

#include <stdint.h>

#include "engine/model/quant.h"

// rows[i], i < 4 * interleave: the blocks of a row as they lie in the file, or NULL for a row of
// zeros. `columns`: a multiple of 32 for the quantised types. Writes every byte of the quad
// (kernel_matrix_size of 4 * interleave rows) to `quad`, which must be 4-byte aligned.
void repack_quad(enum quant_type type, const void *const *rows, uint32_t columns,
                 uint32_t interleave, void *quad);

// The inverse: fills rows[i] (room for a row of the file each) from a quad.
void unpack_quad(enum quant_type type, const void *quad, uint32_t columns, uint32_t interleave,
                 void *const *rows);
