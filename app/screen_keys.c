// Keys: what opens and does things, what moves the conversation, and the rest, which is the
// editor's.
#include <stdlib.h>
#include <string.h>

#include "app/attach.h"
#include "app/clock.h"
#include "app/screen.h"
#include "base/utf8.h"

enum { TWICE_MS = 2000 };

// ---- what keys do

static void stop_or_close(struct screen *s)
{
    if (s->answering)
        worker_stop(s->worker);
    else
        transcript_bottom(s->transcript);
}

static void interrupt(struct screen *s)
{
    double now = clock_ms();
    if (s->answering) {
        worker_stop(s->worker);
    } else if (!editor_empty(s->editor)) {
        editor_clear(s->editor);
        while (s->n_waiting)
            screen_drop(s, s->n_waiting - 1);
    } else if (now - s->last_interrupt < TWICE_MS) {
        s->quit = true;
    } else {
        s->last_interrupt = now;
        screen_note(s, "Ctrl+C again leaves");
    }
}

static void end_of_input(struct screen *s)
{
    s->quit = editor_empty(s->editor);
}

static void help(struct screen *s)
{
    s->popup = POPUP_HELP;
    s->popup_row = 0;
}

static void repaint(struct screen *s)
{
    term_resized(s->term); // the cell size is asked for again
    transcript_changed(s->transcript);
    term_repaint(s->term);
}

static void paste(struct screen *s)
{
    screen_attach(s, NULL);
}

static void page_up(struct screen *s)
{
    transcript_page(s->transcript, -1);
}

static void page_down(struct screen *s)
{
    transcript_page(s->transcript, 1);
}

static void turn_before(struct screen *s)
{
    transcript_turn(s->transcript, -1);
}

static void turn_after(struct screen *s)
{
    transcript_turn(s->transcript, 1);
}

static void to_top(struct screen *s)
{
    transcript_top(s->transcript);
}

static void to_bottom(struct screen *s)
{
    transcript_bottom(s->transcript);
}

static void line_up(struct screen *s)
{
    transcript_scroll(s->transcript, -1);
}

static void line_down(struct screen *s)
{
    transcript_scroll(s->transcript, 1);
}

const struct screen_binding screen_bindings[] = {
    {INPUT_F1, 0, 0, "F1", "these keys and the commands", help},
    {INPUT_CHAR, 'o', MOD_CTRL, "Ctrl+O", "choose a picture", screen_open_browser},
    {INPUT_CHAR, 'v', MOD_CTRL, "Ctrl+V", "a picture from the clipboard", paste},
    {INPUT_CHAR, 'g', MOD_CTRL, "Ctrl+G", "write in your editor", screen_edit_outside},
    {INPUT_ESCAPE, 0, 0, "Esc", "stop the answer; back to the end", stop_or_close},
    {INPUT_CHAR, 'c', MOD_CTRL, "Ctrl+C", "stop; clear the line; twice: leave", interrupt},
    {INPUT_CHAR, 'd', MOD_CTRL, "Ctrl+D", "leave, on an empty line", end_of_input},
    {INPUT_PAGE_UP, 0, 0, "PgUp PgDn", "scroll", page_up},
    {INPUT_PAGE_DOWN, 0, 0, NULL, NULL, page_down},
    {INPUT_UP, 0, MOD_SHIFT, "Shift+Up Down", "scroll by a line", line_up},
    {INPUT_DOWN, 0, MOD_SHIFT, NULL, NULL, line_down},
    {INPUT_CHAR, 'p', MOD_ALT, "Alt+P Alt+N", "to the turn before, after", turn_before},
    {INPUT_CHAR, 'n', MOD_ALT, NULL, NULL, turn_after},
    {INPUT_HOME, 0, MOD_CTRL, "Ctrl+Home End", "to the beginning, the end", to_top},
    {INPUT_END, 0, MOD_CTRL, NULL, NULL, to_bottom},
    {INPUT_HOME, 0, MOD_ALT, NULL, NULL, to_top},
    {INPUT_END, 0, MOD_ALT, NULL, NULL, to_bottom},
    {INPUT_CHAR, 'l', MOD_CTRL, "Ctrl+L", "paint everything again", repaint},
    {INPUT_CHAR, 'z', MOD_CTRL, "Ctrl+Z", "suspend", screen_suspend},
};
const size_t screen_binding_count = sizeof(screen_bindings) / sizeof(*screen_bindings);

