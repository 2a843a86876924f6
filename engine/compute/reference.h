// What the kernels are to compute, in double precision and in the plainest way: what their results
// are held against. Slow; used by tests only. Pure functions.
//
// Matrices and columns are dense here: w[row * inner + i], x[column * inner + i],
// y[column * rows + row]. A head of `size` dimensions follows the other.
#pragma once

#include <stdint.h>

// y = w x, for `columns` columns.
void reference_matmul(const float *w, uint32_t rows, uint32_t inner, const double *x,
                      uint32_t columns, double *y);

double reference_activation(uint32_t act, double x); // ACT_* of shaders/shared.h
double reference_silu(double x);

// y = x / rms(x) * gain
void reference_rms_norm(const double *x, const float *gain, uint32_t n, double eps, double *y);
// y = (x - mean(x)) / sqrt(variance(x) + eps) * gain + bias
void reference_layer_norm(const double *x, const float *gain, const float *bias, uint32_t n,
                          double eps, double *y);

// Turns each pair (2i, 2i + 1) of each head by the angle whose (cos, sin) are rotation[2i, 2i + 1].
void reference_rotate(double *x, const float *rotation, uint32_t heads, uint32_t size);

struct reference_attention {
    const double *q;             // [columns][heads][size]
    const float *k, *v;          // [positions][kv_heads][size]
    const uint32_t (*ranges)[2]; // a column: the keys [begin, end) that it sees
    uint32_t columns, heads, kv_heads, size;
};
// y[columns][heads][size] = softmax(q k' / sqrt(size)) v; 0 where a column sees no key.
void reference_attention(const struct reference_attention *a, double *y);
