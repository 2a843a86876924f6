// Filling the weights while the pipelines are compiled; a tower that comes and goes.
#include <pthread.h>
#include <time.h>

#include "base/log.h"
#include "engine/engine_internal.h"

// Threads work while the caller's shows progress: one fills the weights (with others), two record
// and compile, one makes the pixels of the pictures that will be asked about.
struct loading {
    struct engine *engine;
    const struct engine_params *params;
    atomic_bool stop;
    atomic_uint_fast64_t bytes;
    atomic_int running;
};

enum { WORKERS = 4 };

struct worker {
    struct loading *loading;
    const char *what;
    bool (*work)(struct loading *l, struct error *err);
    pthread_t thread;
    bool ok;
    struct error error;
};

static bool upload(struct loading *l, struct error *err)
{
    struct engine *e = l->engine;
    return weights_upload(e->weights, &l->stop, &l->bytes, err) &&
           (!e->tower_weights || weights_upload(e->tower_weights, &l->stop, &l->bytes, err));
}

static bool warm_decoder(struct loading *l, struct error *err)
{
    struct engine *e = l->engine;
    e->spare = decoder_state_create(e->decoder, e->info.context, e->cache_type, err);
    return e->spare && decoder_warm(e->spare, &l->stop, err);
}

static bool warm_tower(struct loading *l, struct error *err)
{
    return !l->engine->vision || vision_warm(l->engine->vision, &l->stop, err);
}

static bool prepare_pictures(struct loading *l, struct error *err)
{
    (void)err;
    engine_prepare_pictures(l->engine, l->params->pictures, l->params->n_pictures, &l->stop);
    return true;
}

static void *work(void *data)
{
    struct worker *w = data;
    double start = clock_ms();
    w->ok = w->work(w->loading, &w->error);
    log_debug("%s ready in %.0f ms", w->what, clock_ms() - start);
    if (!w->ok)
        atomic_store(&w->loading->stop, true);
    atomic_fetch_sub(&w->loading->running, 1);
    return NULL;
}

static bool watch(struct loading *l, struct error *err)
{
    const struct engine *e = l->engine;
    uint64_t total =
        weights_bytes(e->weights) + (e->tower_weights ? weights_bytes(e->tower_weights) : 0);
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

// The one that told the others to stop, if any.
static const struct worker *first_failed(const struct worker *workers)
{
    const struct worker *failed = NULL;
    for (int i = WORKERS; i-- > 0;)
        if (!workers[i].ok && (!failed || workers[i].error.kind != ERROR_INTERRUPTED))
            failed = &workers[i];
    return failed;
}

bool engine_load(struct engine *e, const struct engine_params *p, struct error *err)
{
    if (!weights_allocate(e->weights, err) ||
        (e->tower_weights && !weights_allocate(e->tower_weights, err)))
        return false;
    struct loading l = {.engine = e, .params = p, .running = WORKERS};
    struct worker workers[WORKERS] = {
        {.loading = &l, .what = "weights", .work = upload},
        {.loading = &l, .what = "decoder", .work = warm_decoder},
        {.loading = &l, .what = "tower", .work = warm_tower},
        {.loading = &l, .what = "pictures", .work = prepare_pictures}};
    int started = 0;
    while (started < WORKERS &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    if (started < WORKERS) {
        atomic_store(&l.stop, true);
        atomic_fetch_sub(&l.running, WORKERS - started);
    }
    bool ok = watch(&l, err);
    for (int i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    if (started < WORKERS)
        return error_set(err, ERROR_RUNTIME,
                         "cannot start a thread; this machine is out of resources");
    if (!ok)
        return false;
    const struct worker *failed = first_failed(workers);
    if (failed)
        return error_set(err, failed->error.kind, "%s", failed->error.text);
    vk_pipelines_save(e->device);
    return true;
}

// ---- a tower that does not stay

// The KV cache may not have grown into the room yet.
static enum vk_memory place_of_tower(const struct engine *e)
{
    uint64_t used = vk_device_allocated(e->device).device;
    uint64_t needs = weights_size(e->tower_weights) + e->memory.tower.device;
    return used + needs <= e->memory.free.device ? VK_MEMORY_DEVICE : VK_MEMORY_UPLOAD;
}

bool engine_load_tower(struct engine *e, const atomic_bool *stop, struct error *err)
{
    if (e->vision)
        return true;
    bool ok = engine_reserve_tower(e, err);
    enum vk_memory place = ok ? place_of_tower(e) : VK_MEMORY_DEVICE;
    for (size_t i = 0; ok && i < weights_sections(e->tower_weights); i++)
        weights_place(e->tower_weights, i, place);
    ok = ok && weights_allocate(e->tower_weights, err) &&
         weights_upload(e->tower_weights, stop, NULL, err);
    if (!ok)
        engine_drop_tower(e);
    return ok;
}

void engine_drop_tower(struct engine *e)
{
    if (e->memory.tower_stays)
        return;
    vision_destroy(e->vision);
    weights_destroy(e->tower_weights);
    e->vision = NULL;
    e->tower_weights = NULL;
}