static bool run_binding(struct screen *s, const struct event *e)
{
    for (size_t i = 0; i < screen_binding_count; i++) {
        const struct screen_binding *b = &screen_bindings[i];
        if (b->key == e->key && b->mods == e->mods &&
            (e->key != INPUT_CHAR || b->code == e->code)) {
            // Ctrl+D deletes where there is something to delete.
            if (b->run == end_of_input && !editor_empty(s->editor))
                return false;
            b->run(s);
            return true;
        }
    }
    return false;
}

// ---- searching and moving while someone reads above

static void find(struct screen *s, int direction)
{
    if (s->search[0] && !transcript_search(s->transcript, s->search, direction))
        screen_note(s, "\"%s\" is nowhere in the conversation", s->search);
}

static bool search_key(struct screen *s, const struct event *e)
{
    size_t n = strlen(s->search);
    bool ctrl_c = e->key == INPUT_CHAR && e->code == 'c' && e->mods == MOD_CTRL;
    bool leave = e->key == INPUT_ESCAPE || ctrl_c || (e->key == INPUT_BACKSPACE && n == 0);
    if (leave || e->key == INPUT_ENTER) {
        s->searching = false;
        if (leave)
            s->search[0] = '\0';
        else
            find(s, -1);
        if (!s->search[0])
            transcript_search(s->transcript, "", 1);
        return true;
    }
    if (e->key == INPUT_BACKSPACE)
        s->search[text_back(s->search, n)] = '\0';
    else if (e->key == INPUT_CHAR && !(e->mods & (MOD_CTRL | MOD_ALT)) && n + 5 < sizeof(s->search))
        s->search[n + utf8_encode(e->code, s->search + n)] = '\0';
    return true;
}

// On an empty line above the end of the conversation letters move in it, as in a pager.
static bool reading_key(struct screen *s, const struct event *e)
{
    if (e->key != INPUT_CHAR || e->mods || !editor_empty(s->editor) ||
        transcript_following(s->transcript))
        return false;
    switch (e->code) {
    case '/':
        s->searching = true;
        s->search[0] = '\0';
        return true;
    case 'n':
    case 'N':
        find(s, e->code == 'n' ? -1 : 1);
        return true;
    case 'j':
    case 'k':
        transcript_scroll(s->transcript, e->code == 'j' ? 1 : -1);
        return true;
    case ' ':
    case 'b':
        transcript_page(s->transcript, e->code == ' ' ? 1 : -1);
        return true;
    case 'g':
        transcript_top(s->transcript);
        return true;
    case 'G':
    case 'q':
        transcript_bottom(s->transcript);
        return true;
    default:
        return false;
    }
}

// ---- all events

static void drop_deleted_chips(struct screen *s)
{
    int number;
    while (editor_taken_chip(s->editor, &number))
        for (size_t i = 0; i < s->n_waiting; i++)
            if (s->waiting[i].number == number) {
                screen_drop(s, i);
                break;
            }
}

static void edit(struct screen *s, const struct event *e)
{
    switch (editor_key(s->editor, e)) {
    case EDITOR_SUBMIT:
        screen_submit(s);
        break;
    case EDITOR_COMPLETE:
        screen_complete(s);
        break;
    case EDITOR_CHANGED:
    case EDITOR_IGNORED:
        break;
    }
}

static void key(struct screen *s, const struct event *e)
{
    if (s->popup != POPUP_NONE && screen_popup_key(s, e))
        return;
    if (s->searching && search_key(s, e))
        return;
    // A search in the history is left by the same keys that mean other things outside of it.
    bool in_history = editor_search_text(s->editor) != NULL;
    if (in_history || (!reading_key(s, e) && !run_binding(s, e)))
        edit(s, e);
}

// One that names a picture is attached, anything else is text.
static void pasted(struct screen *s, const struct event *e)
{
    struct buffer path = {0};
    char *text = e->size < 4096 ? strndup(e->text, e->size) : NULL;
    size_t n = text ? strlen(text) : 0;
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
        text[--n] = '\0';
    if (text && n > 0 && !strchr(text, '\n') && attach_is_file(text, &path))
        screen_attach(s, path.data);
    else
        editor_insert(s->editor, e->text, e->size);
    buffer_free(&path);
    free(text);
}

void screen_event(struct screen *s, const struct event *e)
{
    switch (e->kind) {
    case EVENT_KEY:
        key(s, e);
        break;
    case EVENT_PASTE:
        pasted(s, e);
        break;
    case EVENT_WHEEL:
        transcript_scroll(s->transcript, e->rows);
        break;
    default:
        break;
    }
    drop_deleted_chips(s); // by a key, a completion or the editor outside
}
