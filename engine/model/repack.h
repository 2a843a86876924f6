// GGUF rows -> the layout that the kernels read (shaders/shared.h), one quad of 4 * L rows at a
// time. Pure functions: any thread.
#pragma once

#include <stdint.h>

#include "engine/model/quant.h"

// What rows of a type of file are held as on the device, where a kernel reads it: themselves; Q4_K
// and Q5_K as Q4_1 and Q5_1, whose runs of 32 they are but for the rounding of a scale and a
// minimum to half precision (2^-12 of them); IQ4_XS as IQ4_NL. All else is exact.
enum quant_type repack_type(enum quant_type file);

// rows[i], i < 4 * interleave: the blocks of a row as they lie in the file, or NULL for a row of
// zeros. `columns`: a multiple of the type's block. Writes every byte of the quad
// (kernel_matrix_size of 4 * interleave rows of repack_type(file)) to `quad`, 4-byte aligned.
void repack_quad(enum quant_type file, const void *const *rows, uint32_t columns,
                 uint32_t interleave, void *quad);

// A row of any type as halves, for matrices out of tensors of several types. `columns` values; a
// multiple of the type's block.
void repack_widen(const struct quant *q, const void *row, uint32_t columns, uint16_t *out);
