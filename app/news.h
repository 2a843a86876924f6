// What the threads behind the screen tell it: a bounded queue, and a file descriptor that is
// readable while something is in it. Posting waits while the queue is full, until it is closed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/generate.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/probe.h"

enum news_kind {
    NEWS_LOADED,   // the backend is open
    NEWS_PROGRESS, // phase, done, total
    NEWS_LOGGED,   // text: a warning or an error of the log
    NEWS_SYNCED,   // report: the answer begins
    NEWS_TOKEN,    // id, text
    NEWS_ANSWERED, // text: what was left; cut; end; ms: from the first token to the last
    NEWS_PREPARED, // a prepare job is done, or was given up
    NEWS_FAILED,   // error: of the loading (job 0) or of a job
    NEWS_PICTURE,  // job: its number; picture (the reader's reference goes over), path in text
    NEWS_SEEN,     // job, sheet (its bytes are whoever's who holds the news), NULL: it failed
    NEWS_PICTURE_FAILED, // error, text: what was asked for
};

struct news {
    enum news_kind kind;
    unsigned job;
    enum phase phase;
    uint64_t done, total;
    struct sync_report report; // numbers only, no arrays
    int32_t id;
    char *text; // owned by whoever holds the news
    size_t size;
    enum answer_end end;
    bool cut; // as in struct token
    double ms;
    struct picture *picture;
    struct probe_sheet sheet;
    struct error error;
};

struct news_queue;

struct news_queue *news_create(struct error *e);
void news_destroy(struct news_queue *q); // nobody posts any more
int news_fd(const struct news_queue *q); // to poll for reading
// Takes over text and picture, also when it is closed.
void news_post(struct news_queue *q, const struct news *n);
bool news_take(struct news_queue *q,
               struct news *out); // false: empty. The taker calls news_finish.
void news_finish(struct news *n);
void news_close(struct news_queue *q); // posting drops from now on
