// What a model needs, and how it is put where there is room.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_internal.h"
#include "engine/memory_plan.h"

enum {
    DEFAULT_CONTEXT = 4096,
    RESERVE = 16, // the part of free memory that is left to others
};

// ---- reserving: who takes how much

bool engine_reserve_tower(struct engine *e, struct error *err)
{
    e->tower_weights = weights_create(e->device, err);
    e->vision =
        e->tower_weights ? vision_create(e->device, e->vision_file, e->tower_weights, err) : NULL;
    return e->vision != NULL;
}

static bool reserve_decoder(struct engine *e, const struct engine_params *p, struct error *err)
{
    uint32_t context = p->context ? p->context : DEFAULT_CONTEXT;
    e->weights = weights_create(e->device, err);
    if (!e->weights)
        return false;
    e->decoder = decoder_create(e->device, e->model_file, e->weights, context, err);
    if (!e->decoder)
        return false;
    const struct decoder_shape *s = decoder_get_shape(e->decoder);
    e->info.context = context < s->context ? context : s->context;
    e->info.embedding = s->width;
    e->info.vocabulary = s->vocabulary;
    return true;
}

bool engine_reserve(struct engine *e, const struct engine_params *p, struct error *err)
{
    if (!reserve_decoder(e, p, err))
        return false;
    if (!e->vision_file)
        return true;
    if (!engine_reserve_tower(e, err))
        return false;
    if (e->traits.projects_to == e->info.embedding)
        return true;
    return error_set(err, ERROR_MODEL,
                     "%s makes rows of %u values, but %s reads %u; they do not belong together, "
                     "give the vision file of this model as --mmproj",
                     gguf_path(e->vision_file), e->traits.projects_to, gguf_path(e->model_file),
                     e->info.embedding);
}

// ---- planning

// A form of the KV cache, unless it cannot be had.
static bool measure_cache(const struct engine *e, uint32_t type, struct memory_needs *n,
                          struct error *err)
{
    struct decoder_sizes d;
    if (!decoder_cache_fits(e->decoder, type))
        return error_set(err, ERROR_USAGE,
                         "the KV cache of this model cannot be held as q8_0: its heads have %u "
                         "values, no multiple of %u; use --kv f16",
                         decoder_get_shape(e->decoder)->head_size, CACHE_UNIT(CACHE_Q8_0));
    if (!decoder_measure(e->decoder, e->info.context, type, &d, err))
        return false;
    n->kv[n->n_kv].type = type;
    n->kv[n->n_kv].layer = d.layer_cache;
    n->kv[n->n_kv].growth = d.growth;
    // A device has some by itself.
    n->kv[n->n_kv++].scratch = d.scratch + vk_device_allocated(e->device).device;
    n->host_scratch = d.host;
    return true;
}

static bool measure_caches(const struct engine *e, enum kv_type want, struct memory_needs *n,
                           struct error *err)
{
    struct error unused; // one form is enough
    if (want != KV_Q8_0 && !measure_cache(e, CACHE_F16, n, err) && want == KV_F16)
        return false;
    if (want != KV_F16 && !measure_cache(e, CACHE_Q8_0, n, n->n_kv > 0 ? &unused : err))
        return n->n_kv > 0;
    return true;
}

bool engine_measure(const struct engine *e, enum kv_type want, uint64_t *layers,
                    struct memory_needs *n, struct error *err)
{
    if (!measure_caches(e, want, n, err))
        return false;
    n->layers = decoder_get_shape(e->decoder)->layers;
    n->layer_weights = layers;
    n->output_weights = weights_size(e->weights);
    for (uint32_t i = 0; i < n->layers; i++) {
        layers[i] = weights_section_size(e->weights, i);
        n->output_weights -= layers[i];
    }
    if (!e->vision)
        return true;
    n->tower_weights = weights_size(e->tower_weights);
    return vision_measure(e->vision, &n->tower_scratch, &n->tower_host_scratch, err);
}

static struct memory_limits limits_of(const struct engine *e, const struct engine_params *p)
{
    const struct vk_profile *v = vk_device_profile(e->device);
    struct memory_limits l = {.device = v->free_memory - v->free_memory / RESERVE,
                              .host = v->free_host - v->free_host / RESERVE,
                              .layers_given = p->layers_given,
                              .device_layers = p->device_layers};
    if (v->one_memory)
        l.together = l.device;
    if (p->device_memory > 0 && p->device_memory < l.device)
        l.device = p->device_memory;
    return l;
}

struct amount {
    char text[24];
};

static struct amount amount(uint64_t bytes)
{
    struct amount a;
    bool large = bytes >= 1 << 30;
    snprintf(a.text, sizeof(a.text), large ? "%.2f GiB" : "%.1f MiB",
             (double)bytes / (large ? 1 << 30 : 1 << 20));
    return a;
}

