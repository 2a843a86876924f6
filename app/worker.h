// The engine's thread behind the screen. It loads the backend, then takes jobs: answers, and the
// work ahead of them (a conversation whose last message is still being written). What happens is
// posted as news; the caller never waits.
//
// All functions from the screen's thread. The backend belongs to the worker.
#pragma once

#include "app/backend.h"
#include "app/news.h"

struct worker;

// Called by the engine while it works; `data` is the worker's own. Give it to the backend's params.
bool worker_progress(void *worker, enum phase phase, uint64_t done, uint64_t total);

struct worker *worker_create(struct news_queue *news, struct error *e);
// Starts the thread, which opens `b` (taken over). Job 0 is the loading.
bool worker_start(struct worker *w, struct backend *b, struct error *e);
// Stops what runs, waits for the thread, closes the backend. NULL allowed.
void worker_destroy(struct worker *w);

// What the loaded engine is; valid from NEWS_LOADED on.
const struct engine_info *worker_info(const struct worker *w);

// Messages are copied. An answer ends work ahead that is running; a second answer waits for
// nothing: it must not be asked for while one is running. Returns the job's number, 0: no memory.
unsigned worker_answer(struct worker *w, const struct message *m, size_t n,
                       const struct sampling *how, uint32_t max_tokens);
// Replaces work ahead that has not begun, ends what is running. Ignored while an answer runs or
// waits.
unsigned worker_prepare(struct worker *w, const struct message *m, size_t n);
void worker_stop(struct worker *w); // the answer that runs or waits
