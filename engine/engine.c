#include "engine/engine_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/utf8.h"

enum { DEFAULT_CONTEXT = 4096 };

double clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

bool engine_progress(struct engine *e, enum phase phase, uint64_t done, uint64_t total,
                     struct error *err)
{
    if (!e->progress || e->progress(e->progress_data, phase, done, total))
        return true;
    return error_set(err, ERROR_INTERRUPTED, "stopped");
}

// ---- files

static const struct template *find_template(const char *name, struct error *err)
{
    const struct template *found = template_find(name);
    char names[256] = "";
    size_t used = 0;
    if (found)
        return found;
    for (size_t i = 0; i < template_count() && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
                                 template_name(template_at(i)));
    error_set(err, ERROR_USAGE, "there is no chat template \"%s\": choose one of %s", name, names);
    return NULL;
}

bool engine_open_files(struct engine *e, const struct engine_params *p, struct error *err)
{
    e->model_file = gguf_open(p->model, err);
    if (!e->model_file)
        return false;
    if (p->mmproj) {
        e->vision_file = gguf_open(p->mmproj, err);
        if (!e->vision_file || !vision_read_traits(e->vision_file, &e->traits, err))
            return false;
    }
    // First what kind of file it is: any other would be refused for some detail that it lacks.
    if (!decoder_check_architecture(e->model_file, err))
        return false;
    e->tokenizer = tokenizer_create(e->model_file, err);
    if (!e->tokenizer)
        return false;
    e->template =
        p->chat_template ? find_template(p->chat_template, err) : template_detect(e->model_file);
    return e->template != NULL;
}

// A name for people: general.name, else the file's.
static void name_model(const struct engine *e, char *out, size_t room)
{
    struct gguf_string name;
    if (gguf_get_string(e->model_file, "general.name", &name) && name.size > 0) {
        utf8_clean(out, room, name.data, name.size);
        return;
    }
    const char *path = gguf_path(e->model_file), *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    utf8_clean(out, room, base, strlen(base));
}

// ---- the device's part

static bool reserve(struct engine *e, const struct engine_params *p, struct error *err)
{
    e->weights = weights_create(e->device, err);
    if (!e->weights)
        return false;
    uint32_t context = p->context ? p->context : DEFAULT_CONTEXT;
    e->decoder = decoder_create(e->device, e->model_file, e->weights, context, err);
    if (!e->decoder)
        return false;
    const struct decoder_shape *s = decoder_get_shape(e->decoder);
    if (s->vocabulary < tokenizer_size(e->tokenizer))
        return error_set(
            err, ERROR_MODEL,
            "%s: the vocabulary has %u tokens, the output only %u; the file is damaged",
            gguf_path(e->model_file), tokenizer_size(e->tokenizer), s->vocabulary);
    e->info.context = context < s->context ? context : s->context;
    e->info.embedding = s->width;
    e->info.vocabulary = s->vocabulary;
    if (!e->vision_file)
        return true;
    e->vision = vision_create(e->device, e->vision_file, e->weights, err);
    if (!e->vision)
        return false;
    if (e->traits.projects_to != s->width)
        return error_set(err, ERROR_MODEL,
                         "%s makes rows of %u values, but %s reads %u; they do not belong "
                         "together, give the vision "
                         "file of this model as --mmproj",
                         gguf_path(e->vision_file), e->traits.projects_to, gguf_path(e->model_file),
                         s->width);
    return true;
}

// Before anything large is touched: does it fit?
static bool check_memory(const struct engine *e, struct error *err)
{
    const struct vk_profile *p = vk_device_profile(e->device);
    uint64_t need = weights_bytes(e->weights) + decoder_cache_size(e->decoder, e->info.context);
    if (need <= p->free_memory)
        return true;
    return error_set(err, ERROR_DEVICE,
                     "not enough memory: the model with a context of %u needs %.1f GiB, %s has "
                     "%.1f GiB free; use a "
                     "smaller model or a smaller --ctx-size",
                     e->info.context, (double)need / (1 << 30), p->name,
                     (double)p->free_memory / (1 << 30));
}

// Two threads work while the caller's shows progress: one fills the weights, one records and
// compiles.
struct loading {
    struct engine *engine;
    atomic_bool stop;
    atomic_uint_fast64_t bytes;
    atomic_int running;
    bool uploaded, warmed;
    struct error upload_error, warm_error;
};

