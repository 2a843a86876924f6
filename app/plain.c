#include "app/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/attach.h"
#include "app/input.h"
#include "app/interrupt.h"

// A line, joined with those after it as long as it ends in a backslash.
static enum input_line read_question(struct plain *p, struct buffer *out, struct error *e)
{
    struct console *c = p->how.console;
    struct buffer line = {0};
    buffer_clear(out);
    enum input_line got;
    for (bool more = false;; more = true) {
        if (c->in_terminal)
            console_prompt(c, more ? "  " : "> ");
        got = input_read_line(c, &line, e);
        if (got == INPUT_END && more)
            got = INPUT_LINE; // what came before the end counts
        if (got != INPUT_LINE)
            break;
        bool goes_on = line.size && line.data[line.size - 1] == '\\';
        if (!buffer_add(out, line.data, line.size - goes_on) ||
            (goes_on && !buffer_add(out, "\n", 1))) {
            error_no_memory(e);
            got = INPUT_FAILED;
        }
        if (got == INPUT_FAILED || !goes_on || feof(c->in))
            break;
    }
    buffer_free(&line);
    return got;
}

bool plain_take(struct plain *p, struct picture *picture, const char *path, struct error *e)
{
    uint32_t width, height, rows = p->how.backend->picture_rows(p->how.backend, picture);
    picture_size(picture, &width, &height);
    bool ok = chat_attach(p->chat, picture, path, e);
    if (ok)
        console_note(p->how.console, "[picture %zu: %s, %ux%u, %u tokens]",
                     chat_picture_count(p->chat), path, width, height, rows);
    return ok;
}

bool plain_attach(struct plain *p, const char *typed, struct error *e)
{
    if (p->blind)
        return error_set(e, ERROR_MODEL, "%s", p->blind);
    char *path = NULL;
    struct picture *picture = attach_read(typed, &path, e);
    if (!picture)
        return false;
    bool ok = plain_take(p, picture, path, e);
    free(path);
    return ok;
}

static bool confirm(struct plain *p, size_t turns)
{
    char text[128];
    struct buffer line = {0};
    snprintf(text, sizeof(text),
             "The conversation is full. Drop the oldest %zu turns and go on? [Y/n] ", turns);
    console_prompt(p->how.console, text);
    enum input_line got = input_read_line(p->how.console, &line, NULL);
    bool yes = got == INPUT_LINE && (line.size == 0 || line.data[0] == 'y' || line.data[0] == 'Y');
    buffer_free(&line);
    return yes;
}

static bool count(struct plain *p, size_t skip, uint32_t *tokens, struct error *e)
{
    size_t n;
    const struct message *m = chat_messages(p->chat, skip, &n, e);
    return m && p->how.backend->count(p->how.backend, m, n, tokens, e);
}

// Finds how many of the oldest turns must go until there is room for an answer, and asks. *made:
// done.
static bool make_room(struct plain *p, bool *made, struct error *e)
{
    uint32_t context = p->how.backend->info->context;
    uint32_t answer = p->how.max_tokens < context / 4 ? p->how.max_tokens : context / 4;
    size_t old = chat_turn_count(p->chat), drop = 0;
    old -= old % 2 ? 1 : 2; // the open question, with or without a part of its answer
    uint32_t tokens = 0;
    do {
        drop += 2;
        if (drop <= old && !count(p, drop, &tokens, e))
            return false;
    } while (drop < old && tokens + answer > context);
    *made = false;
    if (drop > old || tokens >= context)
        return true;
    if (!p->how.console->in_terminal) {
        console_note(p->how.console,
                     "pumice: the conversation is full (%u tokens): /clear starts a new one, -c N "
                     "gives more room",
                     context);
        return true;
    }
    *made = confirm(p, drop);
    if (*made)
        chat_forget(p->chat, drop);
    return true;
}

// Before the answer: does the question fit at all? One that is too long by itself is left to the
// engine, which says by how much.
static bool fit_question(struct plain *p, struct error *e)
{
    uint32_t tokens, context = p->how.backend->info->context;
    bool made;
    if (!count(p, 0, &tokens, e))
        return false;
    if (tokens < context || chat_turn_count(p->chat) == 1)
        return true;
    if (p->how.console->in_terminal)
        return make_room(p, &made, e);
    return error_set(
        e, ERROR_USAGE,
        "with this question the conversation takes %u tokens, but the context holds %u: "
        "/clear starts a new one, -c N gives more room",
        tokens, context);
}

