// The decoder: a LLaMA-family language model as a table of layers, read from its GGUF file (facts:
// LLaMA, Touvron et al. 2023; grouped-query attention, Ainslie et al. 2023; rotary positions, Su et
// al. 2021).
//
// A decoder is the model; a decoder_state is one timeline's memory: KV cache, inputs, logits, and
// the plans recorded over them. Both belong to the engine's thread. The weights must outlive the
// decoder, the decoder its states.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/compute/shortlist.h"
#include "engine/model/gguf.h"
#include "engine/model/weights.h"

struct decoder;
struct decoder_state;

struct decoder_shape {
    uint32_t width; // floats of a column (embedding_length)
    uint32_t layers;
    uint32_t vocabulary; // rows of the output head
    uint32_t context;    // positions that the model was made for
    uint32_t heads, kv_heads, head_size;
    uint32_t feed_forward;
    uint32_t window; // keys that a position sees, itself included; 0: all before it
};

// Whether a file is of a kind that we run; its message names what it is.
bool decoder_check_architecture(const struct gguf *g, struct error *e);
// Whether a file is a model that we run, from its metadata and tensor types alone; needs no device.
bool decoder_check(const struct gguf *g, struct error *e);

// Checks metadata and tensors, and reserves the weights; nothing is computed or uploaded. Each
// layer is a section of `w`, which must be new; the last section is the output's. ERROR_MODEL: an
// architecture (named) or feature that we do not run, tensors missing or of another shape.
// `context`: most positions that a timeline will be asked to hold (long contexts may be rotated
// otherwise).
struct decoder *decoder_create(struct vk_device *d, const struct gguf *g, struct weights *w,
                               uint32_t context, struct error *e);
void decoder_destroy(struct decoder *m);
const struct decoder_shape *decoder_get_shape(const struct decoder *m);

// The row of the token embedding for `id` (below vocabulary), exact: width floats.
void decoder_embed(const struct decoder *m, int32_t id, float *row);

// Whether the model's heads can be kept in a cache of that type (CACHE_*).
bool decoder_cache_fits(const struct decoder *m, uint32_t type);

// What a timeline of at most `context` positions takes, before anything of it is there. Bytes.
struct decoder_sizes {
    uint64_t layer_cache; // of one layer, when it is full
    uint64_t growth;      // of a layer's former cache, while it grows for the last time
    uint64_t scratch;     // of the recorded plans, in device memory
    uint64_t host;        // what the host writes and reads
};
// ERROR_DEVICE: the device cannot hold it in one piece; ERROR_MODEL: no kernel computes it.
bool decoder_measure(const struct decoder *m, uint32_t context, uint32_t cache_type,
                     struct decoder_sizes *out, struct error *e);
// Only the first `layers` lie in device memory, those behind them in host memory, with their
// caches. Before the weights have memory and before there are states.
void decoder_place(struct decoder *m, struct weights *w, uint32_t layers);

// `context`: most positions that it will ever hold; memory is taken as it fills.
// `cache_type`: CACHE_* of shaders/shared.h, one that fits (decoder_cache_fits).
struct decoder_state *decoder_state_create(struct decoder *m, uint32_t context, uint32_t cache_type,
                                           struct error *e);
void decoder_state_destroy(struct decoder_state *s);

// Records the plans for one column and for many, and makes the driver compile them.
bool decoder_warm(struct decoder_state *s, const atomic_bool *stop, struct error *e);

// Most columns of one decoder_run.
uint32_t decoder_batch(const struct decoder_state *s);
// Where to put the embedding rows of the next run: [batch][width].
float *decoder_input(struct decoder_state *s);
// Computes columns for positions [first, first + n), n <= batch, over the cache's [0, first), and
// writes their K and V. `logits`: the head for the last column, too; `reach`: how far below the
// greatest those lie that decoder_shortlist is to know. Interrupted (ERROR_INTERRUPTED), positions
// from `first` on are undefined.
bool decoder_run(struct decoder_state *s, uint32_t first, uint32_t n, bool logits, float reach,
                 const atomic_bool *stop, struct error *e);
// [vocabulary], of the last run, which asked for them. May read them back from the device; NULL:
// *e says why not.
const float *decoder_logits(struct decoder_state *s, struct error *e);
// The same run's logits that are at most `reach` below the greatest, in any order. NULL: they are
// too many, or not known, or one is not a number; decoder_logits has them all.
const struct shortlist *decoder_shortlist(const struct decoder_state *s, float reach);

struct decoder_counters {
    uint64_t columns;
    double kernel_ms; // from submissions to completions
};
struct decoder_counters decoder_counted(const struct decoder_state *s);
