// The slash commands of the full screen: one table, which is also what /help and completion show.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clipboard.h"
#include "app/export.h"
#include "app/external.h"
#include "app/screen.h"

static void say_error(struct screen *s, const struct error *e)
{
    screen_fail(s, e);
    transcript_bottom(s->transcript);
}

// A number from 1 to most; 0: it is none.
static size_t number_of(const char *argument, size_t most)
{
    char *end;
    unsigned long n = strtoul(argument, &end, 10);
    return *argument && !*end && n <= most ? n : 0;
}

static bool busy(struct screen *s)
{
    if (s->answering)
        screen_note(s, "the answer is still being written: Esc stops it");
    return s->answering != 0;
}

// ---- pictures

static void run_image(struct screen *s, const char *argument)
{
    if (*argument)
        screen_attach(s, argument);
    else
        screen_open_browser(s);
}

static void run_images(struct screen *s, const char *argument)
{
    (void)argument;
    struct buffer list = {0};
    size_t n = chat_picture_count(s->chat);
    for (size_t i = 0; i < n; i++) {
        const char *path;
        bool waiting;
        uint32_t width, height;
        picture_size(chat_picture(s->chat, i, &path, &waiting), &width, &height);
        buffer_printf(&list, "%s%zu  %s  %ux%u%s", i ? "\n" : "", screen_picture_number(s, i), path,
                      width, height, waiting ? "  (goes with the next question)" : "");
    }
    transcript_add(s->transcript, ENTRY_NOTE,
                   n ? list.data : "no pictures yet: /image PATH attaches one");
    transcript_bottom(s->transcript);
    buffer_free(&list);
}

static void run_drop(struct screen *s, const char *argument)
{
    size_t n = number_of(argument, INT32_MAX);
    for (size_t i = 0; i < s->n_waiting; i++)
        if ((size_t)s->waiting[i].number == n || (!*argument && i + 1 == s->n_waiting)) {
            screen_drop(s, i);
            return;
        }
    screen_note(s, "/drop N takes a waiting picture out; there is none of that number");
}

static void run_paste(struct screen *s, const char *argument)
{
    (void)argument;
    screen_attach(s, NULL);
}

static void run_view(struct screen *s, const char *argument)
{
    size_t count = chat_picture_count(s->chat), n = number_of(argument, INT32_MAX), i = 0;
    while (i < count && (*argument ? screen_picture_number(s, i) != n : i + 1 < count))
        i++;
    if (i < count)
        screen_view(s, i);
    else
        screen_note(s, count ? "/view N: the number of a picture (/images lists them)"
                             : "no pictures yet");
}

// ---- the conversation

static void run_clear(struct screen *s, const char *argument)
{
    (void)argument;
    screen_clear(s);
}

// The place of the last entry of this kind, or behind all entries.
static size_t last_of(struct screen *s, enum entry_kind kind)
{
    size_t count = transcript_count(s->transcript);
    for (size_t i = count; i > 0; i--)
        if (transcript_kind(s->transcript, i - 1) == kind)
            return i - 1;
    return count;
}

// The answer goes, the question is asked again with another seed.
static void run_regen(struct screen *s, const char *argument)
{
    (void)argument;
    if (busy(s))
        return;
    if (!chat_undo_answer(s->chat)) {
        screen_note(s, "there is no answer yet to give again");
        return;
    }
    s->sampling.seed++;
    transcript_truncate(s->transcript, last_of(s, ENTRY_ASSISTANT));
    screen_answer(s);
}

// Takes the last exchange back.
static bool undo(struct screen *s)
{
    if (busy(s))
        return false;
    if (chat_turn_count(s->chat) == 0) {
        screen_note(s, "there is nothing to take back");
        return false;
    }
    chat_undo_answer(s->chat);
    transcript_truncate(s->transcript, last_of(s, ENTRY_USER));
    return true;
}

static void run_edit(struct screen *s, const char *argument)
{
    (void)argument;
    if (!undo(s))
        return;
    screen_take_back(s);
    screen_prepare(s);
}

