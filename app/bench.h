// pumice bench: measuring (bench.c), a whole answer in a process of its own (bench_start.c), the
// full screen in one (bench_screen.c) and the report (bench_report.c). All times are milliseconds.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app.h"
#include "engine/probe.h"

enum { BENCH_MOST_FIGURES = 12, BENCH_MOST_KERNELS = 32 };

struct bench_figure {
    const char *name;
    const char *unit;            // of what is counted: "tokens", "pictures", "" for a plain time
    double count;                // of these in one measurement
    double median_ms, spread_ms; // spread: slowest - fastest
};

struct bench {
    struct app *app;
    struct model_files files;
    struct engine *engine;
    struct session *session;
    double *ms; // room for the repetitions of one figure
    struct bench_figure figures[BENCH_MOST_FIGURES];
    size_t n_figures;
    struct kernel_figure kernels[BENCH_MOST_KERNELS];
    size_t n_kernels;
    uint64_t answer_memory; // peak of the process that gave one answer, bytes
};

// One answer about a picture in a fresh process: from its start to the first byte of the answer.
bool bench_start_once(struct bench *b, uint32_t seed, double *ms, struct error *e);

// The full screen in a fresh process, from its start until it asks for a question.
bool bench_paint_once(struct bench *b, double *ms, struct error *e);
// From a key to its character on the screen while an answer is written: the slowest but one of 100.
bool bench_keys_once(struct bench *b, double *ms, struct error *e);

// A PPM picture of noise, 224 x 224: one that nobody has seen before, for each seed.
bool bench_noise(uint32_t seed, struct buffer *out, struct error *e);

bool bench_report(struct bench *b, struct error *e);
