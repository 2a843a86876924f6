// Where the parts of a model go, decided before anything is allocated. Pure arithmetic: any thread,
// no device.
//
// In this order, until it fits:
// 1. everything in device memory, the KV cache in its best form (f16);
// 2. the KV cache in a smaller form (q8_0);
// 3. the picture tower is loaded for each picture and dropped again: it then lies in device memory
//    while there is room, else in host memory, for which the plan provides;
// 4. layers, whole ones from the end, with their caches, in host memory that the device reads.
#pragma once

#include "engine/probe.h"

enum { MEMORY_KV_MOST = 2 };

// Bytes.
struct memory_needs {
    uint32_t layers;
    const uint64_t *layer_weights; // [layers]
    uint64_t output_weights;       // what belongs to no layer; always in device memory
    struct {
        uint32_t type;    // the caller's
        uint64_t layer;   // the full cache of a layer
        uint64_t growth;  // what growing takes for a moment
        uint64_t scratch; // in device memory, of what computes with it
    } kv[MEMORY_KV_MOST]; // the forms that the cache may have, the best one first
    uint32_t n_kv;
    uint64_t host_scratch;
    uint64_t tower_weights; // 0: none
    uint64_t tower_scratch, tower_host_scratch;
};

struct memory_limits {
    uint64_t device, host; // what may be used
    uint64_t together;     // of both, where they are one memory; 0: they are not
    bool layers_given;     // device_layers decides how many layers lie in device memory
    uint32_t device_layers;
};

struct memory_plan {
    bool fits;   // false: what follows is the smallest that there is
    uint32_t kv; // index of the form
    uint32_t device_layers;
    bool tower_stays;
    struct memory_use weights, cache, scratch, tower, needed;
};
struct memory_plan memory_plan_make(const struct memory_needs *n, const struct memory_limits *l);
