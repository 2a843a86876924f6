// Logits -> a token. Order, as Hugging Face's: repeat penalty, temperature, top-k, top-p, min-p,
// draw. Ties go to the lower id. Pure: the same logits, settings and draw give the same token.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/compute/shortlist.h"
#include "engine/engine.h"

// `logits` [n] is changed. `recent`: ids that the penalty counts. `draw`: which draw of the seed
// this is. False: a logit is NaN (ERROR_RUNTIME), or no memory.
bool sampler_pick(float *logits, size_t n, const struct sampling *how, const int32_t *recent,
                  size_t n_recent, uint64_t draw, int32_t *id, struct error *e);

// How far below the greatest logit those lie that are looked at; INFINITY: it takes all of them.
float sampler_reach(const struct sampling *how);
// The same pick from those within reach alone, in any order; n > 0, none is NaN.
bool sampler_pick_listed(const struct shortlist_entry *list, size_t n, const struct sampling *how,
                         uint64_t draw, int32_t *id, struct error *e);
