// What is measured in this process: loading, pictures, prompts, answers, kernels.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench.h"
#include "app/clock.h"
#include "app/interrupt.h"

enum { MOST_PROMPT = 512, ANSWER_TOKENS = 32, BATCH = 128 };

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

// ---- text

static uint32_t vocabulary(const struct bench *b)
{
    return engine_get_info(b->engine)->vocabulary;
}

// Random ids: nothing of them is in the cache, but what the same seed has left there.
static bool prompt(struct bench *b, uint32_t count, uint32_t seed, struct sync_report *report,
                   struct error *e)
{
    int32_t *ids = malloc(count * sizeof(*ids));
    uint32_t state = seed;
    if (!ids)
        return error_no_memory(e);
    for (uint32_t i = 0; i < count; i++)
        ids[i] = (int32_t)(bench_random(&state) % vocabulary(b));
    bool ok = session_sync_ids(b->session, &(struct id_chunk){ids, count}, NULL, 0, report, e);
    free(ids);
    return ok;
}

static bool prompt_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                        struct error *e)
{
    struct sync_report report;
    session_truncate(b->session, 0);
    bool ok = prompt(b, f->count, seed, &report, e);
    *ms = ok ? report.prefill_ms : 0;
    return ok;
}

// Behind the context that measure_answer has made.
static bool answer_once(struct bench *b, const struct bench_figure *f, uint32_t seed, double *ms,
                        struct error *e)
{
    uint32_t state = seed;
    session_truncate(b->session, f->first);
    double start = clock_ms();
    for (uint32_t i = 0; i < f->count; i++) {
        int32_t id = (int32_t)(bench_random(&state) % vocabulary(b));
        if (!bench_go_on(b, f->name, e) || !session_force(b->session, id, e))
            return false;
    }
    *ms = clock_ms() - start;
    return true;
}

// A figure whose last position the context does not hold is named, but not measured.
static bool skip(struct bench *b, struct bench_figure *f)
{
    uint32_t context = engine_get_info(b->engine)->context, need = f->first + f->count;
    if (need <= context)
        return false;
    snprintf(f->skipped, sizeof(f->skipped), "needs a context of %u, there are %u", need, context);
    b->figures[b->n_figures++] = *f;
    return true;
}

static bool measure_prompt(struct bench *b, const char *name, uint32_t count, struct error *e)
{
    struct bench_figure f = {.name = name, .unit = "tokens", .count = count};
    if (skip(b, &f))
        return true;
    f.work = probe_text_work(b->engine, 0, count, 1);
    return bench_measure(b, f, prompt_once, e);
}

static bool measure_answer(struct bench *b, const char *name, uint32_t context, struct error *e)
{
    struct bench_figure f = {
        .name = name, .unit = "tokens", .count = ANSWER_TOKENS, .first = context};
    if (skip(b, &f))
        return true;
    f.work = probe_text_work(b->engine, context, ANSWER_TOKENS, ANSWER_TOKENS);
    return bench_go_on(b, name, e) && (context == 0 || prompt(b, context, 1, NULL, e)) &&
           bench_measure(b, f, answer_once, e);
}

static bool measure_text(struct bench *b, struct error *e)
{
    return measure_prompt(b, "prompt of 1", 1, e) && measure_prompt(b, "prompt of 16", 16, e) &&
           measure_prompt(b, "prompt of 64", 64, e) &&
           measure_prompt(b, "prompt of 512", MOST_PROMPT, e) &&
           measure_answer(b, "answer at 0", 0, e) && measure_answer(b, "answer at 1k", 1024, e) &&
           measure_answer(b, "answer at 3k", 3072, e);
}

// ---- kernels

static bool measure_kernels(struct bench *b, struct error *e)
{
    static const char *const types[] = {"Q4_1", "Q8_0", "Q4_0", "F16"};
    static const uint32_t shapes[][3] = {
        {4096, 1, 4096}, {1536, 1, 576}, {1536, 128, 576}, {1024, 576, 1024}};
    uint32_t runs = 2 * (b->app->options.repeat ? b->app->options.repeat : 5);
    for (size_t t = 0; t < 4; t++) {
        for (size_t s = 0; s < 4; s++) {
            if (!bench_go_on(b, "kernels", e) ||
                !probe_kernel(b->engine, types[t], shapes[s][0], shapes[s][1], shapes[s][2], runs,
                              &b->kernels[b->n_kernels], e))
                return false;
            b->n_kernels++;
        }
    }
    return true;
}

// Once more behind the kernels: the best of two moments is less likely one when the machine was
// busy otherwise.
static bool measure_peaks(struct bench *b, struct error *e)
{
    struct peak_figures now;
    if (!bench_go_on(b, "peaks", e) || !probe_peaks(b->engine, &now, e))
        return false;
    b->peaks = (struct peak_figures){.copy = fmax(b->peaks.copy, now.copy),
                                     .read_storage = fmax(b->peaks.read_storage, now.read_storage),
                                     .read_texel = fmax(b->peaks.read_texel, now.read_texel),
                                     .multiply = fmax(b->peaks.multiply, now.multiply)};
    return true;
}

static bool profile_text(struct bench *b, const char *name, uint32_t columns, struct error *e)
{
    struct bench_profile *p = &b->profiles[b->n_profiles];
    p->name = name;
    if (engine_get_info(b->engine)->context < columns)
        return true;
    b->n_profiles++;
    return bench_go_on(b, name, e) && prompt(b, columns, 1, NULL, e) &&
           probe_text_profile(b->session, columns, &p->figures, e);
}

static bool profile_picture(struct bench *b, struct error *e)
{
    struct bench_profile *p = &b->profiles[b->n_profiles];
    const struct memory_report *m = engine_memory(b->engine);
    if (!m->has_tower || !m->tower_stays)
        return true;
    p->name = "a picture";
    b->n_profiles++;
    return bench_go_on(b, p->name, e) && probe_picture_profile(b->engine, &p->figures, e);
}

bool bench_engine(struct bench *b, struct error *e)
{
    if (!bench_measure(b, (struct bench_figure){.name = "preview of 24 MP"}, preview_once, e) ||
        !bench_measure(b, (struct bench_figure){.name = "load"}, load_once, e))
        return false;
    struct bench_figure encode = {.name = "picture encode", .unit = "pictures", .count = 1};
    if (engine_get_info(b->engine)->sees) {
        encode.work = probe_picture_work(b->engine, BENCH_NOISE_SIDE, BENCH_NOISE_SIDE);
        if (!bench_measure(b, encode, encode_once, e))
            return false;
    }
    b->session = session_create(b->engine, e);
    if (!b->session || !measure_text(b, e))
        return false;
    b->allocated = engine_allocated(b->engine);
    return measure_peaks(b, e) && measure_kernels(b, e) && measure_peaks(b, e) &&
           profile_text(b, "a token", 1, e) && profile_text(b, "a prompt of 128", BATCH, e) &&
           profile_picture(b, e);
}
