#include "app/bench.h"

#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "base/log.h"

// Unless the options say how many runs: five, or what time allows, at least three.
enum { RUNS = 5, LEAST_RUNS = 3, FIGURE_MS = 4000 };

uint32_t bench_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

bool bench_noise(uint32_t seed, struct buffer *out, struct error *e)
{
    uint32_t state = seed * 2654435761u + 1;
    buffer_clear(out);
    bool ok = buffer_printf(out, "P6\n%d %d\n255\n", BENCH_NOISE_SIDE, BENCH_NOISE_SIDE);
    for (int i = 0; ok && i < BENCH_NOISE_SIDE * BENCH_NOISE_SIDE * 3; i++) {
        char byte = (char)(bench_random(&state) >> 24);
        ok = buffer_add(out, &byte, 1);
    }
    return ok || error_no_memory(e);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Between two runs where the place falls between them.
static double quantile(const double *ms, uint32_t n, double part)
{
    double at = part * (n - 1);
    uint32_t i = (uint32_t)at;
    return i + 1 < n ? ms[i] + (at - i) * (ms[i + 1] - ms[i]) : ms[i];
}

struct bench_times bench_summarize(double *ms, uint32_t n)
{
    qsort(ms, n, sizeof(*ms), by_value);
    return (struct bench_times){.runs = n,
                                .median = quantile(ms, n, 0.5),
                                .low = quantile(ms, n, 0.25),
                                .high = quantile(ms, n, 0.75),
                                .least = ms[0],
                                .most = ms[n - 1]};
}

bool bench_go_on(struct bench *b, const char *name, struct error *e)
{
    char text[80];
    snprintf(text, sizeof(text), "measuring: %s ...", name);
    return progress_show(&b->app->progress, text) || error_set(e, ERROR_INTERRUPTED, "interrupted");
}

bool bench_measure(struct bench *b, struct bench_figure figure, measure_fn *f, struct error *e)
{
    uint32_t wanted = b->app->options.repeat, n = 0;
    double begun = clock_ms(), unused;
    for (uint32_t i = 0; i <= (wanted ? wanted : RUNS); i++) {
        if (!wanted && n >= LEAST_RUNS && clock_ms() - begun > FIGURE_MS)
            break;
        if (!bench_go_on(b, figure.name, e) ||
            !f(b, &figure, i + 1, i ? &b->ms[i - 1] : &unused, e))
            return false;
        n = i;
    }
    log_debug("%s: measured in %.0f ms", figure.name, clock_ms() - begun);
    figure.ms = bench_summarize(b->ms, n);
    b->figures[b->n_figures++] = figure;
    return true;
}

// ---- what a person waits for, in processes of their own

static bool start_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                       struct error *e)
{
    (void)f;
    return bench_start_once(b, seed, ms, e);
}

static bool paint_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                       struct error *e)
{
    (void)f;
    (void)seed;
    return bench_paint_once(b, ms, e);
}

static bool keys_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                      struct error *e)
{
    (void)f;
    (void)seed;
    return bench_keys_once(b, ms, e);
}

static bool measure_all(struct bench *b, struct error *e)
{
    return bench_measure(b, (struct bench_figure){.name = "start to first token"}, start_once, e) &&
           bench_measure(b, (struct bench_figure){.name = "start to first paint"}, paint_once, e) &&
           bench_measure(b, (struct bench_figure){.name = "99 of 100 keys within"}, keys_once, e) &&
           bench_engine(b, e);
}

static bool find_device(struct bench *b, struct error *e)
{
    struct probe_device *list;
    size_t n;
    if (!probe_devices(b->app->options.device, &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (list[i].chosen)
            b->device = list[i];
    free(list);
    return true;
}

bool run_bench(struct app *app, struct error *e)
{
    struct bench b = {.app = app};
    json_t *old = NULL;
    // An old report that cannot be read is to be known before minutes of measuring.
    if (app->options.compare && !(old = bench_read_report(app->options.compare, e)))
        return false;
    b.ms = calloc(app->options.repeat ? app->options.repeat : RUNS, sizeof(*b.ms));
    progress_begin(&app->progress);
    bool ok = (b.ms || error_no_memory(e)) && find_device(&b, e) &&
              prepare_files(app, SIGHT_IF_ANY, &b.files, e) && measure_all(&b, e);
    progress_end(&app->progress);
    ok = ok && bench_report(&b, old, e);
    json_decref(old);
    session_destroy(b.session);
    engine_destroy(b.engine);
    paths_finish(&b.files);
    free(b.ms);
    return ok;
}
