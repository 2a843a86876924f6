// pumice inspect: what the engine computes. Arrays go to a file, raw little-endian float32;
// everything else to standard output as JSON.
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/array_file.h"
#include "app/input.h"
#include "app/interrupt.h"
#include "app/json.h"
#include "engine/probe.h"

static bool need(const char *value, const char *option, struct error *e)
{
    return value || error_set(e, ERROR_USAGE, "%s is missing; see pumice inspect --help", option);
}

static bool need_one_picture(const struct app *app, struct error *e)
{
    return app->options.n_pictures == 1 ||
           error_set(e, ERROR_USAGE, "give one picture with -i PICTURE");
}

// The pictures of a chat as the engine's calls take them; the caller frees the array only.
static struct picture **picture_array(const struct chat *chat, size_t *n, struct error *e)
{
    *n = chat_picture_count(chat);
    struct picture **out = calloc(*n + 1, sizeof(struct picture *));
    if (!out)
        error_no_memory(e);
    for (size_t i = 0; out && i < *n; i++)
        out[i] = chat_picture(chat, i, NULL, NULL);
    return out;
}

bool run_inspect_model(struct app *app, struct error *e)
{
    struct model_files files = {0};
    struct buffer json = {0};
    bool ok = prepare_files(app, SIGHT_NONE, &files, e) &&
              probe_model_json(files.model, &json, e) &&
              json_print_text(&app->console, json.data, json.size, e);
    buffer_free(&json);
    paths_finish(&files);
    return ok;
}

bool run_inspect_tokens(struct app *app, struct error *e)
{
    const struct options *o = &app->options;
    struct model_files files = {0};
    struct buffer json = {0};
    struct chat *chat = NULL;
    struct picture **pictures = NULL;
    size_t n = 0;
    if (!need(o->prompt, "-p TEXT", e) ||
        !input_check_text(o->prompt, strlen(o->prompt), "the prompt", e))
        return false;
    if (o->raw_prompt && (o->n_pictures || o->system || o->chat_template))
        return error_set(e, ERROR_USAGE,
                         "--raw-prompt takes the text alone: no pictures, system text or template");
    bool ok = (chat = prepare_chat(app, e)) && (pictures = picture_array(chat, &n, e)) &&
              prepare_files(app, n ? SIGHT_NEEDED : SIGHT_NONE, &files, e) &&
              probe_tokens_json(files.model, files.mmproj, o->chat_template, o->system, o->prompt,
                                pictures, n, o->raw_prompt, &json, e) &&
              json_print_text(&app->console, json.data, json.size, e);
    free(pictures);
    chat_destroy(chat);
    buffer_free(&json);
    paths_finish(&files);
    return ok;
}

bool run_inspect_pixels(struct app *app, struct error *e)
{
    const struct options *o = &app->options;
    struct model_files files = {0};
    struct chat *chat = NULL;
    float *pixels = NULL;
    uint32_t s[4];
    if (!need(o->output, "-o FILE", e) || !need_one_picture(app, e))
        return false;
    // A vision file that is named needs no language model.
    const char *mmproj = o->mmproj;
    bool ok =
        (chat = prepare_chat(app, e)) &&
        (mmproj || (prepare_files(app, SIGHT_NEEDED, &files, e) && (mmproj = files.mmproj))) &&
        probe_pixels(mmproj, chat_picture(chat, 0, NULL, NULL), &pixels, s, e) &&
        array_file_save(o->output, pixels, (size_t)s[0] * s[1] * s[2] * s[3], e) &&
        json_print(&app->console,
                   json_pack("{s:o, s:[I,I,I,I]}", "file", json_text(o->output), "shape",
                             (json_int_t)s[0], (json_int_t)s[1], (json_int_t)s[2],
                             (json_int_t)s[3]),
                   e);
    free(pixels);
    paths_finish(&files);
    chat_destroy(chat);
    return ok;
}

// Loads the engine for the rest, with progress.
static struct engine *load(struct app *app, const struct model_files *files, struct error *e)
{
    struct engine_params params = prepare_params(app, files);
    progress_begin(&app->progress);
    struct engine *engine = engine_create(&params, e);
    progress_end(&app->progress);
    return engine;
}

bool run_inspect_rows(struct app *app, struct error *e)
{
    const struct options *o = &app->options;
    struct model_files files = {0};
    struct chat *chat = NULL;
    struct engine *engine = NULL;
    float *rows = NULL;
    uint32_t n;
    double ms;
    if (!need(o->output, "-o FILE", e) || !need_one_picture(app, e))
        return false;
    bool ok = (chat = prepare_chat(app, e)) && prepare_files(app, SIGHT_NEEDED, &files, e) &&
              (engine = load(app, &files, e)) &&
              probe_rows(engine, chat_picture(chat, 0, NULL, NULL), &rows, &n, &ms, e);
    if (ok) {
        const struct engine_info *info = engine_get_info(engine);
        ok = array_file_save(o->output, rows, (size_t)n * info->embedding, e) &&
             json_print(&app->console,
                        json_pack("{s:o, s:[I,I], s:f, s:o}", "file", json_text(o->output), "shape",
                                  (json_int_t)n, (json_int_t)info->embedding, "encode_ms", ms,
                                  "device", json_text(info->device)),
                        e);
    }
    free(rows);
    engine_destroy(engine);
    paths_finish(&files);
    chat_destroy(chat);
    return ok;
}

