#include "app/chat.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

struct attachments {
    struct picture **pictures;
    char **paths;
    size_t count;
};

struct turn {
    enum role role;
    struct buffer text;
    struct buffer ids; // int32_t
    struct attachments seen;
};

struct chat {
    char *system;
    struct turn *turns;
    size_t n_turns;
    struct attachments waiting;
    struct message *messages; // of the last chat_messages
};

static bool attachments_add(struct attachments *a, struct picture *p, char *path)
{
    struct picture **pictures = realloc(a->pictures, (a->count + 1) * sizeof(*pictures));
    if (pictures)
        a->pictures = pictures;
    char **paths = realloc(a->paths, (a->count + 1) * sizeof(*paths));
    if (paths)
        a->paths = paths;
    if (!pictures || !paths)
        return false;
    a->pictures[a->count] = p;
    a->paths[a->count++] = path;
    return true;
}

static void attachments_remove(struct attachments *a, size_t i)
{
    picture_unref(a->pictures[i]);
    free(a->paths[i]);
    a->count--;
    memmove(a->pictures + i, a->pictures + i + 1, (a->count - i) * sizeof(*a->pictures));
    memmove(a->paths + i, a->paths + i + 1, (a->count - i) * sizeof(*a->paths));
}

static void attachments_finish(struct attachments *a)
{
    while (a->count)
        attachments_remove(a, a->count - 1);
    free(a->pictures);
    free(a->paths);
    *a = (struct attachments){0};
}

static void turn_finish(struct turn *t)
{
    buffer_free(&t->text);
    buffer_free(&t->ids);
    attachments_finish(&t->seen);
}

struct chat *chat_create(struct error *e)
{
    struct chat *c = calloc(1, sizeof(*c));
    if (!c)
        error_no_memory(e);
    return c;
}

void chat_destroy(struct chat *c)
{
    if (!c)
        return;
    chat_clear(c);
    free(c->turns);
    free(c->messages);
    free(c->system);
    free(c);
}

bool chat_set_system(struct chat *c, const char *text, struct error *e)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        return error_no_memory(e);
    free(c->system);
    c->system = copy;
    return true;
}

const char *chat_system(const struct chat *c)
{
    return c->system;
}

bool chat_attach(struct chat *c, struct picture *p, const char *path, struct error *e)
{
    char *copy = strdup(path);
    if (copy && attachments_add(&c->waiting, p, copy))
        return true;
    free(copy);
    picture_unref(p);
    return error_no_memory(e);
}

// The list that holds picture `i` of the conversation, and its place there.
static struct attachments *find_picture(const struct chat *c, size_t *i)
{
    for (size_t t = 0; t < c->n_turns; t++) {
        if (*i < c->turns[t].seen.count)
            return &c->turns[t].seen;
        *i -= c->turns[t].seen.count;
    }
    return (struct attachments *)&c->waiting;
}

size_t chat_picture_count(const struct chat *c)
{
    size_t n = c->waiting.count;
    for (size_t t = 0; t < c->n_turns; t++)
        n += c->turns[t].seen.count;
    return n;
}

struct picture *chat_picture(const struct chat *c, size_t i, const char **path, bool *waiting)
{
    const struct attachments *a = find_picture(c, &i);
    if (path)
        *path = a->paths[i];
    if (waiting)
        *waiting = a == &c->waiting;
    return a->pictures[i];
}

void chat_drop_picture(struct chat *c, size_t i)
{
    struct attachments *a = find_picture(c, &i);
    attachments_remove(a, i);
}

static void move_pointer(void *list, size_t from, size_t to)
{
    void **at = list, *moved = at[from];
    if (from < to)
        memmove(at + from, at + from + 1, (to - from) * sizeof(*at));
    else
        memmove(at + to + 1, at + to, (from - to) * sizeof(*at));
    at[to] = moved;
}

void chat_move_waiting(struct chat *c, size_t from, size_t to)
{
    move_pointer(c->waiting.pictures, from, to);
    move_pointer(c->waiting.paths, from, to);
}

