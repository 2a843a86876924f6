#include "engine/text/spm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/text/show.h"

static const char space[] = "\xe2\x96\x81"; // U+2581

bool spm_load(struct spm *s, const struct vocabulary *v, const struct gguf *g, struct error *e)
{
    s->vocabulary = v;
    s->adds_space = true;
    s->scores = malloc((v->count + 1) * sizeof(*s->scores));
    if (!s->scores)
        return error_no_memory(e);
    for (uint32_t i = 0; i < v->count; i++)
        if (!gguf_array_f32(g, "tokenizer.ggml.scores", i, &s->scores[i]))
            return error_set(e, ERROR_MODEL,
                             "%s lists no scores for its vocabulary; convert the model again",
                             show_path(g).text);
    for (unsigned b = 0; b < 256; b++) {
        char text[8];
        snprintf(text, sizeof(text), "<0x%02X>", b);
        s->bytes[b] = vocabulary_find(v, text, 6);
    }
    int64_t unknown = 0;
    gguf_get_i64(g, "tokenizer.ggml.unknown_token_id", &unknown);
    s->unknown = unknown >= 0 && unknown < v->count ? (int32_t)unknown : -1;
    gguf_get_bool(g, "tokenizer.ggml.add_space_prefix", &s->adds_space);
    return true;
}

void spm_free(struct spm *s)
{
    free(s->scores);
    *s = (struct spm){0};
}

// ---- merging

struct symbol {
    size_t at, size;    // in the text; size 0: joined to the one on its left
    int previous, next; // -1: none
};

struct pair {
    float score;
    int left;
    size_t size; // of both when it was found: another one means that it is out of date
};

struct work {
    const struct spm *spm;
    const char *text;
    struct symbol *symbols;
    int n_symbols;
    struct pair *heap; // the best first
    size_t n_heap;
};

// The token of exactly this text that merging may give: nobody types a control token or a byte
// token.
static int32_t piece(const struct spm *s, const char *text, size_t size)
{
    int32_t id = vocabulary_find(s->vocabulary, text, size);
    if (id < 0)
        return -1;
    uint8_t type = s->vocabulary->types[id];
    return type == TOKEN_NORMAL || type == TOKEN_USER_DEFINED ? id : -1;
}

static bool better(const struct pair *a, const struct pair *b)
{
    return a->score > b->score || (a->score == b->score && a->left < b->left);
}

static void push(struct work *w, struct pair p)
{
    size_t i = w->n_heap++;
    for (; i > 0 && better(&p, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = p;
}

static struct pair pop(struct work *w)
{
    struct pair top = w->heap[0], last = w->heap[--w->n_heap];
    size_t i = 0, child;
    for (; (child = 2 * i + 1) < w->n_heap; i = child) {
        if (child + 1 < w->n_heap && better(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!better(&w->heap[child], &last))
            break;
        w->heap[i] = w->heap[child];
    }
    if (w->n_heap > 0)
        w->heap[i] = last;
    return top;
}

static void consider(struct work *w, int left)
{
    if (left < 0 || w->symbols[left].next < 0)
        return;
    const struct symbol *a = &w->symbols[left], *b = &w->symbols[a->next];
    int32_t id = piece(w->spm, w->text + a->at, a->size + b->size);
    if (id >= 0)
        push(w, (struct pair){w->spm->scores[id], left, a->size + b->size});
}

static void split(struct work *w, size_t size)
{
    for (size_t at = 0; at < size;) {
        uint32_t code;
        size_t n = utf8_decode(w->text + at, size - at, &code);
        int i = w->n_symbols++;
        w->symbols[i] = (struct symbol){at, n, i - 1, -1};
        if (i > 0)
            w->symbols[i - 1].next = i;
        at += n;
    }
}

static void merge(struct work *w)
{
    for (int i = 0; i + 1 < w->n_symbols; i++)
        consider(w, i);
    while (w->n_heap > 0) {
        struct pair p = pop(w);
        struct symbol *a = &w->symbols[p.left];
        if (a->size == 0 || a->next < 0 || a->size + w->symbols[a->next].size != p.size)
            continue;
        struct symbol *b = &w->symbols[a->next];
        a->size = p.size;
        a->next = b->next;
        b->size = 0;
        if (a->next >= 0)
            w->symbols[a->next].previous = p.left;
        consider(w, a->previous);
        consider(w, p.left);
    }
}

static bool add_bytes(const struct spm *s, const char *text, size_t size, struct token_list *out)
{
    for (size_t i = 0; i < size; i++) {
        int32_t id = s->bytes[(unsigned char)text[i]];
        if (id < 0)
            return s->unknown < 0 || token_list_add(out, s->unknown);
        if (!token_list_add(out, id))
            return false;
    }
    return true;
}

static bool emit(const struct work *w, struct token_list *out)
{
    for (int i = 0; i < w->n_symbols; i++) {
        const struct symbol *s = &w->symbols[i];
        if (s->size == 0)
            continue;
        int32_t id = piece(w->spm, w->text + s->at, s->size);
        bool ok =
            id >= 0 ? token_list_add(out, id) : add_bytes(w->spm, w->text + s->at, s->size, out);
        if (!ok)
            return false;
    }
    return true;
}

static bool escape(const struct spm *s, const char *text, size_t size, bool first,
                   struct buffer *out)
{
    bool ok = buffer_reserve(out, size + sizeof(space));
    if (first && s->adds_space)
        ok = ok && buffer_add_text(out, space);
    for (size_t i = 0; ok && i < size; i++)
        ok = text[i] == ' ' ? buffer_add_text(out, space) : buffer_add(out, text + i, 1);
    return ok;
}

bool spm_encode(const struct spm *s, const char *text, size_t size, bool first,
                struct token_list *out)
{
    struct buffer escaped = {0};
    if (size == 0)
        return true;
    struct work w = {.spm = s};
    bool ok = escape(s, text, size, first, &escaped);
    if (ok) {
        w.text = escaped.data;
        w.symbols = malloc(escaped.size * sizeof(*w.symbols));
        w.heap =
            malloc(3 * escaped.size * sizeof(*w.heap)); // each pair once, and two for each merge
        ok = w.symbols && w.heap;
    }
    if (ok) {
        split(&w, escaped.size);
        merge(&w);
        ok = emit(&w, out);
    }
    free(w.heap);
    free(w.symbols);
    buffer_free(&escaped);
    return ok;
}

bool spm_decode(const struct spm *s, int32_t id, struct buffer *out)
{
    const struct gguf_string *t = &s->vocabulary->tokens[id];
    unsigned byte;
    switch (s->vocabulary->types[id]) {
    case TOKEN_BYTE:
        return t->size != 6 || sscanf(t->data, "<0x%2X>", &byte) != 1 ||
               buffer_add(out, &(char){(char)byte}, 1);
    case TOKEN_USER_DEFINED:
        return buffer_add(out, t->data, t->size);
    case TOKEN_NORMAL:
        break;
    default:
        return true;
    }
    for (size_t i = 0; i < t->size;) {
        bool blank = t->size - i >= 3 && memcmp(t->data + i, space, 3) == 0;
        if (!buffer_add(out, blank ? " " : t->data + i, 1))
            return false;
        i += blank ? 3 : 1;
    }
    return true;
}
