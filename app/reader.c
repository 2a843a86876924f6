#include "app/reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "app/attach.h"
#include "engine/probe.h"

struct request {
    struct request *next;
    unsigned job;
    char *typed; // NULL: the clipboard, or `seen`
    struct picture *seen;
    char *mmproj; // by whose rules it is seen
};

struct reader {
    struct news_queue *news;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct request *first, **last;
    atomic_bool quit;
};

static void serve_seen(struct reader *r, const struct request *q)
{
    struct news n = {.kind = NEWS_SEEN, .job = q->job};
    probe_seen(q->mmproj, q->seen, &n.sheet, &n.error);
    news_post(r->news, &n);
}

static void serve(struct reader *r, const struct request *q)
{
    if (q->seen) {
        serve_seen(r, q);
        return;
    }
    struct news n = {.kind = NEWS_PICTURE, .job = q->job};
    if (q->typed)
        n.picture = attach_read(q->typed, &n.text, &n.error);
    else if ((n.picture = attach_clipboard(&r->quit, &n.error)))
        n.text = strdup("clipboard");
    if (!n.picture) {
        n.kind = NEWS_PICTURE_FAILED;
        free(n.text);
        n.text = strdup(q->typed ? q->typed : "clipboard");
    }
    news_post(r->news, &n);
}

static struct request *next_request(struct reader *r)
{
    pthread_mutex_lock(&r->lock);
    while (!r->first && !atomic_load(&r->quit))
        pthread_cond_wait(&r->changed, &r->lock);
    struct request *q = atomic_load(&r->quit) ? NULL : r->first;
    if (q) {
        r->first = q->next;
        if (!r->first)
            r->last = &r->first;
    }
    pthread_mutex_unlock(&r->lock);
    return q;
}

static void request_free(struct request *q)
{
    free(q->typed);
    free(q->mmproj);
    picture_unref(q->seen);
    free(q);
}

static void *work(void *data)
{
    struct reader *r = data;
    struct request *q;
    while ((q = next_request(r))) {
        serve(r, q);
        request_free(q);
    }
    return NULL;
}

struct reader *reader_create(struct news_queue *news, struct error *e)
{
    struct reader *r = calloc(1, sizeof(*r));
    if (!r) {
        error_no_memory(e);
        return NULL;
    }
    r->news = news;
    r->last = &r->first;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    if (pthread_create(&r->thread, NULL, work, r) == 0)
        return r;
    error_set(e, ERROR_RUNTIME, "cannot start a thread; this machine is out of resources");
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r);
    return NULL;
}

void reader_destroy(struct reader *r)
{
    if (!r)
        return;
    news_close(r->news);
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->quit, true);
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    while (r->first) {
        struct request *q = r->first;
        r->first = q->next;
        request_free(q);
    }
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static void give(struct reader *r, struct request *q)
{
    pthread_mutex_lock(&r->lock);
    *r->last = q;
    r->last = &q->next;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

bool reader_ask(struct reader *r, unsigned job, const char *typed)
{
    struct request *q = calloc(1, sizeof(*q));
    if (!q || (typed && !(q->typed = strdup(typed)))) {
        free(q);
        return false;
    }
    q->job = job;
    give(r, q);
    return true;
}

bool reader_see(struct reader *r, unsigned job, const char *mmproj, struct picture *p)
{
    struct request *q = calloc(1, sizeof(*q));
    if (!q || !(q->mmproj = strdup(mmproj))) {
        free(q);
        return false;
    }
    q->job = job;
    q->seen = picture_ref(p);
    give(r, q);
    return true;
}
