// What the threads tell the screen.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "app/screen.h"

void screen_prepare(struct screen *s)
{
    if (!s->loaded || s->answering)
        return;
    struct error e = {0};
    size_t n, total = chat_picture_count(s->chat), read = 0;
    const struct message *m = chat_messages(s->chat, 0, &n, &e);
    for (size_t i = 0; i < s->n_waiting; i++)
        read += s->waiting[i].job == 0;
    struct message *all = m ? malloc((n + 1) * sizeof(*all)) : NULL;
    struct picture **pictures = malloc((read + 1) * sizeof(struct picture *));
    if (all && pictures) {
        memcpy(all, m, n * sizeof(*all));
        for (size_t i = 0; i < read; i++)
            pictures[i] = chat_picture(s->chat, total - read + i, NULL, NULL);
        all[n] = (struct message){
            .role = ROLE_USER, .text = "", .pictures = pictures, .n_pictures = read};
        worker_prepare(s->worker, all, n + 1);
    }
    free(pictures);
    free(all);
}

static struct waiting *find_waiting(struct screen *s, unsigned job)
{
    for (size_t i = 0; i < s->n_waiting; i++)
        if (s->waiting[i].job == job)
            return &s->waiting[i];
    return NULL;
}

static struct ui_picture *preview_of(const struct picture *p, const char *caption)
{
    uint32_t width, height;
    const uint8_t *rgb = picture_preview(p, &width, &height);
    return ui_picture_create(width, height, rgb, caption);
}

uint32_t screen_name_picture(const struct screen *s, const struct picture *p, const char *name,
                             char *out, size_t room)
{
    uint32_t width, height;
    picture_size(p, &width, &height);
    uint32_t tokens = s->files.mmproj ? probe_picture_rows(s->files.mmproj, p) : 0;
    int n = snprintf(out, room, "%s  %ux%u", name, width, height);
    if (tokens && n >= 0 && (size_t)n < room)
        snprintf(out + n, room - (size_t)n, ", %u tokens", tokens);
    return tokens;
}

bool screen_show_waiting(struct screen *s, struct waiting *w, const struct picture *p)
{
    w->job = 0;
    picture_size(p, &w->width, &w->height);
    if (!w->path)
        return false;
    char caption[512];
    const char *slash = strrchr(w->path, '/');
    w->tokens = screen_name_picture(s, p, slash ? slash + 1 : w->path, caption, sizeof(caption));
    w->preview = preview_of(p, caption);
    return w->preview != NULL;
}

// A picture of the browser is only looked at.
static void hear_browser_picture(struct screen *s, const struct news *n)
{
    ui_picture_unref(s->browser_preview);
    s->browser_preview = n->kind == NEWS_PICTURE ? preview_of(n->picture, "") : NULL;
}

// The chat keeps its waiting pictures in the order in which they were read; ours is the order of
// asking. One reader thread serves them one after the other, so that both are the same.
static void hear_picture(struct screen *s, struct news *n)
{
    struct error e = {0};
    struct waiting *w = find_waiting(s, n->job);
    if (n->job == s->browser_job) {
        hear_browser_picture(s, n);
        return;
    }
    if (!w)
        return; // dropped meanwhile
    free(w->path);
    w->path = n->text;
    n->text = NULL;
    struct picture *p = n->picture;
    n->picture = NULL;
    bool shown = screen_show_waiting(s, w, p);
    if (!chat_attach(s->chat, p, shown ? w->path : "", &e) || !shown) {
        error_no_memory(&e);
        screen_fail(s, &e);
    }
    screen_prepare(s);
}

static void hear_no_picture(struct screen *s, const struct news *n)
{
    if (n->job == s->browser_job) {
        hear_browser_picture(s, n);
        return;
    }
    for (size_t i = 0; i < s->n_waiting; i++)
        if (s->waiting[i].job == n->job) {
            // A picture that cannot be read stops the question: it is never left out silently.
            s->send_when_read = false;
            screen_fail(s, &n->error);
            screen_drop(s, i);
            return;
        }
}

static void send_if_read(struct screen *s)
{
    for (size_t i = 0; i < s->n_waiting; i++)
        if (s->waiting[i].job != 0)
            return;
    s->send_when_read = false;
    screen_submit(s);
}

static void hear_loaded(struct screen *s)
{
    s->loaded = true;
    s->in_phase = false;
    s->info = *worker_info(s->worker);
    screen_prepare(s);
}

static void hear_failure(struct screen *s, const struct news *n)
{
    screen_fail(s, &n->error);
    s->in_phase = false;
    if (n->job == 0) {
        s->broken = true;
        s->answering = 0;
        return;
    }
    if (n->job != s->answering)
        return;
    s->answering = 0;
    // The question goes back into the editor, its pictures wait on.
    chat_undo_answer(s->chat);
    screen_take_back(s);
}

static void hear_token(struct screen *s, const struct news *n)
{
    struct error e = {0};
    if (n->job != s->answering)
        return;
    if (s->said++ == 0)
        s->began = clock_ms();
    s->in_phase = false;
    double ms = clock_ms() - s->began;
    if (s->said > 4 && ms > 0)
        s->rate = (s->said - 1) * 1e3 / ms;
    s->used = s->report.prompt_tokens + s->said;
    if (!chat_answer(s->chat, n->text ? n->text : "", n->size, &n->id, &e))
        screen_fail(s, &e);
    transcript_append(s->transcript, s->entry, n->text ? n->text : "", n->size);
}

static void hear_answered(struct screen *s, const struct news *n)
{
    struct error e = {0};
    if (n->job != s->answering)
        return;
    if (n->size > 0) {
        chat_answer(s->chat, n->text, n->size, NULL, &e);
        transcript_append(s->transcript, s->entry, n->text, n->size);
    }
    if (n->cut)
        chat_forget_ids(s->chat);
    screen_end_answer(s, n);
}

void screen_hear(struct screen *s, struct news *n)
{
    switch (n->kind) {
    case NEWS_LOADED:
        hear_loaded(s);
        break;
    case NEWS_PROGRESS:
        s->in_phase = s->in_phase || s->answering || !s->loaded;
        s->phase = n->phase;
        s->done = n->done;
        s->total = n->total;
        break;
    case NEWS_LOGGED:
        transcript_add(s->transcript, ENTRY_NOTE, n->text ? n->text : "");
        break;
    case NEWS_SYNCED:
        if (n->job == s->answering) {
            s->report = n->report;
            s->used = n->report.prompt_tokens;
        }
        break;
    case NEWS_TOKEN:
        hear_token(s, n);
        break;
    case NEWS_ANSWERED:
        hear_answered(s, n);
        break;
    case NEWS_PREPARED:
        s->in_phase = s->in_phase && s->answering;
        break;
    case NEWS_FAILED:
        hear_failure(s, n);
        break;
    case NEWS_PICTURE:
        hear_picture(s, n);
        break;
    case NEWS_SEEN:
        screen_hear_seen(s, n);
        break;
    case NEWS_PICTURE_FAILED:
        hear_no_picture(s, n);
        break;
    }
    if (s->send_when_read)
        send_if_read(s);
}
