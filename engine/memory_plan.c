#include "engine/memory_plan.h"

static void add(struct memory_use *to, struct memory_use more)
{
    to->device += more.device;
    to->host += more.host;
}

static struct memory_use layers_use(uint64_t each, uint32_t device_layers, uint32_t layers)
{
    return (struct memory_use){device_layers * each, (layers - device_layers) * each};
}

static bool fits(const struct memory_use *u, const struct memory_limits *l)
{
    return u->device <= l->device && u->host <= l->host &&
           (l->together == 0 || u->device + u->host <= l->together);
}

// The plan with these choices made.
static struct memory_plan count(const struct memory_needs *n, const struct memory_limits *l,
                                uint32_t kv, bool tower_stays, uint32_t device_layers)
{
    struct memory_plan p = {.kv = kv, .tower_stays = tower_stays, .device_layers = device_layers};
    p.weights.device = n->output_weights;
    for (uint32_t i = 0; i < n->layers; i++)
        *(i < device_layers ? &p.weights.device : &p.weights.host) += n->layer_weights[i];
    p.cache = layers_use(n->kv[kv].layer, device_layers, n->layers);
    p.scratch = (struct memory_use){n->kv[kv].scratch, n->host_scratch};
    if (device_layers > 0)
        p.scratch.device += n->kv[kv].growth;
    if (device_layers < n->layers)
        p.scratch.host += n->kv[kv].growth;
    p.tower = (struct memory_use){n->tower_scratch, n->tower_host_scratch};
    *(tower_stays ? &p.tower.device : &p.tower.host) += n->tower_weights;
    add(&p.needed, p.weights);
    add(&p.needed, p.cache);
    add(&p.needed, p.scratch);
    add(&p.needed, p.tower);
    p.fits = fits(&p.needed, l);
    return p;
}

struct memory_plan memory_plan_make(const struct memory_needs *n, const struct memory_limits *l)
{
    uint32_t layers = n->layers, last = n->n_kv - 1;
    bool stays = true;
    if (l->layers_given && l->device_layers < layers)
        layers = l->device_layers;
    struct memory_plan p = count(n, l, 0, stays, layers);
    for (uint32_t kv = 1; !p.fits && kv <= last; kv++)
        p = count(n, l, kv, stays, layers);
    if (!p.fits && n->tower_weights > 0)
        p = count(n, l, last, stays = false, layers);
    while (!p.fits && !l->layers_given && layers > 0)
        p = count(n, l, last, stays, --layers);
    return p;
}
