#include "engine/tune.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/trial.h"

enum { RUNS = 5 };
static const double run_ms = 4, margin = 0.95;
// Where the bytes of x are worth their error: what a product of dot.comp may have (NMSE).
static const double most_error = 5e-4;

// As the products of a 7B model; a processor that pretends to be a GPU gets less to do.
static const struct trial_shape gemm_gpu = {1024, 512, 4096, 0}, gemm_cpu = {128, 64, 512, 0};
static const struct trial_shape gemv_gpu = {4096, 1, 4096, 128 << 20}, gemv_cpu = {512, 1, 512, 0};

bool tune_chooses(const struct vk_profile *p)
{
    const char *wanted = getenv("PUMICE_GEMM");
    if (p->shape != VK_SHAPE_GPU || (wanted && strcmp(wanted, "measure") != 0))
        return false;
    return p->type != VK_TYPE_CPU || wanted;
}

enum gemm_variant tune_gemm(const struct tune_figure *f)
{
    enum gemm_variant best = GEMM_FLOAT;
    double least = margin * f->gemm_ms[best];
    for (enum gemm_variant v = best + 1; v < GEMM_VARIANTS; v++)
        if (f->gemm_ms[v] > 0 && f->gemm_ms[v] < least && f->gemm_error[v] <= most_error) {
            best = v;
            least = f->gemm_ms[v];
        }
    return best;
}

uint32_t tune_gemv(const struct tune_figure *f)
{
    uint32_t best = 0;
    double least = margin * f->gemv_ms[best];
    for (uint32_t v = 1; v < GEMV_VARIANTS; v++)
        if (f->gemv_ms[v] > 0 && f->gemv_ms[v] < least) {
            best = v;
            least = f->gemv_ms[v];
        }
    return best;
}

// Milliseconds of a product with what is picked now, the best of some runs.
static bool time_trial(struct trial *t, double *ms, struct error *e)
{
    uint32_t times;
    double best = 0, now;
    if (!trial_fit(t, run_ms, &times, e))
        return false;
    for (int i = 0; i < RUNS; i++) {
        if (!trial_run(t, &now, e))
            return false;
        best = i == 0 || now < best ? now : best;
    }
    *ms = best / times;
    return true;
}

static double error_of(const float *y, const float *reference, size_t n)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)y[i] - reference[i];
        difference += d * d;
        size += (double)reference[i] * reference[i];
    }
    return difference / size; // NaN where y has one: then it is not <= anything
}

static bool try_gemv(struct vk_device *d, const struct quant *q, struct tune_figure *f,
                     struct error *e)
{
    bool cpu = vk_device_profile(d)->type == VK_TYPE_CPU;
    struct trial *t = trial_create(d, q, cpu ? &gemv_cpu : &gemv_gpu, e);
    bool ok = t != NULL;
    for (uint32_t v = 0; ok && v < GEMV_VARIANTS; v++) {
        if (gemv_threads(v) < vk_device_profile(d)->subgroup_size ||
            gemv_threads(v) > vk_device_profile(d)->most_invocations)
            continue;
        gemv_variant_pick(d, q->type, v);
        ok = time_trial(t, &f->gemv_ms[v], e);
    }
    trial_destroy(t);
    return ok;
}

// One that fails leaves a 0.
static void try_variant(struct trial *t, struct vk_device *d, enum gemm_variant v,
                        const float *reference, size_t n, struct tune_figure *f)
{
    struct error e = {0};
    gemm_variant_pick(d, f->type, v);
    const float *y = trial_result(t, &e);
    if (y) {
        f->gemm_error[v] = error_of(y, reference, n);
        time_trial(t, &f->gemm_ms[v], &e);
    }
    if (e.text[0])
        log_warning("the %s kernel is not used: %s", gemm_variant_name(v), e.text);
}

static bool try_gemm(struct vk_device *d, const struct quant *q, struct tune_figure *list, size_t n,
                     struct error *e)
{
    const struct vk_profile *p = vk_device_profile(d);
    const struct trial_shape *s = p->type == VK_TYPE_CPU ? &gemm_cpu : &gemm_gpu;
    struct tune_figure *f = &list[n - 1];
    size_t count = (size_t)s->rows * s->columns;
    gemm_variant_pick(d, q->type, GEMM_FLOAT);
    struct trial *t = trial_create(d, q, s, e);
    float *reference = malloc(count * sizeof(*reference));
    const float *y = t && reference ? trial_result(t, e) : NULL;
    bool ok = y != NULL;
    if (t && !reference)
        error_no_memory(e);
    if (ok) {
        memcpy(reference, y, count * sizeof(*reference));
        ok = time_trial(t, &f->gemm_ms[GEMM_FLOAT], e);
    }
    // Should a driver not survive what comes now, the next start finds these and does not try
    // again.
    if (ok)
        tune_record(p, list, n);
    for (enum gemm_variant v = GEMM_FLOAT + 1; ok && v < GEMM_VARIANTS; v++)
        if (gemm_variant_possible(p, v, q->type))
            try_variant(t, d, v, reference, count, f);
    trial_destroy(t);
    free(reference);
    return ok;
}

// Adds the figures of a type to the list.
static bool measure(struct vk_device *d, enum quant_type type, struct tune_figure *list, size_t *n,
                    struct error *e)
{
    const struct quant *q = quant_find(type);
    struct tune_figure *f = &list[(*n)++];
    *f = (struct tune_figure){.type = type};
    if (!try_gemv(d, q, f, e) || !try_gemm(d, q, list, *n, e))
        return false;
    tune_record(vk_device_profile(d), list, *n);
    return true;
}

static const struct tune_figure *find(const struct tune_figure *list, size_t n,
                                      enum quant_type type)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].type == type)
            return &list[i];
    return NULL;
}

bool tune_device(struct vk_device *d, const enum quant_type *types, size_t n, bool measure_new,
                 tune_step *step, void *data, struct error *e)
{
    const struct vk_profile *p = vk_device_profile(d);
    struct tune_figure list[TUNE_TYPES];
    if (!tune_chooses(p))
        return true;
    size_t known = tune_recall(p, list);
    for (size_t i = 0; i < n; i++) {
        const struct tune_figure *f = find(list, known, types[i]);
        if (!f && measure_new && known < TUNE_TYPES) {
            if (!step(data, i, n, e) || !measure(d, types[i], list, &known, e))
                return false;
            f = &list[known - 1];
        }
        if (!f)
            continue;
        gemm_variant_pick(d, types[i], tune_gemm(f));
        gemv_variant_pick(d, types[i], tune_gemv(f));
        log_debug("%s: gemm %s, gemv of %u threads", quant_find(types[i])->name,
                  gemm_variant_name(tune_gemm(f)), gemv_threads(tune_gemv(f)));
    }
    return true;
}
