#include "app/answer.h"

#include <stdlib.h>
#include <string.h>

#include "app/interrupt.h"
#include "app/json.h"
#include "base/log.h"
#include "base/utf8.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

// Blanks at the end are held back until more comes: an answer ends with its last word and one
// newline.
static bool add_text(struct answer *a, const struct answer_how *how, const char *text, size_t size,
                     struct error *e)
{
    while (size && a->text.size == 0 && is_blank(*text))
        text++, size--;
    if (!buffer_reserve(&a->text, 3 * size + 1))
        return error_no_memory(e);
    a->text.size += utf8_clean(a->text.data + a->text.size, 3 * size + 1, text, size);
    size_t end = a->text.size;
    while (end > a->written && is_blank(a->text.data[end - 1]))
        end--;
    if (how->json || end == a->written)
        return true;
    size_t from = a->written;
    a->written = end;
    return console_write(how->console, a->text.data + from, end - from, e);
}

static bool end_text(struct answer *a, const struct answer_how *how, struct error *e)
{
    while (a->text.size && is_blank(a->text.data[a->text.size - 1]))
        a->text.data[--a->text.size] = '\0';
    return how->json || console_write(how->console, "\n", 1, e);
}

// The report's arrays live until the next sync only.
static bool keep_report(struct answer *a, const struct sync_report *r, struct error *e)
{
    size_t n = r->n_pictures;
    double *ms = malloc((n + 1) * sizeof(*ms));
    uint32_t *tokens = malloc((n + 1) * sizeof(*tokens));
    if (!ms || !tokens) {
        free(ms);
        free(tokens);
        return error_no_memory(e);
    }
    if (n) {
        memcpy(ms, r->picture_ms, n * sizeof(*ms));
        memcpy(tokens, r->picture_tokens, n * sizeof(*tokens));
    }
    a->report = *r;
    a->report.picture_ms = ms;
    a->report.picture_tokens = tokens;
    return true;
}

static bool sync_chat(struct answer *a, const struct answer_how *how, struct chat *chat,
                      struct error *e)
{
    size_t n;
    struct sync_report report = {0};
    const struct message *messages = chat_messages(chat, 0, &n, e);
    if (!messages)
        return false;
    progress_begin(how->progress);
    bool ok = how->backend->sync(how->backend, messages, n, false, &report, e);
    progress_end(how->progress);
    return ok && keep_report(a, &report, e);
}

// What generate() is given.
struct taking {
    struct answer *answer;
    const struct answer_how *how;
    struct chat *chat;
};

static bool stopped(void *data)
{
    (void)data;
    return interrupt_pending();
}

static bool take(void *data, const struct token *t, struct error *e)
{
    struct taking *g = data;
    const char *text = t->text ? t->text : "";
    bool ok = (!t->size || add_text(g->answer, g->how, text, t->size, e)) &&
              chat_answer(g->chat, text, t->size, t->id >= 0 ? &t->id : NULL, e);
    if (ok && t->cut)
        chat_forget_ids(g->chat);
    return ok;
}

static bool take_tokens(struct answer *a, const struct answer_how *how, struct chat *chat,
                        struct error *e)
{
    struct taking data = {a, how, chat};
    const struct generate g = {.backend = how->backend,
                               .sampling = &how->sampling,
                               .max_tokens = how->max_tokens,
                               .stopped = stopped,
                               .take = take,
                               .data = &data};
    return generate(&g, &a->said, e) && (a->said.end != END_STOPPED || a->said.tokens > 0 ||
                                         error_set(e, ERROR_INTERRUPTED, "interrupted"));
}

static void log_figures(const struct answer *a)
{
    log_info("%u tokens of prompt (%u cached): pictures %.0f ms, prompt %.0f ms; %u tokens said, "
             "%.1f a second",
             a->report.prompt_tokens, a->report.cached_tokens, a->report.encode_ms,
             a->report.prefill_ms, a->said.tokens,
             a->said.ms > 0 ? (a->said.tokens - 1) * 1e3 / a->said.ms : 0.0);
}

bool answer_run(struct answer *a, const struct answer_how *how, struct chat *chat, struct error *e)
{
    *a = (struct answer){0};
    interrupt_watch(how->backend->stop, how->backend);
    bool ok = sync_chat(a, how, chat, e) && take_tokens(a, how, chat, e);
    interrupt_watch(NULL, NULL);
    if (ok) {
        ok = end_text(a, how, e);
        if (a->said.end == END_REPETITION)
            console_note(how->console, "pumice: stopped, the answer went round in circles");
        log_figures(a);
    } else if (a->written && e->kind != ERROR_INTERRUPTED && !how->console->broken) {
        console_write(how->console, "\n", 1, NULL);
    }
    return ok;
}

void answer_finish(struct answer *a)
{
    buffer_free(&a->text);
    free((void *)a->report.picture_ms);
    free((void *)a->report.picture_tokens);
    *a = (struct answer){0};
}

static json_t *pictures_json(const struct answer *a, const struct chat *chat)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->report.n_pictures && i < chat_picture_count(chat); i++) {
        const char *path;
        uint32_t width, height;
        picture_size(chat_picture(chat, i, &path, NULL), &width, &height);
        json_array_append_new(list,
                              json_pack("{s:o, s:I, s:I, s:I, s:f}", "path", json_text(path),
                                        "width", (json_int_t)width, "height", (json_int_t)height,
                                        "tokens", (json_int_t)a->report.picture_tokens[i],
                                        "encode_ms", a->report.picture_ms[i]));
    }
    return list;
}

bool answer_print_json(const struct answer *a, const struct answer_how *how,
                       const struct chat *chat, struct error *e)
{
    static const char *const stops[] = {"end", "length", "context", "repetition", "interrupted"};
    const struct engine_info *info = how->backend->info;
    const struct sync_report *r = &a->report;
    return json_print(how->console,
                      json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:f, s:I, s:f, s:s}", "text",
                                json_text(a->text.data ? a->text.data : ""), "model",
                                json_text(info->model), "device", json_text(info->device), "images",
                                pictures_json(a, chat), "prompt_tokens",
                                (json_int_t)r->prompt_tokens, "cached_tokens",
                                (json_int_t)r->cached_tokens, "prefill_ms", r->prefill_ms,
                                "generated_tokens", (json_int_t)a->said.tokens, "generate_ms",
                                a->said.ms, "stop", stops[a->said.end]),
                      e);
}
