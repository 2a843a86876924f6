// Filling the weights while the pipelines are compiled; a tower that comes and goes.
#include <pthread.h>
#include <time.h>

#include "base/log.h"
#include "engine/engine_internal.h"

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
    struct engine *e = l->engine;
    l->uploaded = weights_upload(e->weights, &l->stop, &l->bytes, &l->upload_error) &&
                  (!e->tower_weights ||
                   weights_upload(e->tower_weights, &l->stop, &l->bytes, &l->upload_error));
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
    e->spare = decoder_state_create(e->decoder, e->info.context, e->cache_type, &l->warm_error);
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

bool engine_load(struct engine *e, struct error *err)
{
    if (!weights_allocate(e->weights, err) ||
        (e->tower_weights && !weights_allocate(e->tower_weights, err)))
        return false;
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
