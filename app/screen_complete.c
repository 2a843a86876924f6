// Completion of the line that is written, and the popup with its choices.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen_popup.h"

enum { CHOICES_SHOWN = 8, CHOICES_MOST = 200 };

// Where the line begins behind the chips of pictures that wait.
static size_t chips_size(const char *text)
{
    size_t size = 0;
    for (int n = 0; sscanf(text + size, "[picture %*d]%n", &n) == 0 && n > 0; n = 0)
        size += (size_t)n + (text[size + (size_t)n] == ' ');
    return size;
}

// The chips stay in front of what the line becomes.
static void set_line(struct screen *s, const char *line)
{
    struct buffer all = {0};
    const char *text = editor_text(s->editor);
    if (buffer_add(&all, text, chips_size(text)) && buffer_add_text(&all, line))
        editor_set(s->editor, all.data);
    buffer_free(&all);
}

static bool find_choices(struct screen *s, const char *line, struct error *e)
{
    struct complete_command commands[64];
    size_t n = 0;
    for (; n < SLASH_COUNT && n < sizeof(commands) / sizeof(*commands); n++)
        commands[n] =
            (struct complete_command){.name = slash_table[n].name,
                                      .path = strcmp(slash_table[n].argument, "PATH") == 0 ||
                                              strcmp(slash_table[n].argument, "FILE") == 0};
    return complete_line(line, commands, n, CHOICES_MOST, &s->choices, e) && s->choices.count > 0;
}

// Completes a line up to what all choices have in common, and shows them when there are several.
void screen_complete(struct screen *s)
{
    struct error e = {0};
    const char *text = editor_text(s->editor), *line = text + chips_size(text);
    choices_finish(&s->choices);
    s->choices = (struct choices){0};
    if (strchr(line, '\n') || !find_choices(s, line, &e))
        return;
    s->choice = s->choices.count; // none yet
    set_line(s, s->choices.common);
    if (s->choices.count > 1)
        s->popup = POPUP_COMPLETE;
}

void complete_paint(struct screen *s)
{
    int rows, cols;
    term_size(s->term, &rows, &cols);
    // It stands on the line above the input, if there is room for one row of it.
    int n = s->choices.count < CHOICES_SHOWN ? (int)s->choices.count : CHOICES_SHOWN;
    n = n > s->rule - 2 ? s->rule - 2 : n;
    int wide = cols - 4 < 60 ? cols - 4 : 60, row = s->rule - 2 - n;
    if (n < 1)
        return;
    bool any = s->choice < s->choices.count;
    size_t first = any && s->choice >= (size_t)n ? s->choice - (size_t)n + 1 : 0;
    term_fill(s->term, row, 2, n + 2, wide, popup_plain);
    term_frame(s->term, row, 2, n + 2, wide, popup_frame);
    for (int i = 0; i < n; i++)
        popup_put(s, row + 1 + i, 4, wide - 4, s->choices.list[first + (size_t)i].shown,
                  any && first + (size_t)i == s->choice ? popup_chosen : popup_plain);
    char more[32];
    snprintf(more, sizeof(more), " %zu%s in all ", s->choices.count, s->choices.more ? "+" : "");
    if (s->choices.count > (size_t)n || s->choices.more)
        popup_put(s, row + n + 1, 4, wide - 4, more, popup_dim);
}

bool complete_key(struct screen *s, const struct event *e)
{
    size_t n = s->choices.count;
    bool back = e->key == INPUT_UP || (e->key == INPUT_TAB && e->mods & MOD_SHIFT);
    if (e->key == INPUT_TAB || e->key == INPUT_DOWN || back) {
        s->choice = back ? (s->choice + n - 1) % n : s->choice < n ? (s->choice + 1) % n : 0;
        set_line(s, s->choices.list[s->choice].word);
        return true;
    }
    bool closes = e->key == INPUT_ESCAPE || (e->key == INPUT_ENTER && s->choice < n);
    screen_close_popup(s);
    return closes; // any other key goes on to the editor
}
