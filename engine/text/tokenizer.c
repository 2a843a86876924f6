#include "engine/text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "engine/text/bpe.h"
#include "engine/text/pretokenize.h"
#include "engine/text/show.h"
#include "engine/text/spm.h"
#include "engine/text/vocabulary.h"

struct tokenizer {
    struct vocabulary vocabulary;
    bool sentencepiece;
    const struct pretokenizer *rules; // of byte-level BPE
    struct bpe bpe;
    struct spm spm;
};

bool token_list_add(struct token_list *l, int32_t id)
{
    int32_t *ids = array_reserve(l->ids, l->count, &l->room, sizeof(*ids));
    if (!ids)
        return false;
    l->ids = ids;
    l->ids[l->count++] = id;
    return true;
}

void token_list_free(struct token_list *l)
{
    free(l->ids);
    *l = (struct token_list){0};
}

static bool check_kind(const struct gguf *g, bool *sentencepiece, struct error *e)
{
    struct gguf_string kind;
    if (!gguf_get_string(g, "tokenizer.ggml.model", &kind))
        return error_set(e, ERROR_MODEL,
                         "%s does not say how its vocabulary works (tokenizer.ggml.model); use a "
                         "language model's GGUF file",
                         show_path(g).text);
    *sentencepiece = kind.size == 5 && memcmp(kind.data, "llama", 5) == 0;
    if (*sentencepiece || (kind.size == 4 && memcmp(kind.data, "gpt2", 4) == 0))
        return true;
    return error_set(e, ERROR_MODEL,
                     "%s has a vocabulary of the kind \"%s\"; those that run are \"gpt2\" "
                     "(byte-level BPE) and \"llama\" (SentencePiece)",
                     show_path(g).text, show_name(kind.data, kind.size).text);
}

static const struct pretokenizer *choose_rules(const struct gguf *g, struct error *e)
{
    char names[256];
    pretokenizer_names(names, sizeof(names));
    struct gguf_string pre;
    if (!gguf_get_string(g, "tokenizer.ggml.pre", &pre)) {
        error_set(e, ERROR_MODEL,
                  "%s does not name its pre-tokenizer (tokenizer.ggml.pre); convert the model "
                  "again with a current tool (those that run: %s)",
                  show_path(g).text, names);
        return NULL;
    }
    const struct pretokenizer *rules = pretokenizer_find(pre.data, pre.size);
    if (!rules)
        error_set(e, ERROR_MODEL, "%s needs the pre-tokenizer \"%s\"; those that run are: %s",
                  show_path(g).text, show_name(pre.data, pre.size).text, names);
    return rules;
}

static bool load(struct tokenizer *t, const struct gguf *g, struct error *e)
{
    if (!check_kind(g, &t->sentencepiece, e))
        return false;
    if (t->sentencepiece)
        return vocabulary_load(&t->vocabulary, g, &vocabulary_spm, e) &&
               spm_load(&t->spm, &t->vocabulary, g, e);
    t->rules = choose_rules(g, e);
    if (!t->rules)
        return false;
    const struct vocabulary_defaults defaults = {-1, -1, pretokenizer_adds_bos(t->rules)};
    return vocabulary_load(&t->vocabulary, g, &defaults, e) &&
           bpe_load(&t->bpe, &t->vocabulary, g, e);
}

struct tokenizer *tokenizer_create(const struct gguf *g, struct error *e)
{
    struct tokenizer *t = calloc(1, sizeof(*t));
    if (!t) {
        error_no_memory(e);
        return NULL;
    }
    if (!load(t, g, e)) {
        tokenizer_destroy(t);
        return NULL;
    }
    return t;
}

void tokenizer_destroy(struct tokenizer *t)
{
    if (!t)
        return;
    spm_free(&t->spm);
    bpe_free(&t->bpe);
    vocabulary_free(&t->vocabulary);
    free(t);
}

uint32_t tokenizer_size(const struct tokenizer *t)
{
    return t->vocabulary.count;
}

int32_t tokenizer_bos(const struct tokenizer *t)
{
    return t->vocabulary.bos;
}

bool tokenizer_adds_bos(const struct tokenizer *t)
{
    return t->vocabulary.adds_bos;
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
    return vocabulary_is_end(&t->vocabulary, id);
}

int32_t tokenizer_find(const struct tokenizer *t, const char *text)
{
    return vocabulary_find(&t->vocabulary, text, strlen(text));
}

// Where a special token lies in the text.
struct cut {
    size_t start, size;
    int32_t id;
};

struct cut_list {
    struct cut *cuts;
    size_t count, room;
};

static bool add_cut(struct cut_list *l, struct cut c)
{
    struct cut *cuts = array_reserve(l->cuts, l->count, &l->room, sizeof(*cuts));
    if (!cuts)
        return false;
    l->cuts = cuts;
    l->cuts[l->count++] = c;
    return true;
}

