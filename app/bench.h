// pumice bench: what is measured and how often (bench.c), in this process (bench_engine.c), a whole
// answer in a process of its own (bench_start.c), the full screen in one (bench_screen.c); the
// report (bench_json.c, bench_report.c) and how it differs from an earlier one (bench_compare.c).
// All times are milliseconds.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app.h"
#include "engine/probe.h"
#include "engine/probe_bench.h"

enum {
    BENCH_MOST_FIGURES = 20,
    BENCH_MOST_KERNELS = 32,
    BENCH_PROFILES = 3,
    BENCH_NOISE_SIDE = 224
};

// Of the runs of one figure: the median, the middle half (low to high), the extremes.
struct bench_times {
    uint32_t runs;
    double median, low, high, least, most;
};
// Sorts `ms`; n > 0.
struct bench_times bench_summarize(double *ms, uint32_t n);

struct bench_figure {
    const char *name;
    const char *unit; // of what is counted: "tokens", "pictures", "" for a plain time
    uint32_t count;   // of these in one run
    uint32_t first;   // tokens: the position of the first
    char skipped[80]; // why it was not measured; "": it was
    struct work work; // of one run; 0: unknown
    struct bench_times ms;
};

struct bench_profile {
    const char *name;
    struct plan_figures figures;
};

struct bench {
    struct app *app;
    struct model_files files;
    struct probe_device device;
    struct engine *engine;
    struct session *session;
    double *ms; // room for the runs of one figure
    struct bench_figure figures[BENCH_MOST_FIGURES];
    size_t n_figures;
    struct peak_figures peaks;
    struct kernel_figure kernels[BENCH_MOST_KERNELS];
    size_t n_kernels;
    struct bench_profile profiles[BENCH_PROFILES];
    size_t n_profiles;
    uint64_t answer_memory;      // peak of the process that gave one answer, bytes
    struct memory_use allocated; // by the engine, in buffers
};

// One run: fills *ms. `seed` differs from call to call.
typedef bool measure_fn(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                        struct error *e);
// A figure of one warm-up and the runs that the options say; fewer, but three, of what takes long
// when they say nothing.
bool bench_measure(struct bench *b, struct bench_figure figure, measure_fn *f, struct error *e);
// Shows what is measured. False: interrupted.
bool bench_go_on(struct bench *b, const char *name, struct error *e);
// xorshift: only variety is wanted.
uint32_t bench_random(uint32_t *state);

// All that is measured in this process, from loading on; b->engine and b->session are left to the
// caller.
bool bench_engine(struct bench *b, struct error *e);

// One answer about a picture in a fresh process: from its start to the first byte of the answer.
bool bench_start_once(struct bench *b, uint32_t seed, double *ms, struct error *e);

// The full screen in a fresh process, from its start until it asks for a question.
bool bench_paint_once(struct bench *b, double *ms, struct error *e);
// From a key to its character on the screen while an answer is written: the slowest but one of 100.
bool bench_keys_once(struct bench *b, double *ms, struct error *e);

// A PPM picture of noise, BENCH_NOISE_SIDE squared: one that nobody has seen before, for each seed.
bool bench_noise(uint32_t seed, struct buffer *out, struct error *e);

// ---- reports

json_t *bench_json(struct bench *b); // NULL: no memory
// `old`: an earlier report to compare with, or NULL; ERROR_RUNTIME where something became slower.
bool bench_report(struct bench *b, const json_t *old, struct error *e);
double bench_best_read(const struct peak_figures *p); // GB/s

// ---- comparing with an earlier report

struct bench_comparison {
    json_t *rows;    // [{name, old_ms, new_ms, ratio, verdict: "slower" | "faster" | ""}]
    json_t *peaks;   // [{name, old, new, ratio}]: of the machine itself, which are not judged
    json_t *differs; // ["the device was ..., is ..."]: then nothing counts as slower
    size_t slower;
};
// A report of `bench --json` from a file. NULL: it is none (ERROR_USAGE).
json_t *bench_read_report(const char *path, struct error *e);
// Slower or faster: the middle halves of the runs do not meet, and the medians are 5 % apart.
bool bench_compare(const json_t *old, const json_t *new, struct bench_comparison *out,
                   struct error *e);
void bench_comparison_finish(struct bench_comparison *c);
void bench_comparison_text(const struct bench_comparison *c, struct buffer *out);
