// Questions and answers: what the screen does to the conversation.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/attach.h"
#include "app/clock.h"
#include "app/screen.h"

// ---- asking

static void show_question(struct screen *s, const char *text)
{
    size_t entry = transcript_add(s->transcript, ENTRY_USER, text);
    for (size_t i = 0; i < s->n_waiting; i++) {
        if (s->waiting[i].preview)
            transcript_add_picture(s->transcript, entry, s->waiting[i].preview);
        waiting_finish(&s->waiting[i]);
    }
    s->n_waiting = 0;
}

void screen_answer(struct screen *s)
{
    struct error e = {0};
    size_t n;
    const struct message *m = chat_messages(s->chat, 0, &n, &e);
    s->entry = transcript_add(s->transcript, ENTRY_ASSISTANT, "");
    s->said = 0;
    s->report = (struct sync_report){0};
    s->answering = m ? worker_answer(s->worker, m, n, &s->sampling, s->app->options.max_tokens) : 0;
    if (!s->answering) {
        error_no_memory(&e);
        screen_fail(s, &e);
    }
    transcript_bottom(s->transcript);
}

bool screen_send(struct screen *s, const char *text)
{
    struct error e = {0};
    if (s->broken) {
        screen_note(s, "there is no engine: see the error above; /quit leaves");
        return false;
    }
    if (s->answering) {
        screen_note(s, "the answer is still being written: Esc stops it");
        return false;
    }
    char *plain = screen_without_chips(s, text);
    bool ok = plain && chat_ask(s->chat, plain, &e);
    if (ok) {
        show_question(s, plain);
        screen_answer(s);
    } else {
        error_no_memory(&e);
        screen_fail(s, &e);
    }
    free(plain);
    return ok;
}

static bool still_reading(const struct screen *s)
{
    for (size_t i = 0; i < s->n_waiting; i++)
        if (s->waiting[i].job != 0)
            return true;
    return false;
}

static void ask(struct screen *s, const char *text)
{
    s->send_when_read = still_reading(s);
    if (s->send_when_read) {
        screen_note(s, "sent as soon as the picture is read");
        return;
    }
    if (screen_send(s, strncmp(text, "//", 2) == 0 ? text + 1 : text)) {
        editor_remember(s->editor, text);
        editor_clear(s->editor);
    }
}

// A slash and one word: a command, whether there is such a one or not. Anything else that begins
// with a slash is a path.
static bool is_command(const char *line)
{
    size_t size = 1 + strcspn(line + 1, " \t/.");
    return line[0] == '/' && (!line[size] || strchr(" \t", line[size]));
}

// `path` is empty where the line is none.
static void run_command(struct screen *s, const char *line, const char *path)
{
    const char *argument;
    enum slash command = slash_find(line, &argument);
    char *copy = command < SLASH_COUNT ? strdup(argument) : NULL;
    editor_remember(s->editor, line);
    editor_clear(s->editor);
    for (size_t i = 0; i < s->n_waiting; i++) // their chips went with the line
        editor_add_chip(s->editor, s->waiting[i].number);
    if (copy)
        screen_command(s, command, copy);
    else if (*path)
        screen_attach(s, path);
    else
        screen_note(s, "no such command: /help lists them; // begins with a slash");
    free(copy);
}

void screen_submit(struct screen *s)
{
    const char *text = editor_text(s->editor);
    char *line = screen_without_chips(s, text);
    struct buffer path = {0};
    if (!line)
        return;
    if (screen_only_blanks(line) && s->n_waiting == 0) {
        free(line);
        return;
    }
    bool file = attach_is_file(line, &path);
    if (strncmp(line, "//", 2) != 0 && (file || (line[0] == '/' && !strchr(line, '\n'))))
        run_command(s, line, path.data && (file || !is_command(line)) ? path.data : "");
    else if (screen_only_blanks(line))
        screen_note(s, "what do you want to know about the picture?");
    else
        ask(s, text);
    buffer_free(&path);
    free(line);
}

// ---- the end of an answer

static void figures_of(const struct screen *s, const struct news *n, char *out, size_t room)
{
    static const char *ends[] = {"", " · cut at --max-tokens",
                                 " · the context is full: /clear starts over",
                                 " · stopped: it repeated itself", " · stopped"};
    const struct sync_report *r = &s->report;
    int at = 0;
    if (r->n_pictures)
        at += snprintf(out, room, "%zu picture%s%s · ", r->n_pictures,
                       r->n_pictures == 1 ? "" : "s", r->encode_ms > 0 ? "" : " (cached)");
    if (r->encode_ms > 0)
        at += snprintf(out + at, room - (size_t)at, "seen in %.0f ms · ", r->encode_ms);
    at += snprintf(out + at, room - (size_t)at, "%u tokens", r->prompt_tokens);
    if (r->cached_tokens)
        at += snprintf(out + at, room - (size_t)at, " (%u cached)", r->cached_tokens);
    at +=
        snprintf(out + at, room - (size_t)at, " read in %.0f ms · %u said", r->prefill_ms, s->said);
    if (s->said > 1 && n->ms > 0)
        at += snprintf(out + at, room - (size_t)at, ", %.0f tok/s", (s->said - 1) * 1e3 / n->ms);
    snprintf(out + at, room - (size_t)at, "%s", ends[n->end]);
}

void screen_end_answer(struct screen *s, const struct news *n)
{
    char figures[512];
    figures_of(s, n, figures, sizeof(figures));
    s->answering = 0;
    s->in_phase = false;
    if (s->said > 1 && n->ms > 0)
        s->rate = (s->said - 1) * 1e3 / n->ms;
    s->used = s->report.prompt_tokens + s->said;
    if (s->said > 0) {
        transcript_finish(s->transcript, s->entry, figures);
        screen_prepare(s);
        return;
    }
    // Nothing was said: the question is written again.
    transcript_truncate(s->transcript, s->entry > 0 ? s->entry - 1 : 0);
    screen_take_back(s);
    screen_note(s, n->end == END_STOPPED ? "stopped; the question is back below"
                                         : "the model had nothing to say");
}

void screen_clear(struct screen *s)
{
    if (s->answering)
        worker_stop(s->worker);
    s->answering = 0; // what still comes belongs to nothing
    s->in_phase = s->in_phase && !s->loaded;
    while (s->n_waiting)
        screen_drop(s, s->n_waiting - 1);
    chat_clear(s->chat);
    transcript_truncate(s->transcript, 0);
    s->used = 0;
    screen_prepare(s);
}
