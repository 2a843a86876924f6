// The engine: pictures and turns in, text out, computed on a Vulkan device.
//
// - An engine is a device with a model loaded. It is created once and may serve several sessions,
// one call at a
//   time (all calls of an engine and its sessions from one thread at a time; session_stop from
//   any).
// - A session is one conversation's timeline. session_sync makes it hold exactly the given
// messages: it keeps the
//   common prefix, encodes only pictures that it has not met and prefills only what is new.
//   session_next then gives one token's text at a time.
// - A picture is read, turned upright and checked in full when it is made, never later. It keeps
// its file's bytes
//   and a small preview. Reference-counted; immutable; any thread.
//
// Every failure fills struct error and leaves the object usable or destroyable. Nothing here prints
// or exits.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct engine;
struct session;
struct picture;

// ---- pictures

// Takes a copy of the bytes. `name` is what messages and listings call it (shown cleaned). Fails
// with ERROR_PICTURE.
struct picture *picture_create(const void *bytes, size_t size, const char *name, struct error *e);
// Reads a file; `path` as given by a person: "~/x", "file:///x%20y" and quotes are the caller's to
// resolve.
struct picture *picture_read(const char *path, struct error *e);
struct picture *picture_ref(struct picture *p);
void picture_unref(struct picture *p); // NULL allowed
const char *picture_name(const struct picture *p);
void picture_size(const struct picture *p, uint32_t *width, uint32_t *height); // upright, full size
// RGB rows from the top, 3 bytes a pixel, longest side at most 2048; lives as long as the picture.
const uint8_t *picture_preview(const struct picture *p, uint32_t *width, uint32_t *height);

// ---- the engine

enum phase { PHASE_TRY, PHASE_LOAD, PHASE_ENCODE, PHASE_PREFILL };
// PHASE_TRY: kernels, for types of weights that this device has not multiplied before (tune.h).
// done of total, in units of the phase's own (types, bytes, pictures, columns). Called on the
// calling thread; returning false stops the work (ERROR_INTERRUPTED).
typedef bool progress_fn(void *data, enum phase phase, uint64_t done, uint64_t total);

// How the keys and values of a conversation are kept. AUTO: as the engine finds best.
enum kv_type { KV_AUTO, KV_F16, KV_Q8_0 };

struct engine_params {
    const char *model;         // path of the language model
    const char *mmproj;        // path of the vision file, or NULL: text only
    const char *device;        // NULL: best; a number; a part of a name
    const char *chat_template; // NULL: by the model
    uint32_t context;          // positions at most; 0: 4096; never above what the model has
    enum kv_type kv;
    uint64_t device_memory; // bytes of device memory that may be used at most; 0: what is free
    bool layers_given;      // device_layers says how many layers lie in device memory; false:
    uint32_t device_layers; // as many as fit
    // Expected in the first question: their pixels are made while the weights are loaded.
    struct picture *const *pictures;
    size_t n_pictures;
    progress_fn *progress; // may be NULL
    void *progress_data;
};

struct engine_info {
    char model[256]; // cleaned for a terminal
    char device[256];
    const char *chat_template, *template_reason; // and why: "by the file's name"

    bool sees;           // a vision file is loaded
    uint32_t context;    // positions of a session
    uint32_t vocabulary; // logits of a position
    uint32_t embedding;  // floats of a picture row
};

// Fails with ERROR_MODEL (a file), ERROR_DEVICE, ERROR_USAGE (unknown template).
struct engine *engine_create(const struct engine_params *params, struct error *e);
void engine_destroy(struct engine *e); // its sessions must be gone; NULL allowed
const struct engine_info *engine_get_info(const struct engine *e);
// Rows that a picture will take in the prompt; 0: this model cannot see. Any thread.
uint32_t engine_picture_rows(const struct engine *e, const struct picture *p);

// ---- sessions

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT };

struct message {
    enum role role;
    const char *text;                // UTF-8
    struct picture *const *pictures; // of a user's message, before its text
    size_t n_pictures;
    const int32_t
        *ids;     // of an answer: the ids that session_next gave, so that they are never tokenised
    size_t n_ids; // again; 0: the text is tokenised
};

struct sampling {
    float temperature;    // 0: the argmax
    float top_p;          // 0 or 1: off
    uint32_t top_k;       // 0: off
    float min_p;          // 0: off
    float repeat_penalty; // 1: off
    uint64_t seed;
};

struct sync_report {
    uint32_t prompt_tokens;         // template, text and picture rows
    uint32_t cached_tokens;         // of these, were in the cache already
    double encode_ms;               // tower and projector, all new pictures
    double prefill_ms;              // from the first new column to the logits
    const double *picture_ms;       // of each picture in order of appearance (0: from the cache)
    const uint32_t *picture_tokens; // rows of each
    size_t n_pictures;              // the arrays live until the next sync
};

enum step {
    STEP_TOKEN,   // a token; its text may be empty (half a character)
    STEP_END,     // the model ended its answer
    STEP_CONTEXT, // no room for another token
    STEP_STOPPED, // session_stop was called
    STEP_FAILED,
};

struct token {
    int32_t id;
    // Whole UTF-8 characters (U+FFFD for bytes that are none), `size` bytes, terminated; lives
    // until the next call.
    const char *text;
    size_t size;
    // At STEP_END: the answer ended in words (the template's stop text), which were cut off; the
    // ids given so far may spell a part of them and are not those of the text any more.
    bool cut;
};

struct session *session_create(struct engine *e, struct error *err);
void session_destroy(struct session *s);

// The messages end with a user's message (its answer comes next) unless `open`: then the last one
// is still being written and only what cannot change is prefilled. A prompt longer than the context
// is ERROR_USAGE (by how much); a picture for a model that cannot see is ERROR_MODEL. `report` may
// be NULL. After a failure or a stop the session holds a valid prefix.
bool session_sync(struct session *s, const struct message *messages, size_t n, bool open,
                  struct sync_report *report, struct error *e);
// How many tokens the messages make, without computing anything.
bool session_count(struct session *s, const struct message *messages, size_t n, uint32_t *tokens,
                   struct error *e);
// Samples a token from the logits and gives it. It is decoded by the next call, so that the last
// token of an answer costs no step. At STEP_END etc. `out` holds the rest of the text, if a
// character was unfinished.
enum step session_next(struct session *s, const struct sampling *how, struct token *out,
                       struct error *e);
// The running or next sync or step ends with ERROR_INTERRUPTED / STEP_STOPPED. Any thread;
// async-signal-safe, so that a signal handler may call it.
void session_stop(struct session *s);
void session_resume(struct session *s); // forgets a stop
