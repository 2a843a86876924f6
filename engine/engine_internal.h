// The inside of an engine, shared by engine.c, session's and probe's files.
#pragma once

#include <stdatomic.h>

#include "engine/engine.h"
#include "engine/image/preprocess.h"
#include "engine/model/decoder.h"
#include "engine/model/gguf.h"
#include "engine/model/vision.h"
#include "engine/model/weights.h"
#include "engine/picture.h"
#include "engine/probe.h"
#include "engine/text/template.h"
#include "engine/text/tokenizer.h"
#include "engine/vk/device.h"

// The rows of a picture: encoded once for an engine, kept while a session holds them, and the
// newest ones longer.
struct picture_rows {
    struct picture_rows *next;
    uint8_t hash[PICTURE_HASH];
    uint32_t count;
    float *values;        // [count][width]; NULL: not encoded yet
    struct pixels pixels; // what the tower reads, where it was made ahead of it
    unsigned holders;
};

struct engine {
    struct gguf *model_file, *vision_file;
    struct tokenizer *tokenizer;
    const struct template *template;
    struct vision_traits traits; // of the vision file, if there is one
    struct vk_device *device;
    struct weights *weights;
    struct decoder *decoder;
    uint32_t cache_type; // of its timelines: CACHE_*
    struct memory_report memory;
    struct weights *tower_weights; // and the tower: NULL where it is loaded for each picture
    struct vision *vision;
    struct decoder_state *spare; // made and warmed while loading; the first session takes it
    struct picture_rows *rows;   // newest first
    struct engine_info info;
    struct engine_counters counters;
    double load_ms;
    progress_fn *progress;
    void *progress_data;
};

// The part of engine_create that needs no device: files, tokenizer, template, traits.
bool engine_open_files(struct engine *e, const struct engine_params *p, struct error *err);

// engine_tune.c: picks the kernels for the files' types; `measure`: tries those that this device
// has not multiplied before. Before plans are made, the memory's too.
bool engine_tune(struct engine *e, bool measure, struct error *err);

// engine_memory.c: reserves decoder and tower: how much they take is known then, and nothing is
// allocated. The files are open, and the device is.
bool engine_reserve(struct engine *e, const struct engine_params *p, struct error *err);
// `want`: the form of the KV cache, or what is possible. `layers` has room for the weights of each
// layer, to which *n (zeroed) then points.
struct memory_needs;
bool engine_measure(const struct engine *e, enum kv_type want, uint64_t *layers,
                    struct memory_needs *n, struct error *err);
// Reserves everything and decides where it goes: e->memory. Allocates nothing.
// Where it does not fit, it says so in the report alone.
bool engine_plan_memory(struct engine *e, const struct engine_params *p, struct error *err);
bool engine_reserve_tower(struct engine *e, struct error *err);

// engine_load.c: fills the weights and makes everything ready, with progress.
bool engine_load(struct engine *e, const struct engine_params *p, struct error *err);
// The tower is there until it is dropped, if it does not stay.
bool engine_load_tower(struct engine *e, const atomic_bool *stop, struct error *err);
void engine_drop_tower(struct engine *e);

double clock_ms(void); // monotonic

// False: the caller was told to stop. `err` is filled.
bool engine_progress(struct engine *e, enum phase phase, uint64_t done, uint64_t total,
                     struct error *err);

// The entry for a picture, made if need be (without values); held until engine_release_rows.
struct picture_rows *engine_hold_rows(struct engine *e, const struct picture *p, struct error *err);
void engine_release_rows(struct engine *e, struct picture_rows *r);
// Entries for pictures that are expected, held as long as the engine lives; engine_prepare_pictures
// then makes their pixels, on a thread of its own: nobody else touches the entries meanwhile.
bool engine_expect_pictures(struct engine *e, struct picture *const *pictures, size_t n,
                            struct error *err);
void engine_prepare_pictures(struct engine *e, struct picture *const *pictures, size_t n,
                             const atomic_bool *stop);
// Decodes a picture again and makes what a tower reads.
bool picture_pixels(const struct picture *p, const struct preprocess_rule *rule, struct pixels *out,
                    struct error *err);
// Computes the values if they are not there. `ms` gets the time it took, 0 from the cache.
bool engine_encode(struct engine *e, const struct picture *p, struct picture_rows *r,
                   const atomic_bool *stop, double *ms, struct error *err);