static bool answer_turn(struct plain *p, bool *again, struct error *e)
{
    struct answer a = {0};
    *again = false;
    bool ok = answer_run(&a, &p->how, p->chat, e);
    if (ok && a.said.end == END_CONTEXT) {
        bool told = chat_turn_count(p->chat) > 2;
        ok = make_room(p, again, e);
        if (!told)
            console_note(p->how.console,
                         "pumice: the answer was cut where the context (%u tokens) ended: -c N "
                         "gives more room",
                         p->how.backend->info->context);
        if (*again)
            chat_undo_answer(p->chat);
    }
    p->stats = (struct plain_stats){a.report.prompt_tokens, a.report.cached_tokens, a.said.tokens,
                                    a.report.prefill_ms, a.said.ms};
    if (ok && !*again && p->how.json)
        ok = answer_print_json(&a, &p->how, p->chat, e);
    answer_finish(&a);
    return ok;
}

bool plain_answer(struct plain *p, struct error *e)
{
    interrupt_clear();
    bool again = false, ok = fit_question(p, e);
    while (ok) {
        ok = answer_turn(p, &again, e);
        if (!again)
            break;
    }
    // Ctrl+C ended this answer and nothing more.
    interrupt_clear();
    if (!ok) {
        chat_undo_answer(p->chat);
        chat_take_back(p->chat);
        if (e->kind == ERROR_INTERRUPTED)
            console_note(p->how.console, "[stopped: the question was taken back]");
    }
    return ok;
}

bool plain_ask(struct plain *p, const char *text, struct error *e)
{
    return chat_ask(p->chat, text, e) && plain_answer(p, e);
}

static bool handle_line(struct plain *p, const char *line, struct error *e)
{
    struct buffer path = {0};
    const char *argument;
    bool ok;
    if (line[strspn(line, " \t\n")] == '\0')
        return true;
    enum slash command = slash_find(line, &argument);
    if (command < SLASH_COUNT)
        ok = plain_command(p, command, argument, e);
    else if (!strncmp(line, "//", 2))
        ok = plain_ask(p, line + 1, e);
    else if (attach_is_file(line, &path))
        ok = plain_attach(p, path.data, e);
    else if (line[0] == '/')
        ok = error_set(
            e, ERROR_USAGE,
            "there is no command or picture %s (/help lists the commands, // begins a text with /)",
            line);
    else
        ok = plain_ask(p, line, e);
    buffer_free(&path);
    return ok;
}

bool plain_loop(struct plain *p, struct error *e)
{
    struct buffer line = {0};
    struct console *c = p->how.console;
    bool ok = true;
    while (ok && !p->quit) {
        struct error reason = {0};
        enum input_line got = read_question(p, &line, &reason);
        if (got == INPUT_END)
            break;
        bool interrupted = got == INPUT_FAILED && reason.kind == ERROR_INTERRUPTED;
        if (got == INPUT_FAILED || !handle_line(p, line.data ? line.data : "", &reason)) {
            console_error(c, &reason);
            ok = !interrupted && !c->broken;
            if (!ok)
                error_set(e, reason.kind, "%s", reason.text);
        }
    }
    // The shell's prompt begins on a line of its own.
    if (c->in_terminal && !p->quit)
        console_prompt(c, "\n");
    buffer_free(&line);
    return ok;
}

static void greet(struct plain *p)
{
    struct console *c = p->how.console;
    const struct engine_info *info = p->how.backend->info;
    if (c->in_terminal)
        console_note(c, "%s on %s%s. /help lists the commands.", info->model, info->device,
                     info->sees ? "" : ", without pictures");
}

bool run_plain(struct app *app, struct error *e)
{
    struct chat *chat = NULL;
    struct model_files files = {0};
    struct backend *backend = NULL;
    const struct options *o = &app->options;
    enum sight sight = o->n_pictures ? SIGHT_NEEDED : SIGHT_IF_ANY;

    bool ok =
        (!o->system || input_check_text(o->system, strlen(o->system), "the system text", e)) &&
        (chat = prepare_chat(app, e)) && prepare_files(app, sight, &files, e) &&
        (backend = prepare_backend(app, &files, chat, e));
    if (ok) {
        struct plain p = {
            .how = {.backend = backend,
                    .console = &app->console,
                    .progress = &app->progress,
                    .sampling = prepare_sampling(o),
                    .max_tokens = o->max_tokens,
                    .json = o->json},
            .chat = chat,
            .blind = files.mmproj ? NULL : files.blind,
        };
        greet(&p);
        ok = plain_loop(&p, e);
        buffer_free(&p.taken);
    }
    if (backend)
        backend->close(backend);
    paths_finish(&files);
    chat_destroy(chat);
    return ok;
}