size_t chat_waiting_count(const struct chat *c)
{
    return c->waiting.count;
}

static struct turn *add_turn(struct chat *c, enum role role)
{
    struct turn *turns = realloc(c->turns, (c->n_turns + 1) * sizeof(*turns));
    if (!turns)
        return NULL;
    c->turns = turns;
    turns[c->n_turns] = (struct turn){.role = role};
    return &turns[c->n_turns++];
}

bool chat_ask(struct chat *c, const char *text, struct error *e)
{
    struct turn *t = add_turn(c, ROLE_USER);
    if (!t || !buffer_add_text(&t->text, text)) {
        if (t)
            c->n_turns--;
        return error_no_memory(e);
    }
    t->seen = c->waiting;
    c->waiting = (struct attachments){0};
    return true;
}

static struct turn *last_turn(struct chat *c, enum role role)
{
    struct turn *t = c->n_turns ? &c->turns[c->n_turns - 1] : NULL;
    return t && t->role == role ? t : NULL;
}

void chat_take_back(struct chat *c)
{
    struct turn *t = last_turn(c, ROLE_USER);
    if (!t)
        return;
    // Its pictures come before those that were attached since.
    struct attachments later = c->waiting;
    c->waiting = t->seen;
    t->seen = (struct attachments){0};
    for (size_t i = 0; i < later.count; i++)
        if (!attachments_add(&c->waiting, later.pictures[i], later.paths[i])) {
            picture_unref(later.pictures[i]);
            free(later.paths[i]);
        }
    free(later.pictures);
    free(later.paths);
    turn_finish(t);
    c->n_turns--;
}

void chat_drop_question(struct chat *c)
{
    struct turn *t = last_turn(c, ROLE_USER);
    if (!t)
        return;
    turn_finish(t);
    c->n_turns--;
}

bool chat_answer(struct chat *c, const char *text, size_t size, const int32_t *id, struct error *e)
{
    struct turn *t = last_turn(c, ROLE_ASSISTANT);
    if (!t)
        t = add_turn(c, ROLE_ASSISTANT);
    if (!t || !buffer_add(&t->text, text, size) || (id && !buffer_add(&t->ids, id, sizeof(*id))))
        return error_no_memory(e);
    return true;
}

void chat_forget_ids(struct chat *c)
{
    struct turn *t = last_turn(c, ROLE_ASSISTANT);
    if (t)
        buffer_clear(&t->ids);
}

bool chat_undo_answer(struct chat *c)
{
    struct turn *t = last_turn(c, ROLE_ASSISTANT);
    if (!t)
        return false;
    turn_finish(t);
    c->n_turns--;
    return true;
}

size_t chat_turn_count(const struct chat *c)
{
    return c->n_turns;
}

void chat_forget(struct chat *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        turn_finish(&c->turns[i]);
    c->n_turns -= n;
    if (n)
        memmove(c->turns, c->turns + n, c->n_turns * sizeof(*c->turns));
}

void chat_clear(struct chat *c)
{
    chat_forget(c, c->n_turns);
    attachments_finish(&c->waiting);
}

const struct message *chat_messages(struct chat *c, size_t skip, size_t *n, struct error *e)
{
    struct message *m = realloc(c->messages, (c->n_turns + 2) * sizeof(*m));
    if (!m) {
        error_no_memory(e);
        return NULL;
    }
    c->messages = m;
    *n = 0;
    if (c->system)
        m[(*n)++] = (struct message){.role = ROLE_SYSTEM, .text = c->system};
    for (size_t i = skip; i < c->n_turns; i++) {
        const struct turn *t = &c->turns[i];
        m[(*n)++] = (struct message){.role = t->role,
                                     .text = t->text.data ? t->text.data : "",
                                     .pictures = t->seen.pictures,
                                     .n_pictures = t->seen.count,
                                     .ids = (const int32_t *)t->ids.data,
                                     .n_ids = t->ids.size / sizeof(int32_t)};
    }
    return m;
}
