#include "app/news.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { ROOM = 256 };

struct news_queue {
    pthread_mutex_t lock;
    pthread_cond_t taken;
    struct news ring[ROOM];
    size_t first, count;
    bool closed;
    int fd;
};

struct news_queue *news_create(struct error *e)
{
    struct news_queue *q = calloc(1, sizeof(*q));
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!q || fd < 0) {
        free(q);
        if (fd >= 0)
            close(fd);
        error_no_memory(e);
        return NULL;
    }
    q->fd = fd;
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->taken, NULL);
    return q;
}

void news_destroy(struct news_queue *q)
{
    if (!q)
        return;
    struct news n;
    while (news_take(q, &n))
        news_finish(&n);
    pthread_cond_destroy(&q->taken);
    pthread_mutex_destroy(&q->lock);
    close(q->fd);
    free(q);
}

int news_fd(const struct news_queue *q)
{
    return q->fd;
}

void news_finish(struct news *n)
{
    free(n->text);
    free(n->sheet.rgb);
    picture_unref(n->picture);
    n->text = NULL;
    n->sheet.rgb = NULL;
    n->picture = NULL;
}

void news_post(struct news_queue *q, const struct news *n)
{
    pthread_mutex_lock(&q->lock);
    while (q->count == ROOM && !q->closed)
        pthread_cond_wait(&q->taken, &q->lock);
    bool closed = q->closed;
    if (!closed)
        q->ring[(q->first + q->count++) % ROOM] = *n;
    pthread_mutex_unlock(&q->lock);
    if (closed) {
        struct news dropped = *n;
        news_finish(&dropped);
        return;
    }
    // Fails only when the counter is full: then it is readable anyway.
    (void)!write(q->fd, &(uint64_t){1}, sizeof(uint64_t));
}

bool news_take(struct news_queue *q, struct news *out)
{
    uint64_t posted;
    pthread_mutex_lock(&q->lock);
    bool any = q->count > 0;
    if (any) {
        *out = q->ring[q->first];
        q->first = (q->first + 1) % ROOM;
        q->count--;
        pthread_cond_signal(&q->taken);
    } else {
        (void)!read(q->fd, &posted,
                    sizeof(posted)); // under the lock: a post after it makes it readable again
    }
    pthread_mutex_unlock(&q->lock);
    return any;
}

void news_close(struct news_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->taken);
    pthread_mutex_unlock(&q->lock);
}
