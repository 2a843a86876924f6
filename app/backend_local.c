// The engine of this machine as a backend: an engine and one session.
#include <stdlib.h>

#include "app/backend.h"

struct local {
    struct backend backend;
    struct engine_params params;
    struct engine *engine;
    struct session *session;
};

static struct local *local_of(struct backend *b)
{
    return (struct local *)b;
}

static bool local_open(struct backend *b, struct error *e)
{
    struct local *l = local_of(b);
    l->engine = engine_create(&l->params, e);
    if (!l->engine)
        return false;
    b->info = engine_get_info(l->engine);
    l->session = session_create(l->engine, e);
    return l->session != NULL;
}

static bool local_sync(struct backend *b, const struct message *messages, size_t n, bool open,
                       struct sync_report *report, struct error *e)
{
    struct local *l = local_of(b);
    session_resume(l->session);
    return session_sync(l->session, messages, n, open, report, e);
}

static enum step local_next(struct backend *b, const struct sampling *how, struct token *out,
                            struct error *e)
{
    return session_next(local_of(b)->session, how, out, e);
}

static void local_stop(void *backend)
{
    session_stop(((struct local *)backend)->session);
}

static bool local_count(struct backend *b, const struct message *messages, size_t n,
                        uint32_t *tokens, struct error *e)
{
    return session_count(local_of(b)->session, messages, n, tokens, e);
}

static uint32_t local_picture_rows(struct backend *b, const struct picture *p)
{
    return engine_picture_rows(local_of(b)->engine, p);
}

static void local_close(struct backend *b)
{
    struct local *l = local_of(b);
    session_destroy(l->session);
    engine_destroy(l->engine);
    free(l);
}

struct backend *backend_local_create(const struct engine_params *params, struct error *e)
{
    struct local *l = calloc(1, sizeof(*l));
    if (!l) {
        error_no_memory(e);
        return NULL;
    }
    l->params = *params;
    l->backend = (struct backend){
        .open = local_open,
        .sync = local_sync,
        .next = local_next,
        .stop = local_stop,
        .count = local_count,
        .picture_rows = local_picture_rows,
        .close = local_close,
    };
    return &l->backend;
}
