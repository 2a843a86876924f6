// A case: what transformers computed for a model, a vision file, pictures and the ids around them.
// Read from its folder: golden.json, pixels.f32, image_rows.f32 and logits.f32. Floats that a case
// lacks are those of the folders beside it that are named as its pictures, one after the other
// (nothing is stored twice). Pictures named "150x100.ppm" are drawn, by the formula of
// make/towers.py. The case owns its arrays and pictures.
#pragma once

#include "fixture.h"

#define LOGITS_MOST 1e-5

enum { CASE_PICTURES = 4, CASE_STEPS = 64 };

struct golden_case {
    char lm[64], mmproj[64]; // file names, or names of models that are made
    uint32_t context;        // to be asked for; 0: not said
    struct picture *pictures[CASE_PICTURES];
    char stems[CASE_PICTURES][64]; // "count-1" of count-1.png
    size_t n_pictures;
    struct id_chunk chunks[CASE_PICTURES + 1];
    float *pixels, *rows, *logits; // of all pictures; after the prompt. NULL: not there
    size_t n_pixels, n_rows, n_logits;
    // Of the floats of a picture, or of the logits, every so many-th is kept, from the first on.
    size_t pixel_stride, row_stride, logit_stride;
    int32_t
        greedy[CASE_STEPS]; // the continuation, and at each step the two best logits' difference
    double margin[CASE_STEPS];
    size_t n_steps;
    double logits_most; // NMSE that is allowed; the reader sets LOGITS_MOST
    json_t *json;       // "said": question, answer, question...
};

void golden_read(struct golden_case *c, const char *folder, const char *pictures);
void golden_finish(struct golden_case *c);
