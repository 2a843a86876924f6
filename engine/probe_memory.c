// What `--dry-run`, `models check` and the tests see of memory.
#include <stdio.h>
#include <stdlib.h>

#include "engine/engine_internal.h"

bool probe_memory(const struct engine_params *p, struct memory_report *out, struct error *e)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (!engine)
        return error_no_memory(e);
    bool ok = engine_open_files(engine, p, e) && (engine->device = vk_device_open(p->device, e)) &&
              engine_tune(engine, false, e) && engine_plan_memory(engine, p, e);
    *out = engine->memory;
    engine_destroy(engine);
    return ok;
}

static bool measure_tower(struct engine *engine, const char *mmproj, const char *device,
                          struct tower_memory *out, struct error *e)
{
    engine->vision_file = gguf_open(mmproj, e);
    if (!engine->vision_file || !(engine->device = vk_device_open(device, e)) ||
        !engine_tune(engine, false, e) || !engine_reserve_tower(engine, e) ||
        !vision_measure(engine->vision, &out->scratch.device, &out->scratch.host, e))
        return false;
    out->weights = weights_size(engine->tower_weights);
    snprintf(out->device, sizeof(out->device), "%s", vk_device_profile(engine->device)->name);
    return true;
}

bool probe_tower_memory(const char *mmproj, const char *device, struct tower_memory *out,
                        struct error *e)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (!engine)
        return error_no_memory(e);
    bool ok = measure_tower(engine, mmproj, device, out, e);
    engine_destroy(engine);
    return ok;
}

const struct memory_report *engine_memory(const struct engine *e)
{
    return &e->memory;
}

struct memory_use engine_allocated(const struct engine *e)
{
    struct vk_allocated a = vk_device_allocated(e->device);
    return (struct memory_use){a.device, a.host};
}
