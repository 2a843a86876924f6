// pumice -p TEXT: one answer.
#include <string.h>

#include "app/answer.h"
#include "app/app.h"
#include "app/input.h"

// Text from standard input stands before the question, a blank line between them.
static bool add_input(struct app *app, struct buffer *prompt, struct error *e)
{
    if (!input_read_all(&app->console, prompt, INPUT_MOST_TEXT, ERROR_USAGE, e))
        return false;
    if (!input_check_text(prompt->data, prompt->size, "standard input", NULL))
        return error_set(e, ERROR_USAGE,
                         "standard input is not UTF-8 text; if it is a picture, add -i -");
    while (prompt->size && strchr(" \t\r\n", prompt->data[prompt->size - 1]))
        prompt->data[--prompt->size] = '\0';
    return prompt->size == 0 || buffer_add_text(prompt, "\n\n") || error_no_memory(e);
}

static bool make_prompt(struct app *app, struct buffer *prompt, struct error *e)
{
    const struct options *o = &app->options;
    if (!input_check_text(o->prompt, strlen(o->prompt), "the prompt", e))
        return false;
    if (o->n_pictures == 0 && !app->console.in_terminal && !add_input(app, prompt, e))
        return false;
    if (!buffer_add_text(prompt, o->prompt))
        return error_no_memory(e);
    if (strspn(prompt->data, " \t\r\n") == prompt->size)
        return error_set(e, ERROR_USAGE, "the prompt is empty: say something with -p TEXT");
    return true;
}

static bool answer_once(struct app *app, struct chat *chat, struct backend *backend,
                        struct error *e)
{
    struct answer a = {0};
    struct answer_how how = {
        .backend = backend,
        .console = &app->console,
        .progress = &app->progress,
        .sampling = prepare_sampling(&app->options),
        .max_tokens = app->options.max_tokens,
        .json = app->options.json,
    };
    bool ok = answer_run(&a, &how, chat, e);
    if (ok && how.json)
        ok = answer_print_json(&a, &how, chat, e);
    if (ok && a.said.end == END_STOPPED)
        ok = error_set(e, ERROR_INTERRUPTED, "interrupted");
    answer_finish(&a);
    return ok;
}

bool run_oneshot(struct app *app, struct error *e)
{
    struct buffer prompt = {0};
    struct chat *chat = NULL;
    struct model_files files = {0};
    struct backend *backend = NULL;
    enum sight sight = app->options.n_pictures ? SIGHT_NEEDED : SIGHT_NONE;

    // All that can be wrong with the question is found before the model is loaded.
    bool ok = make_prompt(app, &prompt, e) && (chat = prepare_chat(app, e)) &&
              chat_ask(chat, prompt.data, e) && prepare_files(app, sight, &files, e) &&
              (backend = prepare_backend(app, &files, chat, e)) &&
              answer_once(app, chat, backend, e);
    if (backend)
        backend->close(backend);
    paths_finish(&files);
    chat_destroy(chat);
    buffer_free(&prompt);
    return ok;
}