// Cuts out the occurrences of `s` in text[start..end), left to right, that touch no byte marked in
// `taken` (end - start of them), and marks theirs.
static bool cut_token(const struct special_token *s, const char *text, size_t start, size_t end,
                      char *taken, struct cut_list *cuts)
{
    const char *hit, *from = text + start;
    size_t size = s->text.size;
    while ((hit = memmem(from, (size_t)(text + end - from), s->text.data, size))) {
        char *marks = taken + (hit - text - start);
        from = hit + 1;
        if (memchr(marks, 1, size))
            continue;
        if (!add_cut(cuts, (struct cut){(size_t)(hit - text), size, s->id}))
            return false;
        memset(marks, 1, size);
        from = hit + size;
    }
    return true;
}

// Finds the special tokens in text[start..end), a stretch of special spans: longer ones first.
static bool cut_stretch(const struct vocabulary *v, const char *text, size_t start, size_t end,
                        struct cut_list *cuts)
{
    char *taken = calloc(1, end - start);
    bool ok = taken != NULL;
    for (size_t i = 0; ok && i < v->n_specials; i++)
        ok = cut_token(&v->specials[i], text, start, end, taken, cuts);
    free(taken);
    return ok;
}

static int by_start(const void *a, const void *b)
{
    const struct cut *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static bool find_cuts(const struct vocabulary *v, const char *text, const struct text_span *spans,
                      size_t n, struct cut_list *cuts)
{
    size_t at = 0;
    for (size_t i = 0; i < n;) {
        size_t start = at;
        bool special = spans[i].special;
        for (; i < n && spans[i].special == special; i++)
            at += spans[i].size;
        if (special && at > start && !cut_stretch(v, text, start, at, cuts))
            return false;
    }
    if (cuts->count > 0)
        qsort(cuts->cuts, cuts->count, sizeof(*cuts->cuts), by_start);
    return true;
}

// `first`: nothing of the chunk comes before it.
static bool encode_plain(const struct tokenizer *t, struct bpe_work *w, const char *text,
                         size_t size, bool first, struct token_list *out)
{
    if (t->sentencepiece)
        return spm_encode(&t->spm, text, size, first, out);
    struct pretoken_walk walk = pretoken_walk_start(t->rules, text, size);
    const char *piece;
    size_t length;
    while (pretoken_walk_next(&walk, &piece, &length)) {
        int32_t whole =
            pretokenizer_takes_whole(t->rules) ? bpe_whole(&t->vocabulary, piece, length) : -1;
        if (!(whole >= 0 ? token_list_add(out, whole) : bpe_encode(&t->bpe, w, piece, length, out)))
            return false;
    }
    return true;
}

// Encodes the text between the cuts, and the cuts.
static bool encode_parts(const struct tokenizer *t, const struct buffer *text,
                         const struct cut_list *cuts, struct token_list *out)
{
    struct bpe_work work = {0};
    size_t at = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < cuts->count; i++) {
        const struct cut *c = &cuts->cuts[i];
        ok = encode_plain(t, &work, text->data + at, c->start - at, at == 0, out) &&
             token_list_add(out, c->id);
        at = c->start + c->size;
    }
    ok = ok && encode_plain(t, &work, text->data + at, text->size - at, at == 0, out);
    bpe_work_free(&work);
    return ok;
}

bool tokenizer_encode(const struct tokenizer *t, const struct text_span *spans, size_t n,
                      struct token_list *out)
{
    size_t before = out->count;
    struct buffer text = {0};
    struct cut_list cuts = {0};
    bool ok = buffer_reserve(&text, 0);
    for (size_t i = 0; ok && i < n; i++)
        ok = buffer_add(&text, spans[i].text, spans[i].size);
    ok = ok && find_cuts(&t->vocabulary, text.data, spans, n, &cuts) &&
         encode_parts(t, &text, &cuts, out);
    if (!ok)
        out->count = before;
    free(cuts.cuts);
    buffer_free(&text);
    return ok;
}

bool tokenizer_decode(const struct tokenizer *t, int32_t id, struct buffer *out)
{
    const struct vocabulary *v = &t->vocabulary;
    if (id < 0 || (uint32_t)id >= v->count)
        return true;
    if (t->sentencepiece)
        return spm_decode(&t->spm, id, out);
    const struct gguf_string *s = &v->tokens[id];
    switch (v->types[id]) {
    case TOKEN_NORMAL:
    case TOKEN_BYTE:
        return bpe_decode(s->data, s->size, out);
    case TOKEN_USER_DEFINED:
        return buffer_add(out, s->data, s->size);
    default:
        return true;
    }
}