static void *upload(void *data)
{
    struct loading *l = data;
    double start = clock_ms();
    l->uploaded = weights_upload(l->engine->weights, &l->stop, &l->bytes, &l->upload_error);
    log_debug("weights uploaded in %.0f ms", clock_ms() - start);
    if (!l->uploaded)
        atomic_store(&l->stop, true);
    atomic_fetch_sub(&l->running, 1);
    return NULL;
}

static void *warm(void *data)
{
    struct loading *l = data;
    struct engine *e = l->engine;
    double start = clock_ms();
    e->spare = decoder_state_create(e->decoder, e->info.context, &l->warm_error);
    l->warmed = e->spare && (!e->vision || vision_warm(e->vision, &l->stop, &l->warm_error)) &&
                decoder_warm(e->spare, &l->stop, &l->warm_error);
    log_debug("pipelines ready in %.0f ms", clock_ms() - start);
    if (!l->warmed)
        atomic_store(&l->stop, true);
    atomic_fetch_sub(&l->running, 1);
    return NULL;
}

static bool watch(struct loading *l, struct error *err)
{
    uint64_t total = weights_bytes(l->engine->weights);
    bool ok = true;
    while (atomic_load(&l->running) > 0) {
        if (ok && !engine_progress(l->engine, PHASE_LOAD, atomic_load(&l->bytes), total, err)) {
            ok = false;
            atomic_store(&l->stop, true);
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return ok;
}

static bool load(struct engine *e, struct error *err)
{
    struct loading l = {.engine = e, .running = 2};
    pthread_t threads[2];
    void *(*work[2])(void *) = {upload, warm};
    int started = 0;
    while (started < 2 && pthread_create(&threads[started], NULL, work[started], &l) == 0)
        started++;
    if (started < 2) {
        atomic_store(&l.stop, true);
        atomic_fetch_sub(&l.running, 2 - started);
    }
    bool ok = watch(&l, err);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (started < 2)
        return error_set(err, ERROR_RUNTIME,
                         "cannot start a thread; this machine is out of resources");
    if (!ok)
        return false;
    // The one that failed first told the other to stop.
    const struct error *why = !l.uploaded && l.upload_error.kind != ERROR_INTERRUPTED
                                  ? &l.upload_error
                              : !l.warmed ? &l.warm_error
                                          : &l.upload_error;
    if (!l.uploaded || !l.warmed)
        return error_set(err, why->kind, "%s", why->text);
    vk_pipelines_save(e->device);
    return true;
}

struct engine *engine_create(const struct engine_params *p, struct error *err)
{
    double start = clock_ms();
    struct engine *e = calloc(1, sizeof(*e));
    if (!e) {
        error_no_memory(err);
        return NULL;
    }
    e->progress = p->progress;
    e->progress_data = p->progress_data;
    if (!engine_progress(e, PHASE_LOAD, 0, 1, err) || !engine_open_files(e, p, err))
        goto fail;
    log_debug("files open after %.0f ms", clock_ms() - start);
    e->device = vk_device_open(p->device, err);
    if (!e->device)
        goto fail;
    log_debug("device open after %.0f ms", clock_ms() - start);
    if (!reserve(e, p, err) || !check_memory(e, err) || !weights_allocate(e->weights, err) ||
        !load(e, err))
        goto fail;
    name_model(e, e->info.model, sizeof(e->info.model));
    snprintf(e->info.device, sizeof(e->info.device), "%s", vk_device_profile(e->device)->name);
    e->info.chat_template = template_name(e->template);
    e->info.sees = e->vision != NULL;
    e->info.weight_bytes = weights_bytes(e->weights);
    e->load_ms = clock_ms() - start;
    return e;

fail:
    engine_destroy(e);
    return NULL;
}

void engine_destroy(struct engine *e)
{
    if (!e)
        return;
    while (e->rows) {
        struct picture_rows *next = e->rows->next;
        free(e->rows->values);
        free(e->rows);
        e->rows = next;
    }
    decoder_state_destroy(e->spare);
    vision_destroy(e->vision);
    decoder_destroy(e->decoder);
    weights_destroy(e->weights);
    vk_device_close(e->device);
    tokenizer_destroy(e->tokenizer);
    gguf_close(e->vision_file);
    gguf_close(e->model_file);
    free(e);
}

const struct engine_info *engine_get_info(const struct engine *e)
{
    return &e->info;
}

uint32_t engine_picture_rows(const struct engine *e, const struct picture *p)
{
    if (!e->vision_file)
        return 0;
    uint32_t width, height;
    picture_size(p, &width, &height);
    return vision_picture_rows(&e->traits, width, height);
}
