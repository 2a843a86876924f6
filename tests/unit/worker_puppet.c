#include "tests/unit/worker_puppet.h"

#include <stdlib.h>
#include <string.h>

static struct puppet *puppet_of(struct backend *b)
{
    return (struct puppet *)b;
}

// False: stopped instead.
static bool take_step(struct puppet *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->steps == 0 && !p->stop) {
        p->waits = true;
        pthread_cond_broadcast(&p->changed);
        pthread_cond_wait(&p->changed, &p->lock);
    }
    p->waits = false;
    bool go_on = !p->stop;
    if (go_on && p->steps < PUPPET_FREE)
        p->steps--;
    pthread_mutex_unlock(&p->lock);
    return go_on;
}

void puppet_allow(struct puppet *p, int steps)
{
    pthread_mutex_lock(&p->lock);
    p->steps = steps == PUPPET_FREE ? PUPPET_FREE : p->steps + steps;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void puppet_wait(struct puppet *p)
{
    pthread_mutex_lock(&p->lock);
    while (!p->waits)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

static bool open_puppet(struct backend *b, struct error *e)
{
    struct puppet *p = puppet_of(b);
    take_step(p);
    return !p->failure || error_set(e, ERROR_MODEL, "%s", p->failure);
}

static bool sync_puppet(struct backend *b, const struct message *messages, size_t n, bool open,
                        struct sync_report *report, struct error *e)
{
    struct puppet *p = puppet_of(b);
    pthread_mutex_lock(&p->lock);
    p->stop = false;
    pthread_mutex_unlock(&p->lock);
    p->said = 0;
    if (report)
        *report = (struct sync_report){.prompt_tokens = (uint32_t)strlen(messages[n - 1].text)};
    return !open || take_step(p) || error_set(e, ERROR_INTERRUPTED, "stopped");
}

static enum step next_puppet(struct backend *b, const struct sampling *how, struct token *out,
                             struct error *e)
{
    (void)how;
    (void)e;
    struct puppet *p = puppet_of(b);
    if (!take_step(p))
        return STEP_STOPPED;
    if (p->said == p->answer)
        return STEP_END;
    *out = (struct token){.id = p->said++, .text = "word", .size = 4};
    return STEP_TOKEN;
}

static void stop_puppet(void *backend)
{
    struct puppet *p = backend;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static void close_puppet(struct backend *b)
{
    pthread_mutex_destroy(&puppet_of(b)->lock);
    pthread_cond_destroy(&puppet_of(b)->changed);
    free(b);
}

struct puppet *puppet_create(int steps, int answer)
{
    struct puppet *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->backend = (struct backend){.open = open_puppet,
                                  .sync = sync_puppet,
                                  .next = next_puppet,
                                  .stop = stop_puppet,
                                  .close = close_puppet};
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->steps = steps;
    p->answer = answer;
    return p;
}
