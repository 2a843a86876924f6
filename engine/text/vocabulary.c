#include "engine/text/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/text/show.h"

#define FREE_SLOT UINT32_MAX

// FNV-1a: the strings are a few bytes long.
static uint32_t hash(const char *text, size_t size)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < size; i++)
        h = (h ^ (unsigned char)text[i]) * 16777619u;
    return h ^ h >> 15;
}

// The slot of the text, or the free one where it would go.
static uint32_t slot_of(const struct vocabulary *v, const char *text, size_t size)
{
    uint32_t i = hash(text, size) & v->mask;
    for (; v->slots[i] != FREE_SLOT; i = (i + 1) & v->mask) {
        const struct gguf_string *s = &v->tokens[v->slots[i]];
        if (s->size == size && memcmp(s->data, text, size) == 0)
            break;
    }
    return i;
}

int32_t vocabulary_find(const struct vocabulary *v, const char *text, size_t size)
{
    if (size == 0)
        return -1;
    uint32_t id = v->slots[slot_of(v, text, size)];
    return id == FREE_SLOT ? -1 : (int32_t)id;
}

bool vocabulary_is_end(const struct vocabulary *v, int32_t id)
{
    for (size_t i = 0; i < v->n_ends; i++)
        if (v->ends[i] == id)
            return true;
    return false;
}

static bool load_tokens(struct vocabulary *v, const struct gguf *g, struct error *e)
{
    // Ids are int32_t; the table of at most 2^30 slots holds twice the tokens.
    const size_t most = (size_t)1 << 29;
    size_t count = gguf_array_count(g, "tokenizer.ggml.tokens");
    if (count == 0)
        return error_set(e, ERROR_MODEL,
                         "%s has no vocabulary (tokenizer.ggml.tokens), so it cannot read or write "
                         "text; use a language model's GGUF file",
                         show_path(g).text);
    if (count > most)
        return error_set(e, ERROR_MODEL, "%s claims a vocabulary of %zu tokens; it is damaged",
                         show_path(g).text, count);
    const struct gguf_pair *pair = gguf_find_pair(g, "tokenizer.ggml.tokens");
    if (pair->item_type != GGUF_STRING)
        return error_set(e, ERROR_MODEL, "the vocabulary of %s is not a list of texts",
                         show_path(g).text);
    if (!gguf_array_strings(g, "tokenizer.ggml.tokens", &v->tokens, &count))
        return error_no_memory(e);
    v->count = (uint32_t)count;
    return true;
}

static bool index_tokens(struct vocabulary *v, const struct gguf *g, struct error *e)
{
    uint32_t room = 16;
    while (room < 2 * v->count)
        room *= 2;
    v->slots = malloc(room * sizeof(*v->slots));
    if (!v->slots)
        return error_no_memory(e);
    memset(v->slots, 0xff, room * sizeof(*v->slots));
    v->mask = room - 1;
    for (uint32_t id = 0; id < v->count; id++) {
        const struct gguf_string *s = &v->tokens[id];
        if (s->size == 0)
            continue;
        uint32_t i = slot_of(v, s->data, s->size);
        if (v->slots[i] != FREE_SLOT) {
            return error_set(e, ERROR_MODEL,
                             "the vocabulary of %s holds \"%s\" twice (ids %u and %u); convert the "
                             "model again",
                             show_path(g).text, show_name(s->data, s->size).text, v->slots[i], id);
        }
        v->slots[i] = id;
    }
    return true;
}

// A list that runs beside the tokens must be as long; it may be absent.
static bool same_length(const struct vocabulary *v, const struct gguf *g, const char *key,
                        struct error *e)
{
    const struct gguf_pair *p = gguf_find_pair(g, key);
    if (!p || (p->type == GGUF_ARRAY && p->count == v->count))
        return true;
    return error_set(e, ERROR_MODEL, "%s of %s does not have one value for each of the %u tokens",
                     key, show_path(g).text, v->count);
}

static bool load_types(struct vocabulary *v, const struct gguf *g, struct error *e)
{
    const char *key = "tokenizer.ggml.token_type";
    v->types = malloc(v->count);
    if (!v->types)
        return error_no_memory(e);
    memset(v->types, TOKEN_NORMAL, v->count);
    if (!gguf_find_pair(g, key))
        return true;
    for (uint32_t id = 0; id < v->count; id++) {
        int64_t type;
        if (!gguf_array_i64(g, key, id, &type) || type < TOKEN_NORMAL || type > TOKEN_BYTE)
            return error_set(e, ERROR_MODEL,
                             "%s gives token %u a type that is not known (%s); convert the model "
                             "again with a current tool",
                             show_path(g).text, id, key);
        v->types[id] = (uint8_t)type;
    }
    return true;
}

// Reads the id under tokenizer.ggml.<name>; -1 when absent.
static bool load_id(const struct vocabulary *v, const struct gguf *g, const char *name,
                    int32_t *out, struct error *e)
{
    char key[64];
    snprintf(key, sizeof(key), "tokenizer.ggml.%s", name);
    *out = -1;
    if (!gguf_find_pair(g, key))
        return true;
    int64_t id;
    // Some converters write 2^32 - 1 or -1 for "none".
    if (gguf_get_i64(g, key, &id) && (id == UINT32_MAX || id == -1))
        return true;
    if (!gguf_get_i64(g, key, &id) || id < 0 || id >= v->count)
        return error_set(e, ERROR_MODEL,
                         "%s of %s is not one of the %u tokens of its vocabulary; convert the "
                         "model again",
                         key, show_path(g).text, v->count);
    *out = (int32_t)id;
    return true;
}

