// A random product at any sizes, and what is to become of it. The columns and rows around what is
// read and written are NaN, and must stay so.
#pragma once

#include "bench.h"

struct kind {
    enum quant_type type;
    uint32_t mode, act;
    bool norm; // of x, before
    bool cut;  // the matrix is in pieces
};
struct shape {
    uint32_t rows, inner, columns; // rows of the result
};
struct product {
    struct kind kind;
    struct shape shape;
    uint32_t matrix_rows, x_stride, y_stride;
    struct test_matrix *m;
    struct tensor *x, *y, *gain;
    struct norm norm;
};

// Rows, inner values and columns off every tile.
enum { PRODUCT_SHAPES = 6 };
extern const struct shape product_shapes[PRODUCT_SHAPES];

// Tensors with random values, freed by bench_clear. `inner` is raised to whole blocks of the type.
struct product product_make(struct bench *b, struct kind kind, struct shape shape);
float *product_column(const struct product *c, uint32_t column); // of x
struct matmul product_op(const struct product *c, struct plan *p);
void product_run(struct bench *b, const struct product *c);

// Arrays without what lies around them, column behind column; the caller calls test_free.
double *product_x(const struct product *c); // what is multiplied: after the norm
double *product_reference(const struct product *c, const double *x);
float *product_results(const struct product *c); // what lies around them is untouched

// Runs it, and leaves y as it was, to which the reference adds.
float *product_outcome(struct bench *b, const struct product *c);
// bench_compare of an outcome with what the reference makes of x.
void product_compare(struct bench *b, const struct product *c, const double *x, const float *got,
                     double bound, const char *what);
