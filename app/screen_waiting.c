// The pictures that wait for the next question, their chips, and a question that is taken back.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen.h"

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

void screen_move(struct screen *s, size_t from, size_t to)
{
    for (size_t i = 0; i < s->n_waiting; i++)
        if (s->waiting[i].job != 0) {
            screen_note(s, "a picture is still being read");
            return;
        }
    struct waiting moved = s->waiting[from];
    chat_move_waiting(s->chat, from, to);
    if (from < to)
        memmove(s->waiting + from, s->waiting + from + 1, (to - from) * sizeof(moved));
    else
        memmove(s->waiting + to + 1, s->waiting + to, (from - to) * sizeof(moved));
    s->waiting[to] = moved;
    editor_clear(s->editor);
    for (size_t i = 0; i < s->n_waiting; i++)
        editor_add_chip(s->editor, s->waiting[i].number);
    screen_prepare(s);
}

// ---- chips

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

bool screen_only_blanks(const char *text)
{
    return text[strspn(text, " \t\n")] == '\0';
}

// A question that begins with // begins with one slash.
// ---- taking a question back

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
    bool empty = written && screen_only_blanks(written);
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
