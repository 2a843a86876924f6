// The file that keeps what trials have shown: JSON, so that a person can read it.
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/compute/shaders.h"
#include "engine/tune.h"
#include "engine/vk/cache_folder.h"

enum { PATH_ROOM = 4096, SIZE_MOST = 1 << 16 };

static bool file_name(const struct vk_profile *p, char *out, size_t room)
{
    char uuid[2 * sizeof(p->uuid) + 1];
    for (size_t i = 0; i < sizeof(p->uuid); i++)
        snprintf(uuid + 2 * i, 3, "%02x", p->uuid[i]);
    char folder[PATH_ROOM];
    if (!vk_cache_folder(NULL, folder, sizeof(folder)))
        return false;
    int n = snprintf(out, room, "%s/kernels-%s-%" PRIx32 ".json", folder, uuid, p->driver_version);
    return n > 0 && (size_t)n < room;
}

// Of what was tried: it holds no longer when one of them changes.
static void fingerprint(const struct vk_profile *p, char out[64])
{
    snprintf(out, 64, "%016" PRIx64 "-%" PRIx32 "-%" PRIx32 "-%u", shader_fingerprint(),
             p->vendor_id, p->device_id, p->subgroup_size);
}

static void read_times(const json_t *from, const char *const *names, double *ms, double *error,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_object_get(from, names[i]);
        double time = json_number_value(json_object_get(o, "ms"));
        ms[i] = time > 0 ? time : 0;
        if (error)
            error[i] = json_number_value(json_object_get(o, "error"));
    }
}

static void gemm_names(const char *names[GEMM_VARIANTS])
{
    for (enum gemm_variant v = 0; v < GEMM_VARIANTS; v++)
        names[v] = gemm_variant_name(v);
}

static void gemv_names(char text[GEMV_VARIANTS][12], const char *names[GEMV_VARIANTS])
{
    for (uint32_t v = 0; v < GEMV_VARIANTS; v++) {
        snprintf(text[v], sizeof(text[v]), "%u", gemv_threads(v));
        names[v] = text[v];
    }
}

static bool read_figure(const json_t *types, enum quant_type type, struct tune_figure *f)
{
    const json_t *o = json_object_get(types, quant_find(type)->name);
    const char *gemm[GEMM_VARIANTS], *gemv[GEMV_VARIANTS];
    char threads[GEMV_VARIANTS][12];
    gemm_names(gemm);
    gemv_names(threads, gemv);
    *f = (struct tune_figure){.type = type};
    read_times(json_object_get(o, "gemm"), gemm, f->gemm_ms, f->gemm_error, GEMM_VARIANTS);
    read_times(json_object_get(o, "gemv"), gemv, f->gemv_ms, NULL, GEMV_VARIANTS);
    return f->gemm_ms[GEMM_FLOAT] > 0 && f->gemv_ms[0] > 0;
}

size_t tune_recall(const struct vk_profile *p, struct tune_figure *list)
{
    char path[PATH_ROOM + 128], wanted[64];
    if (!file_name(p, path, sizeof(path)))
        return 0;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    const char *kernels = json_string_value(json_object_get(root, "kernels"));
    const json_t *types = json_object_get(root, "types");
    size_t n = 0;
    fingerprint(p, wanted);
    for (uint32_t t = 0; kernels && strcmp(kernels, wanted) == 0 && t < VK_NOTES; t++)
        if (n < TUNE_TYPES && shader_find(SHADER_GEMV, p->shape, t) &&
            read_figure(types, t, &list[n]))
            n++;
    json_decref(root);
    return n;
}

static json_t *times_json(const char *const *names, const double *ms, const double *error, size_t n)
{
    json_t *o = json_object();
    for (size_t i = 0; i < n; i++)
        if (ms[i] > 0)
            json_object_set_new(o, names[i],
                                error ? json_pack("{s:f, s:f}", "ms", ms[i], "error", error[i])
                                      : json_pack("{s:f}", "ms", ms[i]));
    return o;
}

static json_t *figure_json(const struct tune_figure *f)
{
    const char *gemm[GEMM_VARIANTS], *gemv[GEMV_VARIANTS];
    char threads[GEMV_VARIANTS][12];
    gemm_names(gemm);
    gemv_names(threads, gemv);
    return json_pack("{s:o, s:o}", "gemm",
                     times_json(gemm, f->gemm_ms, f->gemm_error, GEMM_VARIANTS), "gemv",
                     times_json(gemv, f->gemv_ms, NULL, GEMV_VARIANTS));
}

void tune_record(const struct vk_profile *p, const struct tune_figure *list, size_t n)
{
    char path[PATH_ROOM + 128], kernels[64];
    if (!file_name(p, path, sizeof(path)))
        return;
    fingerprint(p, kernels);
    json_t *types = json_object();
    for (size_t i = 0; i < n; i++)
        json_object_set_new(types, quant_find(list[i].type)->name, figure_json(&list[i]));
    json_t *root =
        json_pack("{s:s, s:s, s:o}", "device", p->name, "kernels", kernels, "types", types);
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;
    if (text)
        vk_cache_write(path, text, strlen(text), NULL, 0);
    free(text);
    json_decref(root);
}