static void run_undo(struct screen *s, const char *argument)
{
    (void)argument;
    if (!undo(s))
        return;
    chat_drop_question(s->chat);
    screen_prepare(s);
    screen_note(s, "the last exchange is gone");
}

static void run_system(struct screen *s, const char *argument)
{
    struct error e = {0};
    if (busy(s))
        return;
    if (!chat_set_system(s->chat, *argument ? argument : NULL, &e)) {
        say_error(s, &e);
        return;
    }
    screen_prepare(s);
    screen_note(s, *argument ? "system text set" : "the model's own system text");
}

// ---- settings

static bool set_pictures(struct screen *s, const char *value)
{
    static const char *names[] = {"auto", "sixel", "half", "none"};
    for (int i = 0; i < 4; i++)
        if (strcmp(value, names[i]) == 0) {
            term_set_pictures(s->term, (enum picture_protocol)i);
            transcript_changed(s->transcript);
            return true;
        }
    return false;
}

static bool set_theme(struct screen *s, const char *value)
{
    static const char *names[] = {"dark", "light", "none"};
    for (int i = 0; i < 3; i++)
        if (strcmp(value, names[i]) == 0) {
            term_set_theme(s->term, (enum theme_name)i);
            return true;
        }
    return false;
}

static bool set_number(struct screen *s, const char *name, const char *value)
{
    struct {
        const char *name;
        float *to, most;
    } table[] = {{"temp", &s->sampling.temperature, 100},
                 {"top-p", &s->sampling.top_p, 1},
                 {"min-p", &s->sampling.min_p, 1},
                 {"repeat-penalty", &s->sampling.repeat_penalty, 10}};
    char *end;
    float number = strtof(value, &end);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(name, table[i].name) == 0 && *value && !*end && number >= 0 &&
            number <= table[i].most) {
            *table[i].to = number;
            return true;
        }
    return false;
}

static void run_set(struct screen *s, const char *argument)
{
    char name[32] = "", value[64] = "";
    sscanf(argument, "%31s %63s", name, value);
    bool done = strcmp(name, "images") == 0  ? set_pictures(s, value)
                : strcmp(name, "theme") == 0 ? set_theme(s, value)
                                             : set_number(s, name, value);
    if (done) {
        screen_note(s, "%s is %s now", name, value);
        return;
    }
    transcript_add(s->transcript, ENTRY_NOTE,
                   "/set images auto|sixel|half|none\n/set theme dark|light|none\n"
                   "/set temp|top-p|min-p|repeat-penalty NUMBER");
    transcript_bottom(s->transcript);
}

static void run_show(struct screen *s, const char *argument)
{
    (void)argument;
    static const char *pictures[] = {"auto", "sixel", "half blocks", "none"};
    const struct term_caps *caps = term_get_caps(s->term);
    struct buffer b = {0};
    buffer_printf(&b, "model   %s\ndevice  %s\ntemplate  %s\ncontext  %u\n",
                  s->loaded ? s->info.model : "(loading)", s->loaded ? s->info.device : "",
                  s->loaded ? s->info.chat_template : "", s->loaded ? s->info.context : 0);
    buffer_printf(&b, "temp %g, top-p %g, top-k %u, min-p %g, repeat-penalty %g, seed %llu\n",
                  (double)s->sampling.temperature, (double)s->sampling.top_p, s->sampling.top_k,
                  (double)s->sampling.min_p, (double)s->sampling.repeat_penalty,
                  (unsigned long long)s->sampling.seed);
    buffer_printf(&b, "pictures as %s, cells of %d x %d pixels\nsystem  %s",
                  pictures[caps->pictures], caps->cell_width, caps->cell_height,
                  chat_system(s->chat) ? chat_system(s->chat) : "(the model's own)");
    transcript_add(s->transcript, ENTRY_NOTE, b.data ? b.data : "");
    transcript_bottom(s->transcript);
    buffer_free(&b);
}

static void run_model(struct screen *s, const char *argument)
{
    (void)argument;
    screen_note(s, "%s; another one: pumice -m FILE", s->loaded ? s->info.model : "loading");
}