// ---- logits

struct logits {
    struct id_list *chunks; // of --ids; NULL: -p
    size_t n_chunks;
    struct id_list *force; // one list, or NULL
    size_t n_force;
    struct chat *chat;
    struct picture **pictures;
    size_t n_pictures;
};

static bool logits_read(struct app *app, struct logits *l, struct error *e)
{
    const struct options *o = &app->options;
    if (!need(o->output, "-o FILE", e))
        return false;
    if (!o->prompt == !o->ids)
        return error_set(e, ERROR_USAGE, "give either -p TEXT or --ids '[[..],[..]]'");
    if (o->prompt && !input_check_text(o->prompt, strlen(o->prompt), "the prompt", e))
        return false;
    if (o->ids && (o->system || o->chat_template))
        return error_set(e, ERROR_USAGE, "--ids is the whole prompt: no system text or template");
    if (o->ids && !id_lists_read(o->ids, "--ids", true, &l->chunks, &l->n_chunks, e))
        return false;
    if (o->ids && l->n_chunks != o->n_pictures + 1)
        return error_set(e, ERROR_USAGE, "--ids has %zu chunks: with %zu pictures it takes %zu",
                         l->n_chunks, o->n_pictures, o->n_pictures + 1);
    if (o->force && !id_lists_read(o->force, "--force", false, &l->force, &l->n_force, e))
        return false;
    return (l->chat = prepare_chat(app, e)) &&
           (l->pictures = picture_array(l->chat, &l->n_pictures, e)) &&
           (o->ids || chat_ask(l->chat, o->prompt, e));
}

static void logits_finish(struct logits *l)
{
    id_lists_free(l->chunks, l->n_chunks);
    id_lists_free(l->force, l->n_force);
    free(l->pictures);
    chat_destroy(l->chat);
}

static bool check_ids(const struct id_list *lists, size_t n, uint32_t vocabulary, struct error *e)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < lists[i].count; k++)
            if ((uint32_t)lists[i].ids[k] >= vocabulary)
                return error_set(e, ERROR_USAGE, "there is no token %d: the vocabulary has %u",
                                 lists[i].ids[k], vocabulary);
    return true;
}

static bool sync_logits(struct session *s, struct logits *l, struct sync_report *report,
                        struct error *e)
{
    if (!l->chunks) {
        size_t n;
        const struct message *m = chat_messages(l->chat, 0, &n, e);
        return m && session_sync(s, m, n, false, report, e);
    }
    struct id_chunk *chunks = calloc(l->n_chunks, sizeof(*chunks));
    if (!chunks)
        return error_no_memory(e);
    for (size_t i = 0; i < l->n_chunks; i++)
        chunks[i] = (struct id_chunk){l->chunks[i].ids, l->chunks[i].count};
    bool ok = session_sync_ids(s, chunks, l->pictures, l->n_pictures, report, e);
    free(chunks);
    return ok;
}

static bool go_on(struct error *e)
{
    return !interrupt_pending() || error_set(e, ERROR_INTERRUPTED, "interrupted");
}

static bool save_logits(struct app *app, struct engine *engine, struct logits *l, struct error *e)
{
    const struct engine_info *info = engine_get_info(engine);
    size_t forced = l->n_force ? l->force[0].count : 0;
    struct sync_report report = {0};
    struct array_file *file = NULL;
    if (!check_ids(l->chunks, l->n_chunks, info->vocabulary, e) ||
        !check_ids(l->force, l->n_force, info->vocabulary, e))
        return false;
    struct session *s = session_create(engine, e);
    bool ok = s && sync_logits(s, l, &report, e) &&
              (file = array_file_create(app->options.output, e)) &&
              array_file_add(file, session_logits(s), info->vocabulary, e);
    for (size_t i = 0; ok && i < forced; i++)
        ok = go_on(e) && session_force(s, l->force[0].ids[i], e) &&
             array_file_add(file, session_logits(s), info->vocabulary, e);
    ok = array_file_finish(file, ok, e) && ok &&
         json_print(&app->console,
                    json_pack("{s:o, s:[I,I], s:I, s:o, s:o}", "file",
                              json_text(app->options.output), "shape", (json_int_t)(1 + forced),
                              (json_int_t)info->vocabulary, "prompt_tokens",
                              (json_int_t)report.prompt_tokens, "model", json_text(info->model),
                              "device", json_text(info->device)),
                    e);
    session_destroy(s);
    return ok;
}

bool run_inspect_logits(struct app *app, struct error *e)
{
    struct logits l = {0};
    struct model_files files = {0};
    struct engine *engine = NULL;
    bool ok = logits_read(app, &l, e) &&
              prepare_files(app, l.n_pictures ? SIGHT_NEEDED : SIGHT_NONE, &files, e) &&
              (engine = load(app, &files, e)) && save_logits(app, engine, &l, e);
    engine_destroy(engine);
    paths_finish(&files);
    logits_finish(&l);
    return ok;
}
