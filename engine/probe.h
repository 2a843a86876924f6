// What `inspect`, `models`, `devices` and the tests may see of the engine's inside (`bench`:
// probe_bench.h). Not needed to chat.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "engine/engine.h"

// ---- files, without a device

enum model_kind { MODEL_LANGUAGE, MODEL_VISION, MODEL_OTHER };

struct model_summary {
    enum model_kind kind;
    char architecture[64];
    char name[256]; // general.name, cleaned; the file's name without one
    uint64_t file_size;
    uint64_t parameters;                              // elements of all tensors
    char types[128];                                  // "Q4_1 x 210, F32 x 181"
    uint32_t width, layers;                           // embedding, blocks
    uint32_t context;                                 // language models
    uint32_t picture_size, picture_rows, projects_to; // vision files
    // Of language models, and why: "by the file's name".
    const char *chat_template, *template_reason;
    bool sees;        // a language model that has its vision tower in the same file
    bool runs;        // we can load it
    char reason[512]; // why not
};
bool probe_model(const char *path, struct model_summary *out, struct error *e);
// Only what kind it is, and whether a language model has its tower with it: for every start.
bool probe_kind(const char *path, enum model_kind *kind, bool *sees, struct error *e);

// Metadata and tensors as JSON (`inspect model`).
bool probe_model_json(const char *path, struct buffer *json, struct error *e);

// base + overlay -> out (`models compose`): tensors of the same name replaced, new ones added,
// metadata kept; checks the base's SHA-256 against the overlay's metadata, records the overlay's in
// the result. Atomic.
bool probe_compose(const char *base, const char *overlay, const char *out, struct error *e);

// The prompt of a chat, as ids with {"image": rows} for pictures (`inspect tokens`), JSON. `mmproj`
// may be NULL when there are no pictures. raw: text alone, no template, no BOS, special tokens as
// ordinary text (vocabulary-only files too).
bool probe_tokens_json(const char *model, const char *mmproj, const char *chat_template,
                       const char *system, const char *text, struct picture *const *pictures,
                       size_t n, bool raw, struct buffer *json, struct error *e);

// [tiles, 3, size, size] for a vision file; the caller frees *out.
bool probe_pixels(const char *mmproj, const struct picture *p, float **out, uint32_t shape[4],
                  struct error *e);

// Rows that a picture will take in the prompt; 0: no vision file that runs.
uint32_t probe_picture_rows(const char *mmproj, const struct picture *p);

// The same pixels for people: RGB, the picture as a whole beside or above its grid of tiles. The
// caller frees rgb.
struct probe_sheet {
    uint8_t *rgb;
    uint32_t width, height;
    uint32_t side;          // of the whole, and of a tile, in pixels
    uint32_t columns, rows; // of tiles; 0: none
};
bool probe_seen(const char *mmproj, const struct picture *p, struct probe_sheet *out,
                struct error *e);

// ---- devices

// Of a driver's memory, in bytes.
struct probe_heap {
    uint64_t size;
    uint64_t budget, used; // of this process; 0: the driver does not say
    bool device_local;
};
enum { PROBE_HEAPS_MOST = 16 };

struct probe_device {
    char name[256], driver[256], type[16], shape[8], reason[256];
    uint32_t api_version;
    uint32_t subgroup_size;
    uint64_t memory, free_memory, free_host; // free: to the device, of the machine's memory
    bool one_memory;                         // both are the same
    bool usable, chosen;
    // What the kernels make of it.
    bool forced;                      // their shape, by PUMICE_KERNELS
    uint32_t interleave;              // rows of a weight matrix
    uint32_t tile_rows, tile_columns; // of a gemm's workgroup
    uint32_t batch;                   // columns computed at once
    // Limits, in bytes but for the invocations.
    uint32_t driver_version, most_invocations, shared_memory;
    uint64_t most_storage_range, most_texel_range, most_allocation;
    bool host_visible; // its memory can be mapped
    struct probe_heap heaps[PROBE_HEAPS_MOST];
    uint32_t n_heaps;
};
// The caller frees *out.
bool probe_devices(const char *want, struct probe_device **out, size_t *count, struct error *e);

