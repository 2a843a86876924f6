#include "app/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "app/job.h"

struct worker {
    struct news_queue *news;
    struct backend *backend;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; // of what follows, up to `cancel`
    pthread_cond_t changed;
    struct job waiting;
    enum job_kind running;
    bool loaded, quit;
    unsigned last_job;
    atomic_bool cancel; // the running job is to end
    double last_progress;
    enum phase last_phase;
};

// ---- the thread

bool worker_progress(void *data, enum phase phase, uint64_t done, uint64_t total)
{
    struct worker *w = data;
    double now = clock_ms();
    if (now - w->last_progress > 30 || phase != w->last_phase) {
        w->last_progress = now;
        w->last_phase = phase;
        news_post(
            w->news,
            &(struct news){.kind = NEWS_PROGRESS, .phase = phase, .done = done, .total = total});
    }
    return !atomic_load(&w->cancel);
}

// Before the end of a job is told: who hears of it may give the next one at once.
static void leave_job(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->running = JOB_NONE;
    pthread_mutex_unlock(&w->lock);
}

static void post_failure(struct worker *w, unsigned job, const struct error *e)
{
    leave_job(w);
    news_post(w->news, &(struct news){.kind = NEWS_FAILED, .job = job, .error = *e});
}

static void post_text(struct worker *w, const struct news *n, const struct token *t)
{
    struct news copy = *n;
    copy.text = strndup(t->text ? t->text : "", t->size);
    copy.size = copy.text ? t->size : 0;
    copy.id = t->id;
    copy.cut = t->cut;
    news_post(w->news, &copy);
}

// What generate() is given.
struct saying {
    struct worker *worker;
    unsigned job;
    struct token left; // text after the last token
};

static bool stopped(void *data)
{
    const struct saying *g = data;
    return atomic_load(&g->worker->cancel);
}

static bool tell(void *data, const struct token *t, struct error *e)
{
    struct saying *g = data;
    (void)e;
    if (t->id < 0)
        g->left = *t;
    else
        post_text(g->worker, &(struct news){.kind = NEWS_TOKEN, .job = g->job}, t);
    return true;
}

static bool say(struct worker *w, const struct job *j, struct error *e)
{
    struct saying data = {.worker = w, .job = j->number, .left = {.id = -1, .text = ""}};
    struct generated said;
    const struct generate g = {.backend = w->backend,
                               .sampling = &j->how,
                               .max_tokens = j->max_tokens,
                               .stopped = stopped,
                               .take = tell,
                               .data = &data};
    if (!generate(&g, &said, e))
        return false;
    leave_job(w);
    post_text(
        w, &(struct news){.kind = NEWS_ANSWERED, .job = j->number, .end = said.end, .ms = said.ms},
        &data.left);
    return true;
}

static bool run_answer(struct worker *w, const struct job *j, struct error *e)
{
    struct sync_report report = {0};
    if (!w->backend->sync(w->backend, j->messages, j->count, false, &report, e)) {
        if (e->kind != ERROR_INTERRUPTED)
            return false;
        leave_job(w);
        news_post(w->news,
                  &(struct news){.kind = NEWS_ANSWERED, .job = j->number, .end = END_STOPPED});
        return true;
    }
    report.picture_ms = NULL;
    report.picture_tokens = NULL;
    news_post(w->news, &(struct news){.kind = NEWS_SYNCED, .job = j->number, .report = report});
    return say(w, j, e);
}

static void run_job(struct worker *w, const struct job *j)
{
    struct error e = {0};
    bool ok = true;
    if (j->kind == JOB_ANSWER)
        ok = run_answer(w, j, &e);
    else // Work ahead that fails (a prompt that is too long, say) fails again, and is told, when it
         // is asked for.
        w->backend->sync(w->backend, j->messages, j->count, true, NULL, &e);
    if (!ok)
        post_failure(w, j->number, &e);
    if (j->kind == JOB_PREPARE) {
        leave_job(w);
        news_post(w->news, &(struct news){.kind = NEWS_PREPARED, .job = j->number});
    }
}