static void explain_failure(const struct memory_plan *p, const struct memory_limits *l,
                            struct memory_report *r)
{
    const char *advice = l->layers_given && l->device_layers > 0
                             ? "use fewer --gpu-layers, a smaller model or a smaller --ctx-size"
                             : "use a smaller model or a smaller --ctx-size";
    if (r->one_memory && !r->capped)
        snprintf(r->reason, sizeof(r->reason),
                 "not enough memory: the model with a context of %u needs %s, the device %s has %s "
                 "free; %s",
                 r->context, amount(p->needed.device + p->needed.host).text, r->device,
                 amount(r->free.device).text, advice);
    else
        snprintf(r->reason, sizeof(r->reason),
                 "not enough memory: the model with a context of %u needs %s of device memory and "
                 "%s of host memory, there are %s and %s free; %s",
                 r->context, amount(p->needed.device).text, amount(p->needed.host).text,
                 amount(r->free.device).text, amount(r->free.host).text, advice);
}

// What was not asked for is said.
static void explain_choices(enum kv_type want, const struct memory_plan *p,
                            const struct memory_limits *l, struct memory_report *r)
{
    char *at = r->notice, *end = at + sizeof(r->notice);
    bool moved = !l->layers_given && p->device_layers < r->layers;
    bool shrunk = want == KV_AUTO && strcmp(r->kv, "q8_0") == 0;
    if (shrunk)
        at += snprintf(at, (size_t)(end - at), "the KV cache is held as %s%s", r->kv,
                       p->kv == 0 ? " (in f16 a layer's is more than a binding holds)" : "");
    if (r->has_tower && !p->tower_stays)
        at += snprintf(at, (size_t)(end - at),
                       "%sthe picture tower is loaded for each question with new pictures",
                       at > r->notice ? ", " : "");
    if (moved)
        at += snprintf(at, (size_t)(end - at),
                       "%s%u of %u layers lie in host memory, which is slower",
                       at > r->notice ? ", " : "", r->layers - p->device_layers, r->layers);
    if (p->kv > 0 || moved || (r->has_tower && !p->tower_stays))
        snprintf(at, (size_t)(end - at), ": the device has %s for it", amount(l->device).text);
}

static void report(struct engine *e, enum kv_type want, const struct memory_plan *p,
                   const struct memory_limits *l)
{
    const struct vk_profile *v = vk_device_profile(e->device);
    struct memory_report *r = &e->memory;
    *r = (struct memory_report){.fits = p->fits,
                                .layers = decoder_get_shape(e->decoder)->layers,
                                .device_layers = p->device_layers,
                                .context = e->info.context,
                                .kv = e->cache_type == CACHE_Q8_0 ? "q8_0" : "f16",
                                .has_tower = e->vision_file != NULL,
                                .tower_stays = p->tower_stays,
                                .one_memory = v->one_memory,
                                .capped = l->device < v->free_memory - v->free_memory / RESERVE,
                                .weights = p->weights,
                                .cache = p->cache,
                                .scratch = p->scratch,
                                .tower = p->tower,
                                .needed = p->needed,
                                .free = {l->device, l->host}};
    snprintf(r->device, sizeof(r->device), "%s", v->name);
    if (p->fits)
        explain_choices(want, p, l, r);
    else
        explain_failure(p, l, r);
}

static bool check_vocabulary(const struct engine *e, struct error *err)
{
    uint32_t size = tokenizer_size(e->tokenizer);
    if (size <= e->info.vocabulary)
        return true;
    return error_set(err, ERROR_MODEL,
                     "%s: the vocabulary has %u tokens, the output only %u; the file is damaged, "
                     "download it again",
                     gguf_path(e->model_file), size, e->info.vocabulary);
}

bool engine_plan_memory(struct engine *e, const struct engine_params *p, struct error *err)
{
    if (!engine_reserve(e, p, err) || !check_vocabulary(e, err))
        return false;
    uint64_t *layers = calloc(decoder_get_shape(e->decoder)->layers, sizeof(*layers));
    struct memory_needs needs = {0};
    bool ok = layers ? engine_measure(e, p->kv, layers, &needs, err) : error_no_memory(err);
    if (ok) {
        struct memory_limits limits = limits_of(e, p);
        struct memory_plan plan = memory_plan_make(&needs, &limits);
        e->cache_type = needs.kv[plan.kv].type;
        report(e, p->kv, &plan, &limits);
        decoder_place(e->decoder, e->weights, plan.device_layers);
        engine_drop_tower(e);
    }
    free(layers);
    return ok;
}