static void run_stats(struct screen *s, const char *argument)
{
    (void)argument;
    char words[256];
    snprintf(words, sizeof(words),
             "%u of %u tokens used, %u of the last prompt cached, %.0f tokens a second", s->used,
             s->loaded ? s->info.context : 0, s->report.cached_tokens, s->rate);
    transcript_add(s->transcript, ENTRY_NOTE, words);
    transcript_bottom(s->transcript);
}

// ---- out of the screen

static void run_export(struct screen *s, const char *argument)
{
    struct error e = {0};
    const char *path = *argument ? argument : "chat.md";
    if (export_markdown(s->chat, path, NULL, &e))
        screen_note(s, "written to %s", path);
    else
        say_error(s, &e);
}

// The last answer, or its code block N.
static void run_copy(struct screen *s, const char *argument)
{
    size_t entry = last_of(s, ENTRY_ASSISTANT);
    if (entry == transcript_count(s->transcript)) {
        screen_note(s, "there is no answer yet");
        return;
    }
    const char *text = transcript_text(s->transcript, entry);
    size_t size = strlen(text);
    if (*argument &&
        !transcript_code(s->transcript, entry, number_of(argument, 1000) - 1, &text, &size)) {
        screen_note(s, "the answer has no code block %s", argument);
        return;
    }
    term_copy(s->term, text, size);
    clipboard_write_text(text, size);
    screen_note(s, "copied");
}

void screen_edit_outside(struct screen *s)
{
    struct error e = {0};
    struct buffer text = {0};
    term_suspend(s->term);
    bool ok = external_edit(editor_text(s->editor), &text, &e);
    term_resume(s->term);
    transcript_changed(s->transcript);
    if (ok)
        editor_set(s->editor, text.data ? text.data : "");
    else
        say_error(s, &e);
    buffer_free(&text);
}

static void run_editor(struct screen *s, const char *argument)
{
    (void)argument;
    screen_edit_outside(s);
}

static void run_help(struct screen *s, const char *argument)
{
    (void)argument;
    s->popup = POPUP_HELP;
    s->popup_row = 0;
}

static void run_quit(struct screen *s, const char *argument)
{
    (void)argument;
    s->quit = true;
}

const struct screen_command screen_commands[] = {
    {"help", "", "these keys and commands", run_help},
    {"image", "PATH", "attach a picture (without PATH: choose one)", run_image},
    {"images", "", "list the pictures", run_images},
    {"drop", "N", "take waiting picture N out", run_drop},
    {"paste", "", "attach the picture of the clipboard", run_paste},
    {"view", "N", "show picture N large, and as the model sees it", run_view},
    {"clear", "", "begin a new conversation", run_clear},
    {"new", "", "the same", run_clear},
    {"regen", "", "answer the last question again", run_regen},
    {"edit", "", "take the last question back and change it", run_edit},
    {"undo", "", "forget the last question and answer", run_undo},
    {"system", "TEXT", "set the system text (without TEXT: the model's own)", run_system},
    {"set", "NAME VALUE", "images, theme, temp, top-p, min-p, repeat-penalty", run_set},
    {"show", "", "what is set", run_show},
    {"model", "", "which model answers", run_model},
    {"export", "FILE", "write the conversation as Markdown (chat.md)", run_export},
    {"copy", "N", "copy the last answer, or its code block N", run_copy},
    {"editor", "", "write in your editor (Ctrl+G)", run_editor},
    {"stats", "", "tokens and times", run_stats},
    {"quit", "", "leave", run_quit},
};
const size_t screen_command_count = sizeof(screen_commands) / sizeof(*screen_commands);

const struct screen_command *screen_find_command(const char *line, const char **argument)
{
    if (line[0] != '/')
        return NULL;
    size_t size = strcspn(line + 1, " \t\n");
    for (size_t i = 0; i < screen_command_count; i++)
        if (strlen(screen_commands[i].name) == size &&
            strncmp(line + 1, screen_commands[i].name, size) == 0) {
            *argument = line + 1 + size + strspn(line + 1 + size, " \t\n");
            return &screen_commands[i];
        }
    return NULL;
}
