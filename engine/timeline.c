#include "engine/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void columns_finish(struct engine *e, struct columns *c)
{
    for (size_t i = 0; i < c->n_pictures; i++)
        engine_release_rows(e, c->rows[i]);
    free(c->rows);
    free(c->pictures);
    free(c->list);
    *c = (struct columns){0};
}

static bool reserve(struct columns *c, size_t more, struct error *err)
{
    if (c->count + more <= c->room)
        return true;
    size_t room = c->room + c->room / 2 + more;
    struct column *list = realloc(c->list, room * sizeof(*list));
    if (!list)
        return error_no_memory(err);
    c->list = list;
    c->room = room;
    return true;
}

bool columns_add_token(struct columns *c, int32_t id, struct error *err)
{
    if (!reserve(c, 1, err))
        return false;
    c->list[c->count++] = (struct column){.token = id};
    return true;
}

static bool reserve_picture(struct columns *c, struct error *err)
{
    if (c->n_pictures < c->picture_room)
        return true;
    size_t room = c->picture_room * 2 + 4;
    struct picture_rows **rows = realloc(c->rows, room * sizeof(*rows));
    if (rows)
        c->rows = rows;
    const struct picture **pictures = realloc(c->pictures, room * sizeof(*pictures));
    if (pictures)
        c->pictures = pictures;
    if (!rows || !pictures)
        return error_no_memory(err);
    c->picture_room = room;
    return true;
}

bool columns_add_picture(struct engine *e, struct columns *c, const struct picture *p,
                         struct error *err)
{
    if (!e->vision_file)
        return error_set(
            err, ERROR_MODEL,
            "%s cannot see pictures; give the vision file that belongs to it as --mmproj",
            gguf_path(e->model_file));
    if (!reserve_picture(c, err))
        return false;
    struct picture_rows *r = engine_hold_rows(e, p, err);
    if (!r)
        return false;
    c->rows[c->n_pictures] = r;
    c->pictures[c->n_pictures++] = p;
    if (!reserve(c, r->count, err))
        return false;
    for (uint32_t i = 0; i < r->count; i++)
        c->list[c->count++] = (struct column){.row = i, .rows = r};
    return true;
}

// The text spans between two pictures or answers, which are tokenised as one text.
struct chunk {
    struct text_span *spans;
    size_t count;
};

static bool flush(struct engine *e, struct chunk *k, struct columns *c, struct error *err)
{
    struct token_list ids = {0};
    bool ok = tokenizer_encode(e->tokenizer, k->spans, k->count, &ids);
    if (!ok)
        error_no_memory(err);
    k->count = 0;
    for (size_t i = 0; ok && i < ids.count; i++)
        ok = columns_add_token(c, ids.ids[i], err);
    token_list_free(&ids);
    return ok;
}

static bool add_span(struct engine *e, const struct span *s, const struct message *m,
                     struct chunk *k, struct columns *c, struct error *err)
{
    if (s->kind == SPAN_PICTURE)
        return flush(e, k, c, err) && columns_add_picture(e, c, m->pictures[s->picture], err);
    if (s->kind == SPAN_ANSWER && m->n_ids > 0) {
        bool ok = flush(e, k, c, err);
        for (size_t i = 0; ok && i < m->n_ids; i++)
            ok = columns_add_token(c, m->ids[i], err);
        return ok;
    }
    k->spans[k->count++] = (struct text_span){s->text, s->size, s->kind == SPAN_TEMPLATE};
    return true;
}

static bool build_prompt(struct engine *e, const struct message *messages, size_t n, bool open,
                         struct prompt *out, struct error *err)
{
    struct turn *turns = calloc(n ? n : 1, sizeof(*turns));
    if (!turns)
        return error_no_memory(err);
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        if (ok && !utf8_valid(messages[i].text, strlen(messages[i].text)))
            ok = error_set(err, ERROR_USAGE, "the text is not valid UTF-8");
        turns[i] = (struct turn){.role = messages[i].role == ROLE_SYSTEM ? TURN_SYSTEM
                                         : messages[i].role == ROLE_USER ? TURN_USER
                                                                         : TURN_ASSISTANT,
                                 .text = messages[i].text,
                                 .n_pictures = messages[i].n_pictures,
                                 .open = open && i + 1 == n};
    }
    ok = ok && template_build(e->template, e->model_file, turns, n, out, err);
    free(turns);
    return ok;
}

bool columns_from_messages(struct engine *e, const struct message *messages, size_t n, bool open,
                           struct columns *c, struct error *err)
{
    struct prompt prompt;
    if (!build_prompt(e, messages, n, open, &prompt, err))
        return false;
    struct chunk k = {.spans = calloc(prompt.count ? prompt.count : 1, sizeof(*k.spans))};
    bool ok = k.spans != NULL || error_no_memory(err);
    int32_t bos = tokenizer_bos(e->tokenizer);
    if (ok && bos >= 0 && tokenizer_adds_bos(e->tokenizer))
        ok = columns_add_token(c, bos, err);
    for (size_t i = 0; ok && i < prompt.count; i++)
        ok = add_span(e, &prompt.spans[i], &messages[prompt.spans[i].turn], &k, c, err);
    ok = ok && flush(e, &k, c, err);
    free(k.spans);
    prompt_finish(&prompt);
    return ok;
}

size_t columns_common(const struct columns *a, const struct columns *b)
{
    size_t n = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < n; i++) {
        const struct column *x = &a->list[i], *y = &b->list[i];
        if (x->rows != y->rows || (x->rows ? x->row != y->row : x->token != y->token))
            return i;
    }
    return n;
}
