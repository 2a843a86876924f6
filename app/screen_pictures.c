// What the slash commands about pictures do in the full screen.
#include "app/screen_commands.h"

void screen_run_image(struct screen *s, const char *argument)
{
    if (*argument)
        screen_attach(s, argument);
    else
        screen_open_browser(s);
}

void screen_run_images(struct screen *s, const char *argument)
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

void screen_run_drop(struct screen *s, const char *argument)
{
    size_t n = slash_number(argument, INT32_MAX);
    for (size_t i = 0; i < s->n_waiting; i++)
        if ((size_t)s->waiting[i].number == n || (!*argument && i + 1 == s->n_waiting)) {
            screen_drop(s, i);
            return;
        }
    screen_note(s, "/drop N takes a waiting picture out; there is none of that number");
}

void screen_run_move(struct screen *s, const char *argument)
{
    size_t number, to, from = 0;
    if (!slash_numbers(argument, INT32_MAX, &number, &to) || to > s->n_waiting) {
        screen_note(s,
                    "/move N TO: the picture [picture N] that waits, and its place from 1 to %zu",
                    s->n_waiting);
        return;
    }
    while (from < s->n_waiting && (size_t)s->waiting[from].number != number)
        from++;
    if (from == s->n_waiting)
        screen_note(s, "no picture %zu waits", number);
    else
        screen_move(s, from, to - 1);
}

void screen_run_paste(struct screen *s, const char *argument)
{
    (void)argument;
    screen_attach(s, NULL);
}

void screen_run_view(struct screen *s, const char *argument)
{
    size_t count = chat_picture_count(s->chat), n = slash_number(argument, INT32_MAX), i = 0;
    while (i < count && (*argument ? screen_picture_number(s, i) != n : i + 1 < count))
        i++;
    if (i < count)
        screen_view(s, i);
    else
        screen_note(s, count ? "/view N: the number of a picture (/images lists them)"
                             : "no pictures yet");
}
