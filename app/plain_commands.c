// What the slash commands (slash.h) do in the line by line chat.
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "app/attach.h"
#include "app/clipboard.h"
#include "app/export.h"
#include "app/external.h"
#include "app/interrupt.h"
#include "app/plain.h"
#include "app/settings.h"
#include "ui/markdown.h"

static bool run_image(struct plain *p, const char *argument, struct error *e)
{
    return plain_attach(p, argument, e);
}

static bool run_images(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    (void)e;
    size_t n = chat_picture_count(p->chat);
    if (!n)
        console_say(p->how.console, "no pictures yet: /image PATH attaches one");
    for (size_t i = 0; i < n; i++) {
        uint32_t width, height;
        bool waiting;
        const char *path;
        struct picture *picture = chat_picture(p->chat, i, &path, &waiting);
        picture_size(picture, &width, &height);
        console_say(p->how.console, "%zu  %s  %ux%u  %u tokens%s", i + 1, path, width, height,
                    p->how.backend->picture_rows(p->how.backend, picture),
                    waiting ? "  (goes with the next question)" : "");
    }
    return true;
}

static bool run_drop(struct plain *p, const char *argument, struct error *e)
{
    size_t n = chat_picture_count(p->chat), i = slash_number(argument, n);
    if (!i)
        return error_set(e, ERROR_USAGE,
                         "/drop takes the number of a picture, 1 to %zu (/images lists them)", n);
    chat_drop_picture(p->chat, i - 1);
    console_note(p->how.console, "[picture %zu dropped]", i);
    return true;
}

static bool run_move(struct plain *p, const char *argument, struct error *e)
{
    size_t n = chat_picture_count(p->chat), sent = n - chat_waiting_count(p->chat), from, to;
    if (!slash_numbers(argument, n, &from, &to) || from <= sent || to <= sent)
        return error_set(e, ERROR_USAGE,
                         "/move takes the numbers of two pictures that wait (/images lists them)");
    chat_move_waiting(p->chat, from - sent - 1, to - sent - 1);
    console_note(p->how.console, "[picture %zu is picture %zu now]", from, to);
    return true;
}

static void set_flag(void *flag)
{
    atomic_store((atomic_bool *)flag, true);
}

static bool run_paste(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    if (p->blind)
        return error_set(e, ERROR_MODEL, "%s", p->blind);
    atomic_bool stop = false;
    interrupt_watch(set_flag, &stop);
    struct picture *picture = attach_clipboard(&stop, e);
    interrupt_watch(NULL, NULL);
    interrupt_clear();
    return picture && plain_take(p, picture, "clipboard", e);
}

static bool run_view(struct plain *p, const char *argument, struct error *e)
{
    size_t n = chat_picture_count(p->chat), i = *argument ? slash_number(argument, n) : n;
    if (!i)
        return error_set(e, ERROR_USAGE,
                         "/view takes the number of a picture, 1 to %zu (/images lists them)", n);
    uint32_t width, height;
    const char *path;
    struct picture *picture = chat_picture(p->chat, i - 1, &path, NULL);
    picture_size(picture, &width, &height);
    console_say(
        p->how.console,
        "picture %zu is %s, %ux%u; the model sees it as %u tokens (only the full screen can "
        "show it)",
        i, path, width, height, p->how.backend->picture_rows(p->how.backend, picture));
    return true;
}

// ---- the conversation

static bool run_clear(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    (void)e;
    chat_clear(p->chat);
    console_note(p->how.console, "[a new conversation]");
    return true;
}

static bool run_regen(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    if (!chat_undo_answer(p->chat))
        return error_set(e, ERROR_USAGE, "there is no answer yet to give again");
    p->how.sampling.seed++; // the same one would say the same
    return plain_answer(p, e);
}

// The text of the last message of a role, which lives until the chat changes; NULL: there is none.
static const char *last_text(struct plain *p, enum role role, struct error *e)
{
    size_t n;
    const struct message *m = chat_messages(p->chat, 0, &n, e);
    while (m && n > 0 && m[n - 1].role != role)
        n--;
    return m && n > 0 ? m[n - 1].text : NULL;
}

// Takes the last question back; its pictures wait again.
static bool run_edit(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    const char *text = last_text(p, ROLE_USER, e);
    if (!text)
        return error_set(e, ERROR_USAGE, "there is no question yet to take back");
    buffer_clear(&p->taken);
    if (!buffer_add_text(&p->taken, text))
        return error_no_memory(e);
    chat_undo_answer(p->chat);
    chat_take_back(p->chat);
    console_note(p->how.console, "[taken back; /editor changes it]");
    console_say(p->how.console, "%s", p->taken.data);
    return true;
}

static bool run_undo(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    if (chat_turn_count(p->chat) == 0)
        return error_set(e, ERROR_USAGE, "there is nothing to forget yet");
    chat_undo_answer(p->chat);
    chat_drop_question(p->chat);
    console_note(p->how.console, "[the last exchange is gone]");
    return true;
}

