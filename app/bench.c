#include "app/bench.h"

#include <stdlib.h>

#include "app/clock.h"
#include "app/interrupt.h"

enum { PROMPT_TOKENS = 16, DECODE_TOKENS = 64, MOST_PROMPT = 512 };

// xorshift: only variety is wanted.
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

bool bench_noise(uint32_t seed, struct buffer *out, struct error *e)
{
    uint32_t state = seed * 2654435761u + 1;
    buffer_clear(out);
    bool ok = buffer_printf(out, "P6\n224 224\n255\n");
    for (int i = 0; ok && i < 224 * 224 * 3; i++) {
        char byte = (char)(next_random(&state) >> 24);
        ok = buffer_add(out, &byte, 1);
    }
    return ok || error_no_memory(e);
}

// One measurement: fills *ms. `seed` differs from call to call.
typedef bool measure_fn(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                        struct error *e);

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool go_on(struct bench *b, const char *name, struct error *e)
{
    char text[80];
    snprintf(text, sizeof(text), "measuring: %s ...", name);
    return progress_show(&b->app->progress, text) || error_set(e, ERROR_INTERRUPTED, "interrupted");
}

// A warm-up, then the repetitions.
static bool measure(struct bench *b, const char *name, const char *unit, uint32_t count,
                    measure_fn *f, struct error *e)
{
    uint32_t n = b->app->options.repeat;
    struct bench_figure *figure = &b->figures[b->n_figures];
    *figure = (struct bench_figure){.name = name, .unit = unit, .count = count};
    for (uint32_t i = 0; i <= n; i++) {
        double unused;
        if (!go_on(b, name, e) || !f(b, figure, i + 1, i ? &b->ms[i - 1] : &unused, e))
            return false;
    }
    qsort(b->ms, n, sizeof(*b->ms), by_value);
    figure->median_ms = b->ms[n / 2];
    figure->spread_ms = b->ms[n - 1] - b->ms[0];
    b->n_figures++;
    return true;
}

// The line on the screen says what is measured, not what the engine is at.
static bool keep_going(void *data, enum phase phase, uint64_t done, uint64_t total)
{
    (void)data;
    (void)phase;
    (void)done;
    (void)total;
    return !interrupt_pending();
}

static bool load_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                      struct error *e)
{
    (void)f;
    (void)seed;
    struct engine_params params = prepare_params(b->app, &b->files);
    params.progress = keep_going;
    engine_destroy(b->engine);
    b->engine = engine_create(&params, e);
    if (b->engine)
        *ms = engine_load_ms(b->engine);
    return b->engine != NULL;
}

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

static bool preview_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                         struct error *e)
{
    (void)b;
    (void)f;
    uint8_t *jpeg;
    size_t size;
    if (!probe_photo(seed, &jpeg, &size, e))
        return false;
    double begun = clock_ms();
    struct picture *p = picture_create(jpeg, size, "photo", e);
    *ms = clock_ms() - begun;
    picture_unref(p);
    free(jpeg);
    return p != NULL;
}

static bool encode_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                        struct error *e)
{
    (void)f;
    struct buffer ppm = {0};
    struct picture *p = NULL;
    float *rows = NULL;
    uint32_t n;
    bool ok = bench_noise(seed, &ppm, e) && (p = picture_create(ppm.data, ppm.size, "noise", e)) &&
              probe_rows(b->engine, p, &rows, &n, ms, e);
    if (ok)
        free(rows);
    picture_unref(p);
    buffer_free(&ppm);
    return ok;
}

// A prompt of random ids, nothing of it in the cache.
static bool prefill(struct bench *b, uint32_t count, uint32_t seed, struct sync_report *report,
                    struct error *e)
{
    int32_t ids[MOST_PROMPT];
    uint32_t state = seed, vocabulary = engine_get_info(b->engine)->vocabulary;
    for (uint32_t i = 0; i < count; i++)
        ids[i] = (int32_t)(next_random(&state) % vocabulary);
    session_truncate(b->session, 0);
    return session_sync_ids(b->session, &(struct id_chunk){ids, count}, NULL, 0, report, e);
}

static bool prefill_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                         struct error *e)
{
    struct sync_report report;
    bool ok = prefill(b, (uint32_t)f->count, seed, &report, e);
    *ms = ok ? report.prefill_ms : 0;
    return ok;
}

static bool decode_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                        struct error *e)
{
    struct sync_report report;
    uint32_t state = seed, vocabulary = engine_get_info(b->engine)->vocabulary;
    if (!prefill(b, PROMPT_TOKENS, seed, &report, e))
        return false;
    double start = clock_ms();
    for (uint32_t i = 0; i < (uint32_t)f->count; i++) {
        int32_t id = (int32_t)(next_random(&state) % vocabulary);
        if (!go_on(b, f->name, e) || !session_force(b->session, id, e))
            return false;
    }
    *ms = clock_ms() - start;
    return true;
}

static bool measure_kernels(struct bench *b, struct error *e)
{
    static const char *const types[] = {"Q4_1", "Q8_0", "Q4_0", "F16"};
    static const uint32_t shapes[][3] = {
        {4096, 1, 4096}, {1536, 1, 576}, {1536, 128, 576}, {1024, 576, 1024}};
    for (size_t t = 0; t < 4; t++) {
        for (size_t s = 0; s < 4; s++) {
            if (!go_on(b, "kernels", e) ||
                !probe_kernel(b->engine, types[t], shapes[s][0], shapes[s][1], shapes[s][2],
                              4 * b->app->options.repeat, &b->kernels[b->n_kernels], e))
                return false;
            b->n_kernels++;
        }
    }
    return true;
}

static bool measure_all(struct bench *b, struct error *e)
{
    if (!measure(b, "start to first token", "", 0, start_once, e) ||
        !measure(b, "start to first paint", "", 0, paint_once, e) ||
        !measure(b, "99 of 100 keys within", "", 0, keys_once, e) ||
        !measure(b, "preview of 24 MP", "", 0, preview_once, e) ||
        !measure(b, "load", "", 0, load_once, e))
        return false;
    if (b->files.mmproj && !measure(b, "picture encode", "pictures", 1, encode_once, e))
        return false;
    b->session = session_create(b->engine, e);
    if (!b->session)
        return false;
    uint32_t context = engine_get_info(b->engine)->context;
    if (context >= 128 && !measure(b, "prefill 128", "tokens", 128, prefill_once, e))
        return false;
    if (context >= MOST_PROMPT &&
        !measure(b, "prefill 512", "tokens", MOST_PROMPT, prefill_once, e))
        return false;
    if (context >= PROMPT_TOKENS + DECODE_TOKENS &&
        !measure(b, "decode 64", "tokens", DECODE_TOKENS, decode_once, e))
        return false;
    return measure_kernels(b, e);
}

bool run_bench(struct app *app, struct error *e)
{
    struct bench b = {.app = app};
    b.ms = calloc(app->options.repeat, sizeof(*b.ms));
    if (!b.ms)
        return error_no_memory(e);
    progress_begin(&app->progress);
    bool ok = prepare_files(app, SIGHT_IF_ANY, &b.files, e) && measure_all(&b, e);
    progress_end(&app->progress);
    ok = ok && bench_report(&b, e);
    session_destroy(b.session);
    engine_destroy(b.engine);
    paths_finish(&b.files);
    free(b.ms);
    return ok;
}
