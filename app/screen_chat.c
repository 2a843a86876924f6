// Questions, answers and pictures: what the screen does to the conversation.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/attach.h"
#include "app/clock.h"
#include "app/screen.h"

// ---- pictures that wait

void waiting_finish(struct waiting *w)
{
    ui_picture_unref(w->preview);
    free(w->path);
}

static size_t count_sent(const struct screen *s)
{
    size_t n = chat_picture_count(s->chat);
    for (size_t i = 0; i < s->n_waiting; i++)
        n -= s->waiting[i].job == 0;
    return n;
}

static int next_number(const struct screen *s)
{
    int last = (int)count_sent(s);
    for (size_t i = 0; i < s->n_waiting; i++)
        if (s->waiting[i].number > last)
            last = s->waiting[i].number;
    return last + 1;
}

size_t screen_picture_number(const struct screen *s, size_t i)
{
    size_t place = count_sent(s);
    for (size_t k = 0; k < s->n_waiting; k++)
        if (s->waiting[k].job == 0 && place++ == i)
            return (size_t)s->waiting[k].number;
    return i + 1;
}

void screen_attach(struct screen *s, const char *typed)
{
    if (s->loaded && !s->info.sees) {
        screen_fail(s, &(struct error){.text = "this model cannot see pictures"});
        return;
    }
    struct waiting *more = realloc(s->waiting, (s->n_waiting + 1) * sizeof(*more));
    if (!more)
        return;
    s->waiting = more;
    struct waiting *w = &more[s->n_waiting];
    *w = (struct waiting){
        .number = next_number(s), .job = ++s->last_read, .path = typed ? strdup(typed) : NULL};
    s->n_waiting++;
    editor_add_chip(s->editor, w->number);
    reader_ask(s->reader, w->job, typed);
}

// Its place among the pictures of the chat: the read ones that wait come last there, in the same
// order.
static size_t chat_index(const struct screen *s, size_t waiting)
{
    size_t place = count_sent(s);
    for (size_t i = 0; i < waiting; i++)
        place += s->waiting[i].job == 0;
    return place;
}

void screen_drop(struct screen *s, size_t i)
{
    if (s->waiting[i].job == 0)
        chat_drop_picture(s->chat, chat_index(s, i));
    editor_remove_chip(s->editor, s->waiting[i].number);
    waiting_finish(&s->waiting[i]);
    s->n_waiting--;
    memmove(s->waiting + i, s->waiting + i + 1, (s->n_waiting - i) * sizeof(*s->waiting));
    screen_prepare(s);
}

// ---- asking

static bool waits(const struct screen *s, int number)
{
    for (size_t i = 0; i < s->n_waiting; i++)
        if (s->waiting[i].number == number)
            return true;
    return false;
}

char *screen_without_chips(const struct screen *s, const char *text)
{
    char *out = strdup(text), *to = out;
    for (const char *at = text; out && *at;) {
        int number, length = 0;
        if (sscanf(at, "[picture %d]%n", &number, &length) == 1 && length > 0 && waits(s, number)) {
            at += length;
            at += *at == ' ';
        } else {
            *to++ = *at++;
        }
    }
    if (out)
        *to = '\0';
    return out;
}

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

static bool only_blanks(const char *text)
{
    return text[strspn(text, " \t\n")] == '\0';
}

// A question that begins with // begins with one slash.
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
    if (only_blanks(line) && s->n_waiting == 0) {
        free(line);
        return;
    }
    bool file = attach_is_file(line, &path);
    if (strncmp(line, "//", 2) != 0 && (file || (line[0] == '/' && !strchr(line, '\n'))))
        run_command(s, line, path.data && (file || !is_command(line)) ? path.data : "");
    else if (only_blanks(line))
        screen_note(s, "what do you want to know about the picture?");
    else
        ask(s, text);
    buffer_free(&path);
    free(line);
}

// The chat's pictures [first, first + count) wait again, before those that wait already.
static bool wait_again(struct screen *s, size_t first, size_t count)
{
    int number = (int)first + 1; // as before, if nothing else waits
    for (size_t i = 0; i < s->n_waiting; i++)
        number = number > s->waiting[i].number ? number : s->waiting[i].number + 1;
    struct waiting *all = realloc(s->waiting, (s->n_waiting + count + 1) * sizeof(*all));
    if (!all)
        return false;
    s->waiting = all;
    memmove(all + count, all, s->n_waiting * sizeof(*all));
    s->n_waiting += count;
    for (size_t i = 0; i < count; i++) {
        const char *path;
        struct picture *p = chat_picture(s->chat, first + i, &path, NULL);
        all[i] = (struct waiting){.number = number + (int)i, .path = strdup(path)};
        screen_show_waiting(s, &all[i], p);
    }
    return true;
}

// Chips first, as they were typed, unless something else is being written.
static void write_again(struct screen *s, const char *text, size_t count)
{
    char *written = screen_without_chips(s, editor_text(s->editor));
    bool empty = written && only_blanks(written);
    if (empty)
        editor_clear(s->editor);
    for (size_t i = 0; i < (empty ? s->n_waiting : count); i++)
        editor_add_chip(s->editor, s->waiting[i].number);
    if (empty)
        editor_insert(s->editor, text, strlen(text));
    free(written);
}

void screen_take_back(struct screen *s)
{
    struct error e = {0};
    size_t n;
    const struct message *m = chat_messages(s->chat, 0, &n, &e);
    if (!m || n == 0 || m[n - 1].role != ROLE_USER)
        return;
    size_t count = m[n - 1].n_pictures, first = count_sent(s) - count;
    char *text = strdup(m[n - 1].text); // goes with the turn
    chat_take_back(s->chat);
    if (text && wait_again(s, first, count))
        write_again(s, text, count);
    free(text);
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
