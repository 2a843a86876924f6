#include "tests/unit/backend_scripted.h"

#include <signal.h>
#include <string.h>

enum { PICTURE_TOKENS = 10 };

static struct scripted *scripted_of(struct backend *b)
{
    return (struct scripted *)b;
}

static bool scripted_open(struct backend *b, struct error *e)
{
    (void)e;
    b->info = &scripted_of(b)->info;
    return true;
}

static bool scripted_count(struct backend *b, const struct message *messages, size_t n,
                           uint32_t *tokens, struct error *e)
{
    (void)b;
    (void)e;
    *tokens = 0;
    for (size_t i = 0; i < n; i++)
        *tokens += (uint32_t)(strlen(messages[i].text) + PICTURE_TOKENS * messages[i].n_pictures);
    return true;
}

static bool scripted_sync(struct backend *b, const struct message *messages, size_t n, bool open,
                          struct sync_report *report, struct error *e)
{
    (void)open;
    static const char *const names[] = {"system", "user", "assistant"};
    struct scripted *s = scripted_of(b);
    for (size_t i = 0; i < n; i++) {
        buffer_add_text(&s->seen, names[messages[i].role]);
        if (messages[i].n_pictures)
            buffer_printf(&s->seen, "[%zu]", messages[i].n_pictures);
        buffer_printf(&s->seen, ": %s|", messages[i].text);
    }
    buffer_add_text(&s->seen, "\n");
    scripted_count(b, messages, n, &s->tokens, NULL);
    *report = (struct sync_report){.prompt_tokens = s->tokens};
    s->piece = 0;
    if (s->turn >= s->n_answers)
        return error_set(e, ERROR_RUNTIME, "the script has no answer %zu", s->turn + 1);
    const struct scripted_answer *a = &s->answers[s->turn++];
    return a->pieces[0] || !a->failure || error_set(e, ERROR_RUNTIME, "%s", a->failure);
}

static enum step scripted_next(struct backend *b, const struct sampling *how, struct token *out,
                               struct error *e)
{
    (void)how;
    struct scripted *s = scripted_of(b);
    const struct scripted_answer *a = &s->answers[s->turn - 1];
    const char *piece = a->pieces[s->piece];
    *out = (struct token){.text = ""};
    if (piece && !strcmp(piece, "\x03")) {
        s->piece++;
        raise(SIGINT);
        return STEP_STOPPED;
    }
    if (piece && s->tokens + strlen(piece) > s->context)
        return STEP_CONTEXT;
    if (piece) {
        *out = (struct token){.id = (int32_t)s->piece++, .text = piece, .size = strlen(piece)};
        s->tokens += (uint32_t)out->size;
        return STEP_TOKEN;
    }
    if (a->last == STEP_FAILED)
        error_set(e, ERROR_RUNTIME, "%s", a->failure);
    return a->last;
}

static void scripted_stop(void *backend)
{
    (void)backend;
}

static uint32_t scripted_picture_rows(struct backend *b, const struct picture *p)
{
    (void)p;
    return b->info->sees ? PICTURE_TOKENS : 0;
}

static void scripted_close(struct backend *b)
{
    buffer_free(&scripted_of(b)->seen);
}

void backend_scripted_start(struct scripted *s, const struct scripted_answer *answers, size_t n,
                            uint32_t context)
{
    *s = (struct scripted){
        .backend = {.open = scripted_open,
                    .sync = scripted_sync,
                    .next = scripted_next,
                    .stop = scripted_stop,
                    .count = scripted_count,
                    .picture_rows = scripted_picture_rows,
                    .close = scripted_close},
        .answers = answers,
        .n_answers = n,
        .context = context,
        .info = {.model = "script", .device = "none", .sees = true, .context = context},
    };
}
