// Rows of the types that no kernel reads, rewritten in one that a kernel does. Pure functions.
#pragma once

#include "engine/model/quant.h"

// What a matrix of the file's type becomes on the device: itself where a kernel reads it; Q4_K and
// Q5_K as Q4_1 and Q5_1, whose runs of 32 they are but for the rounding of a scale and a minimum to
// half precision (2^-12 of them); IQ4_NL (exactly) and IQ4_XS (its scale rounded) as Q8_0, whose
// values their table holds; all else as F16.
enum quant_type recode_type(enum quant_type type);

// A row of `columns` values (a multiple of the file's block) as the type `to`: recode_type of the
// file's, or F16. `out` has room for it in that type's blocks.
void recode_row(const struct quant *from, const void *row, uint32_t columns, enum quant_type to,
                void *out);