static bool next_job(struct worker *w, struct job *j)
{
    pthread_mutex_lock(&w->lock);
    while (w->waiting.kind == JOB_NONE && !w->quit)
        pthread_cond_wait(&w->changed, &w->lock);
    bool go_on = !w->quit;
    if (go_on) {
        *j = w->waiting;
        w->waiting = (struct job){0};
        w->running = j->kind;
        atomic_store(&w->cancel, false);
    }
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static void *work(void *data)
{
    struct worker *w = data;
    struct error e = {0};
    if (!w->backend->open(w->backend, &e)) {
        post_failure(w, 0, &e);
        return NULL;
    }
    pthread_mutex_lock(&w->lock);
    w->loaded = true;
    pthread_mutex_unlock(&w->lock);
    news_post(w->news, &(struct news){.kind = NEWS_LOADED});
    struct job j;
    while (next_job(w, &j)) {
        run_job(w, &j);
        job_finish(&j);
    }
    return NULL;
}

// ---- the screen's side

struct worker *worker_create(struct news_queue *news, struct error *e)
{
    struct worker *w = calloc(1, sizeof(*w));
    if (!w) {
        error_no_memory(e);
        return NULL;
    }
    w->news = news;
    w->last_phase = (enum phase) - 1;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    return w;
}

bool worker_start(struct worker *w, struct backend *b, struct error *e)
{
    w->backend = b;
    w->started = pthread_create(&w->thread, NULL, work, w) == 0;
    return w->started ||
           error_set(e, ERROR_RUNTIME, "cannot start a thread; this machine is out of resources");
}

const struct engine_info *worker_info(const struct worker *w)
{
    return w->backend->info;
}

// Ends what runs now. Called with the lock, so that it hits no later job.
static void end_running(struct worker *w)
{
    atomic_store(&w->cancel, true);
    if (w->loaded && w->running != JOB_NONE)
        w->backend->stop(w->backend);
}

void worker_destroy(struct worker *w)
{
    if (!w)
        return;
    if (w->started) {
        news_close(w->news);
        pthread_mutex_lock(&w->lock);
        w->quit = true;
        end_running(w);
        pthread_cond_signal(&w->changed);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    job_finish(&w->waiting);
    if (w->backend)
        w->backend->close(w->backend);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static unsigned give(struct worker *w, struct job *j)
{
    pthread_mutex_lock(&w->lock);
    bool refused = j->kind == JOB_PREPARE &&
                   (w->running == JOB_ANSWER || w->waiting.kind == JOB_ANSWER || w->quit);
    unsigned number = 0;
    struct job old = refused ? *j : w->waiting;
    if (!refused) {
        number = j->number = ++w->last_job;
        w->waiting = *j;
        if (w->running == JOB_PREPARE)
            end_running(w);
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    job_finish(&old);
    return number;
}

unsigned worker_answer(struct worker *w, const struct message *m, size_t n,
                       const struct sampling *how, uint32_t max_tokens)
{
    struct job j;
    if (!job_make(&j, JOB_ANSWER, m, n))
        return 0;
    j.how = *how;
    j.max_tokens = max_tokens;
    return give(w, &j);
}

unsigned worker_prepare(struct worker *w, const struct message *m, size_t n)
{
    struct job j;
    return job_make(&j, JOB_PREPARE, m, n) ? give(w, &j) : 0;
}

void worker_stop(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct job dropped = {0};
    if (w->running == JOB_ANSWER) {
        end_running(w);
    } else if (w->waiting.kind == JOB_ANSWER) {
        dropped = w->waiting;
        w->waiting = (struct job){0};
    }
    pthread_mutex_unlock(&w->lock);
    if (dropped.kind == JOB_ANSWER)
        news_post(w->news,
                  &(struct news){.kind = NEWS_ANSWERED, .job = dropped.number, .end = END_STOPPED});
    job_finish(&dropped);
}