// Some conversions call ends of answers ordinary: then a template could not write them, a user
// could type them, and they would show in answers.
static void add_end(struct vocabulary *v, int32_t id)
{
    if (id < 0)
        return;
    v->types[id] = TOKEN_CONTROL;
    if (!vocabulary_is_end(v, id) && v->n_ends < VOCABULARY_MOST_ENDS)
        v->ends[v->n_ends++] = id;
}

// <|user|> and their like frame turns, whatever a conversion calls them.
static void mark_frames(struct vocabulary *v)
{
    for (uint32_t id = 0; id < v->count; id++) {
        const struct gguf_string *s = &v->tokens[id];
        if (s->size > 4 && memcmp(s->data, "<|", 2) == 0 &&
            memcmp(s->data + s->size - 2, "|>", 2) == 0 && !memchr(s->data, ' ', s->size))
            v->types[id] = TOKEN_CONTROL;
    }
}

static bool load_roles(struct vocabulary *v, const struct gguf *g,
                       const struct vocabulary_defaults *defaults, struct error *e)
{
    static const char *const ends[] = {"eos_token_id",     "eot_token_id",     "eom_token_id",
                                       "fim_pad_token_id", "fim_rep_token_id", "fim_sep_token_id"};
    static const char *const checked[] = {"unknown_token_id", "padding_token_id",
                                          "seperator_token_id"};
    // Where a file names only one end, models still stop at these.
    static const char *const texts[] = {"<|eot_id|>",    "<|im_end|>",           "<|end|>",
                                        "<end_of_turn>", "<|endoftext|>",        "<|eom_id|>",
                                        "<EOT>",         "<｜end▁of▁sentence｜>"};
    int32_t id;
    if (!load_id(v, g, "bos_token_id", &v->bos, e))
        return false;
    if (v->bos < 0 && defaults->bos < (int32_t)v->count)
        v->bos = defaults->bos;
    if (!gguf_find_pair(g, "tokenizer.ggml.eos_token_id") && defaults->eos < (int32_t)v->count)
        add_end(v, defaults->eos);
    v->adds_bos = defaults->adds_bos;
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        if (!load_id(v, g, ends[i], &id, e))
            return false;
        add_end(v, id);
    }
    for (size_t i = 0; i < sizeof(checked) / sizeof(*checked); i++)
        if (!load_id(v, g, checked[i], &id, e))
            return false;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        add_end(v, vocabulary_find(v, texts[i], strlen(texts[i])));
    mark_frames(v);
    gguf_get_bool(g, "tokenizer.ggml.add_bos_token", &v->adds_bos);
    v->adds_bos = v->adds_bos && v->bos >= 0;
    return true;
}

static int longer_first(const void *a, const void *b)
{
    const struct special_token *x = a, *y = b;
    if (x->text.size != y->text.size)
        return x->text.size > y->text.size ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

static bool has(const struct vocabulary *v, const char *text)
{
    return vocabulary_find(v, text, strlen(text)) >= 0;
}

// Phi-3's SentencePiece vocabulary: control tokens swallow the white space behind them ("rstrip" in
// the published tokenizer), all but three.
static bool strips(const struct vocabulary *v, const struct gguf_string *s)
{
    static const char *const not [] = {"<unk>", "<s>", "<|endoftext|>"};
    for (size_t i = 0; i < sizeof(not ) / sizeof(*not ); i++)
        if (s->size == strlen(not [i]) && memcmp(s->data, not [i], s -> size) == 0)
            return false;
    return has(v, "<|user|>") && has(v, "<|assistant|>") && has(v, "<|end|>");
}

static bool collect_specials(struct vocabulary *v, bool spm, struct error *e)
{
    size_t n = 0;
    for (uint32_t id = 0; id < v->count; id++)
        n += v->types[id] >= TOKEN_UNKNOWN && v->types[id] <= TOKEN_USER_DEFINED;
    v->specials = malloc((n + 1) * sizeof(*v->specials));
    if (!v->specials)
        return error_no_memory(e);
    for (uint32_t id = 0; id < v->count; id++) {
        struct special_token s = {.text = v->tokens[id], .id = (int32_t)id};
        bool special = v->types[id] >= TOKEN_UNKNOWN && v->types[id] <= TOKEN_USER_DEFINED;
        if (!special || s.text.size == 0)
            continue;
        s.typed = v->types[id] == TOKEN_USER_DEFINED;
        s.strips = spm && !s.typed && strips(v, &s.text);
        v->specials[v->n_specials++] = s;
    }
    qsort(v->specials, v->n_specials, sizeof(*v->specials), longer_first);
    return true;
}

const struct vocabulary_defaults vocabulary_spm = {1, 2, true};
const struct vocabulary_defaults vocabulary_bpe = {-1, -1, false};

bool vocabulary_load(struct vocabulary *v, const struct gguf *g,
                     const struct vocabulary_defaults *defaults, struct error *e)
{
    return load_tokens(v, g, e) && index_tokens(v, g, e) &&
           same_length(v, g, "tokenizer.ggml.scores", e) &&
           same_length(v, g, "tokenizer.ggml.token_type", e) && load_types(v, g, e) &&
           load_roles(v, g, defaults, e) && collect_specials(v, defaults == &vocabulary_spm, e);
}

void vocabulary_free(struct vocabulary *v)
{
    free(v->specials);
    free(v->slots);
    free(v->types);
    free(v->tokens);
    *v = (struct vocabulary){0};
}