// What trials of the kernels of a type of weights have shown on a device (engine/tune.h).
struct probe_variant {
    char name[12]; // "matrix"; "64", threads
    double ms;     // of a product of the trial
    double error;  // of gemm: sum of squares, relative to the plain kernel's result
    bool picked;
};
enum { PROBE_GEMMS = 3, PROBE_GEMVS = 4 };
struct probe_trial {
    char type[16]; // "Q4_1"
    struct probe_variant gemm[PROBE_GEMMS], gemv[PROBE_GEMVS];
    size_t n_gemm, n_gemv; // that are possible there
};
// Of the device that vk_device_open would take: what is known of it, or `measure`: all types anew,
// with `progress` (PHASE_TRY). None where nothing is to choose. The caller frees *out.
bool probe_trials(const char *want, bool measure, progress_fn *progress, void *data,
                  struct probe_trial **out, size_t *n, struct error *e);

// ---- memory

struct memory_use {
    uint64_t device, host; // bytes
};
// What a model takes and where it goes, decided before anything is allocated.
struct memory_report {
    char device[256];
    bool fits;
    char reason[512]; // why not
    char notice[512]; // what was done so that it fits; "": nothing
    uint32_t layers, device_layers;
    uint32_t context;            // positions of the KV cache
    const char *kv;              // its form
    bool has_tower, tower_stays; // a tower that does not stay is loaded for each picture
    bool one_memory;             // device and host memory are the same
    bool capped;                 // free.device is what --device-memory said
    struct memory_use weights, cache, scratch, tower, needed, free;
};
// As engine_create would do it, up to where it would allocate. True where it does not fit, too.
bool probe_memory(const struct engine_params *params, struct memory_report *out, struct error *e);

// What a vision file takes on a device, whatever model it is used with.
struct tower_memory {
    char device[256];
    uint64_t weights;          // bytes, in the device's memory where there is room
    struct memory_use scratch; // while it looks at a picture
};
bool probe_tower_memory(const char *mmproj, const char *device, struct tower_memory *out,
                        struct error *e);

// ---- a loaded engine

const struct memory_report *engine_memory(const struct engine *e);
// Bytes in buffers at this moment.
struct memory_use engine_allocated(const struct engine *e);

// Rows [rows, embedding] after the projector, from the device; the caller frees *out.
bool probe_rows(struct engine *e, struct picture *p, float **out, uint32_t *rows, double *ms,
                struct error *err);

// Chunks of ids around pictures (n pictures, n + 1 chunks), nothing added to them.
struct id_chunk {
    const int32_t *ids;
    size_t count;
};
bool session_sync_ids(struct session *s, const struct id_chunk *chunks,
                      struct picture *const *pictures, size_t n_pictures,
                      struct sync_report *report, struct error *e);
// Logits [vocabulary] of the last position; live until the next call on the session.
const float *session_logits(struct session *s);
// Appends a token as if it had been sampled.
bool session_force(struct session *s, int32_t id, struct error *e);
// Drops everything after the first `positions`.
void session_truncate(struct session *s, uint32_t positions);
uint32_t session_positions(const struct session *s);

// What was really done since the engine was created (the tests count with it).
struct engine_counters {
    uint64_t columns;        // dispatched through the decoder
    uint64_t pictures;       // encoded
    uint64_t pictures_ahead; // whose pixels were made while the weights were loaded
    uint64_t pipelines;      // made
    uint64_t submits;
    double kernel_ms; // from submission to completion, all submissions
};
void engine_get_counters(const struct engine *e, struct engine_counters *out);
double engine_load_ms(const struct engine *e);