static bool run_system(struct plain *p, const char *argument, struct error *e)
{
    if (!chat_set_system(p->chat, *argument ? argument : NULL, e))
        return false;
    console_note(p->how.console, *argument ? "[system text set]" : "[the model's own system text]");
    return true;
}

// ---- what is set

static bool run_set(struct plain *p, const char *argument, struct error *e)
{
    char name[32] = "", value[64] = "";
    sscanf(argument, "%31s %63s", name, value);
    if (!settings_set(&p->how.sampling, name, value))
        return error_set(e, ERROR_USAGE,
                         "/set takes temp, top-p, min-p or repeat-penalty and a number (images and "
                         "theme are the full screen's)");
    console_note(p->how.console, "[%s is %s now]", name, value);
    return true;
}

// One call for each line, since what is said is cleaned to one.
static void say_lines(struct plain *p, char *text)
{
    for (char *line; (line = strsep(&text, "\n"));)
        console_say(p->how.console, "%s", line);
}

static bool run_show(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    struct buffer b = {0};
    settings_show(&p->how.sampling, p->how.backend->info, p->chat, &b);
    bool ok = b.data || error_no_memory(e);
    if (ok)
        say_lines(p, b.data);
    buffer_free(&b);
    return ok;
}

static bool run_model(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    (void)e;
    console_say(p->how.console, "%s; another one: pumice -m FILE", p->how.backend->info->model);
    return true;
}

static bool run_stats(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    (void)e;
    const struct plain_stats *s = &p->stats;
    console_say(p->how.console,
                "%u of %u tokens used; the last prompt: %u tokens, %u of them cached, read in %.0f "
                "ms; said %u in %.0f ms",
                s->prompt + s->said, p->how.backend->info->context, s->prompt, s->cached,
                s->prefill_ms, s->said, s->said_ms);
    return true;
}

// ---- out of the chat

static bool run_export(struct plain *p, const char *argument, struct error *e)
{
    const char *path = *argument ? argument : "chat.md";
    if (!export_markdown(p->chat, path, NULL, e))
        return false;
    console_note(p->how.console, "[written to %s]", path);
    return true;
}

static bool run_copy(struct plain *p, const char *argument, struct error *e)
{
    struct buffer text = {0};
    const char *answer = last_text(p, ROLE_ASSISTANT, e);
    size_t block = slash_number(argument, 1000);
    bool ok = answer ? true : error_set(e, ERROR_USAGE, "there is no answer yet");
    if (ok && *argument && (!block || !markdown_code(answer, strlen(answer), block - 1, &text)))
        ok = error_set(e, ERROR_USAGE, "the answer has no code block %s", argument);
    if (ok && !*argument && !buffer_add_text(&text, answer))
        ok = error_no_memory(e);
    if (ok && !clipboard_write_text(text.data ? text.data : "", text.size))
        ok = error_set(e, ERROR_RUNTIME,
                       "nothing here writes to the clipboard: install wl-copy, xclip or xsel");
    if (ok)
        console_note(p->how.console, "[copied]");
    buffer_free(&text);
    return ok;
}

static bool run_editor(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    struct buffer text = {0};
    if (!p->how.console->in_terminal)
        return error_set(e, ERROR_USAGE, "/editor needs a terminal");
    bool ok = external_edit(p->taken.data ? p->taken.data : "", &text, e);
    buffer_clear(&p->taken);
    if (ok && text.size)
        ok = plain_ask(p, text.data, e);
    buffer_free(&text);
    return ok;
}

static bool run_help(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    (void)e;
    for (size_t i = 0; i < SLASH_COUNT; i++) {
        char left[32];
        snprintf(left, sizeof(left), "/%s %s", slash_table[i].name, slash_table[i].argument);
        console_say(p->how.console, "%-15s %s", left, slash_table[i].help);
    }
    console_say(
        p->how.console,
        "A path alone on a line attaches the picture. A \\ at the end goes on in the next line.");
    return true;
}

static bool run_quit(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    (void)e;
    p->quit = true;
    return true;
}

static bool (*const functions[SLASH_COUNT])(struct plain *p, const char *argument,
                                            struct error *e) = {
    [SLASH_HELP] = run_help,     [SLASH_IMAGE] = run_image,   [SLASH_IMAGES] = run_images,
    [SLASH_DROP] = run_drop,     [SLASH_MOVE] = run_move,     [SLASH_PASTE] = run_paste,
    [SLASH_VIEW] = run_view,     [SLASH_CLEAR] = run_clear,   [SLASH_NEW] = run_clear,
    [SLASH_REGEN] = run_regen,   [SLASH_EDIT] = run_edit,     [SLASH_UNDO] = run_undo,
    [SLASH_SYSTEM] = run_system, [SLASH_SET] = run_set,       [SLASH_SHOW] = run_show,
    [SLASH_MODEL] = run_model,   [SLASH_EXPORT] = run_export, [SLASH_COPY] = run_copy,
    [SLASH_EDITOR] = run_editor, [SLASH_STATS] = run_stats,   [SLASH_QUIT] = run_quit,
};

bool plain_command(struct plain *p, enum slash command, const char *argument, struct error *e)
{
    return functions[command](p, argument, e);
}
