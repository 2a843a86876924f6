#include "engine/text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/utf8.h"
#include "engine/text/bpe.h"
#include "engine/text/classes.h"
#include "engine/text/pretokenize.h"
#include "engine/text/show.h"
#include "engine/text/special.h"
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
    *sentencepiece = gguf_string_is(kind, "llama");
    if (*sentencepiece || gguf_string_is(kind, "gpt2"))
        return true;
    return error_set(e, ERROR_MODEL,
                     "%s has a vocabulary of the kind \"%s\"; those that run are \"gpt2\" "
                     "(byte-level BPE) and \"llama\" (SentencePiece)",
                     show_path(g).text, show_name(kind.data, kind.size).text);
}

// The first files of Llama 3 and Qwen2 do not name their pre-tokenizer; their words tell.
static const struct pretokenizer *guess_rules(const struct vocabulary *v, const struct gguf *g)
{
    static const char llama3[] = "<|begin_of_text|>";
    struct gguf_string architecture = {"", 0};
    gguf_get_string(g, "general.architecture", &architecture);
    if (vocabulary_find(v, llama3, strlen(llama3)) >= 0)
        return pretokenizer_find("llama-bpe", 9);
    if (gguf_string_is(architecture, "qwen2"))
        return pretokenizer_find("qwen2", 5);
    log_warning("%s does not name its pre-tokenizer (tokenizer.ggml.pre): numbers and signs may be "
                "read in pieces that the model does not know; convert the model again",
                show_path(g).text);
    return pretokenizer_find("default", 7);
}

static const struct pretokenizer *choose_rules(const struct vocabulary *v, const struct gguf *g,
                                               struct error *e)
{
    struct gguf_string pre;
    if (!gguf_get_string(g, "tokenizer.ggml.pre", &pre))
        return guess_rules(v, g);
    const struct pretokenizer *rules = pretokenizer_find(pre.data, pre.size);
    char names[256];
    pretokenizer_names(names, sizeof(names));
    if (!rules)
        error_set(e, ERROR_MODEL,
                  "%s needs the pre-tokenizer \"%s\"; those that run are: %s (and others of the "
                  "same rules)",
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
    struct vocabulary *v = &t->vocabulary;
    if (!vocabulary_load(v, g, &vocabulary_bpe, e))
        return false;
    t->rules = choose_rules(v, g, e);
    if (!t->rules)
        return false;
    if (!gguf_find_pair(g, "tokenizer.ggml.add_bos_token"))
        v->adds_bos = v->bos >= 0 && pretokenizer_adds_bos(t->rules);
    return bpe_load(&t->bpe, v, g, e);
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

// SentencePiece takes what users define for a part of the text: its space comes in front of it too.
static bool encode_cut(const struct tokenizer *t, const struct special_cut *c,
                       struct token_list *out)
{
    if (c->start == 0 && c->token->typed && t->sentencepiece && t->spm.adds_space &&
        !spm_encode(&t->spm, " ", 1, false, out))
        return false;
    return token_list_add(out, c->token->id);
}

static size_t blanks(const char *s, size_t size)
{
    uint32_t code;
    size_t end = 0, n;
    for (; end < size; end += n) {
        n = utf8_decode(s + end, size - end, &code);
        if (!class_is_space(code))
            break;
    }
    return end;
}

// Encodes the text between the cuts, and the cuts.
static bool encode_parts(const struct tokenizer *t, const struct buffer *text,
                         const struct special_cuts *cuts, struct token_list *out)
{
    struct bpe_work work = {0};
    size_t at = 0;
    bool ok = true;
    for (size_t i = 0; ok && i <= cuts->count; i++) {
        const struct special_cut *c = i < cuts->count ? &cuts->list[i] : NULL;
        size_t end = c ? c->start : text->size;
        bool first = at == 0;
        if (i > 0 && cuts->list[i - 1].token->strips)
            at += blanks(text->data + at, end - at);
        ok = encode_plain(t, &work, text->data + at, end - at, first, out) &&
             (!c || encode_cut(t, c, out));
        at = c ? end + c->token->text.size : end;
    }
    bpe_work_free(&work);
    return ok;
}

bool tokenizer_encode(const struct tokenizer *t, const struct text_span *spans, size_t n,
                      struct token_list *out)
{
    size_t before = out->count;
    struct buffer text = {0};
    struct special_cuts cuts = {0};
    bool ok = buffer_reserve(&text, 0);
    for (size_t i = 0; ok && i < n; i++)
        ok = buffer_add(&text, spans[i].text, spans[i].size);
    ok = ok && special_find(&t->vocabulary, &text, spans, n, &cuts) &&
         encode_parts(t, &text, &cuts, out);
    if (!ok)
        out->count = before;
    special_cuts_free(&cuts);
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
