// The numbers of a case against the engine's, and the line that says what was measured. A bound
// that is not kept fails the test.
//
//   GOLDEN case=NAME ids=35/35 pixels=0/37632 rows=1.2e-09<1e-06 logits=2.0e-07<1e-05 greedy=20/24
//
// ids: equal ones. pixels: values that are off by an ulp. rows, logits: NMSE and its bound. greedy:
// steps whose margin is above MARGIN, all of them with the reference's argmax. "-": the case has
// none.
#pragma once

#include "golden_case.h"

#define ROWS_MOST 1e-6
#define MARGIN    0.1
// NMSE of rows and logits where products are forced to multiply bytes (PUMICE_GEMM=dot) or halves
// (PUMICE_GEMM=matrix). There the logits are taken from their mean: what all have in common no
// choice depends on, and x that lies about one very large value, as that of the first column of the
// default model, moves it most.
#define BYTES_MOST  5e-3
#define HALVES_MOST 2e-5

struct outcome {
    char ids[32], pixels[32], rows[32], logits[32], steps[32];
};
// The line of a case; what is empty is "-".
void outcome_print(const char *name, const struct outcome *o);

// What a vision file makes of the pictures.
void compare_pixels(const struct golden_case *c, const char *eyes, struct outcome *o);
void compare_rows(const struct golden_case *c, struct engine *engine, struct outcome *o);
// Brings the session to the case's ids; then the logits, and the argmax at each stored step with
// the reference's own continuation forced.
void compare_logits(const struct golden_case *c, struct engine *engine, struct session *s,
                    struct outcome *o);

// What a wrong engine would give, as the reference says under `key`, is well above the bound: else
// the case would prove nothing.
void bound_tells_apart(const struct golden_case *c, const char *key, double bound);
