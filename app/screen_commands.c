// What the slash commands (slash.h) do in the full screen.
#include <stdio.h>
#include <string.h>

#include "app/clipboard.h"
#include "app/export.h"
#include "app/external.h"
#include "app/screen_commands.h"
#include "app/settings.h"

static void say_error(struct screen *s, const struct error *e)
{
    screen_fail(s, e);
    transcript_bottom(s->transcript);
}

static bool busy(struct screen *s)
{
    if (s->answering)
        screen_note(s, "the answer is still being written: Esc stops it");
    return s->answering != 0;
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

static void run_set(struct screen *s, const char *argument)
{
    char name[32] = "", value[64] = "";
    sscanf(argument, "%31s %63s", name, value);
    bool done = strcmp(name, "images") == 0  ? set_pictures(s, value)
                : strcmp(name, "theme") == 0 ? set_theme(s, value)
                                             : settings_set(&s->sampling, name, value);
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
    settings_show(&s->sampling, s->loaded ? &s->info : NULL, s->chat, &b);
    buffer_printf(&b, "\npictures as %s, cells of %d x %d pixels", pictures[caps->pictures],
                  caps->cell_width, caps->cell_height);
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
        !transcript_code(s->transcript, entry, slash_number(argument, 1000) - 1, &text, &size)) {
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

static void (*const functions[SLASH_COUNT])(struct screen *s, const char *argument) = {
    [SLASH_HELP] = run_help,
    [SLASH_IMAGE] = screen_run_image,
    [SLASH_IMAGES] = screen_run_images,
    [SLASH_DROP] = screen_run_drop,
    [SLASH_MOVE] = screen_run_move,
    [SLASH_PASTE] = screen_run_paste,
    [SLASH_VIEW] = screen_run_view,
    [SLASH_CLEAR] = run_clear,
    [SLASH_NEW] = run_clear,
    [SLASH_REGEN] = run_regen,
    [SLASH_EDIT] = run_edit,
    [SLASH_UNDO] = run_undo,
    [SLASH_SYSTEM] = run_system,
    [SLASH_SET] = run_set,
    [SLASH_SHOW] = run_show,
    [SLASH_MODEL] = run_model,
    [SLASH_EXPORT] = run_export,
    [SLASH_COPY] = run_copy,
    [SLASH_EDITOR] = run_editor,
    [SLASH_STATS] = run_stats,
    [SLASH_QUIT] = run_quit,
};

void screen_command(struct screen *s, enum slash command, const char *argument)
{
    functions[command](s, argument);
}
