// What `devices` shows of the trials of kernels.
#include <stdio.h>
#include <stdlib.h>

#include "engine/compute/shaders.h"
#include "engine/engine_internal.h"
#include "engine/tune.h"

_Static_assert((int)PROBE_GEMMS == GEMM_VARIANTS && (int)PROBE_GEMVS == GEMV_VARIANTS, "all");

static void show(struct vk_device *d, const struct tune_figure *f, struct probe_trial *out)
{
    *out = (struct probe_trial){.n_gemm = 0};
    snprintf(out->type, sizeof(out->type), "%s", quant_find(f->type)->name);
    for (enum gemm_variant v = 0; v < GEMM_VARIANTS; v++) {
        if (f->gemm_ms[v] == 0)
            continue;
        struct probe_variant *to = &out->gemm[out->n_gemm++];
        *to = (struct probe_variant){.ms = f->gemm_ms[v],
                                     .error = f->gemm_error[v],
                                     .picked = v == gemm_variant(d, f->type)};
        snprintf(to->name, sizeof(to->name), "%s", gemm_variant_name(v));
    }
    for (uint32_t v = 0; v < GEMV_VARIANTS; v++) {
        if (f->gemv_ms[v] == 0)
            continue;
        struct probe_variant *to = &out->gemv[out->n_gemv++];
        *to = (struct probe_variant){.ms = f->gemv_ms[v], .picked = v == gemv_variant(d, f->type)};
        snprintf(to->name, sizeof(to->name), "%u", gemv_threads(v));
    }
}

struct watcher {
    progress_fn *progress;
    void *data;
};

static bool step(void *data, size_t done, size_t total, struct error *e)
{
    const struct watcher *w = data;
    return w->progress(w->data, PHASE_TRY, done, total) ||
           error_set(e, ERROR_INTERRUPTED, "stopped");
}

static bool read_trials(struct vk_device *d, bool measure, struct watcher *w,
                        struct probe_trial **out, size_t *n, struct error *e)
{
    const struct vk_profile *p = vk_device_profile(d);
    enum quant_type types[TUNE_TYPES];
    struct tune_figure figures[TUNE_TYPES];
    size_t n_types = 0;
    for (uint32_t t = 0; t < VK_NOTES && n_types < TUNE_TYPES; t++)
        if (shader_find(SHADER_GEMV, p->shape, t))
            types[n_types++] = t;
    if (measure && tune_chooses(p))
        tune_record(p, NULL, 0);
    if (!tune_device(d, types, n_types, measure, step, w, e))
        return false;
    *n = tune_chooses(p) ? tune_recall(p, figures) : 0;
    *out = calloc(*n > 0 ? *n : 1, sizeof(**out));
    for (size_t i = 0; *out && i < *n; i++)
        show(d, &figures[i], &(*out)[i]);
    return *out || error_no_memory(e);
}

bool probe_trials(const char *want, bool measure, progress_fn *progress, void *data,
                  struct probe_trial **out, size_t *n, struct error *e)
{
    struct watcher w = {progress, data};
    struct vk_device *d = vk_device_open(want, e);
    bool ok = d && read_trials(d, measure, &w, out, n, e);
    vk_device_close(d);
    return ok;
}
