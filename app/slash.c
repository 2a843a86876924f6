// The commands of the line by line chat: one table, which is also what /help shows.
#include <stdlib.h>
#include <string.h>

#include "app/plain.h"

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
    size_t n = chat_picture_count(p->chat);
    char *end;
    unsigned long i = strspn(argument, "0123456789") ? strtoul(argument, &end, 10) : 0;
    if (!i || *end || i > n)
        return error_set(e, ERROR_USAGE,
                         "/drop takes the number of a picture, 1 to %zu (/images lists them)", n);
    chat_drop_picture(p->chat, i - 1);
    console_note(p->how.console, "[picture %lu dropped]", i);
    return true;
}

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

static bool run_system(struct plain *p, const char *argument, struct error *e)
{
    if (!chat_set_system(p->chat, *argument ? argument : NULL, e))
        return false;
    console_note(p->how.console, *argument ? "[system text set]" : "[the model's own system text]");
    return true;
}

static bool run_help(struct plain *p, const char *argument, struct error *e)
{
    (void)argument;
    (void)e;
    for (size_t i = 0; i < slash_count; i++) {
        char left[32];
        snprintf(left, sizeof(left), "/%s %s", slash_table[i].name, slash_table[i].argument);
        console_say(p->how.console, "%-14s %s", left, slash_table[i].help);
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

const struct slash_command slash_table[] = {
    {"image", "PATH", "attach a picture to the next question", run_image},
    {"images", "", "list the pictures", run_images},
    {"drop", "N", "take picture N out", run_drop},
    {"clear", "", "begin a new conversation", run_clear},
    {"regen", "", "answer the last question again", run_regen},
    {"system", "TEXT", "set the system text (without TEXT: the model's own)", run_system},
    {"help", "", "show this", run_help},
    {"quit", "", "leave (as does the end of input)", run_quit},
};
const size_t slash_count = sizeof(slash_table) / sizeof(*slash_table);

const struct slash_command *slash_find(const char *line, const char **argument)
{
    size_t size = strcspn(line + 1, " \t\n");
    for (size_t i = 0; i < slash_count; i++) {
        if (strlen(slash_table[i].name) == size && !strncmp(line + 1, slash_table[i].name, size)) {
            *argument = line + 1 + size + strspn(line + 1 + size, " \t\n");
            return &slash_table[i];
        }
    }
    return NULL;
}
