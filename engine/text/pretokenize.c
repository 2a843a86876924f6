#include "engine/text/pretokenize.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "engine/text/classes.h"

// Length of the English contraction at the start ('s 't 're 've 'm 'll 'd); 0: none. `any_case`:
// capitals too.
static size_t contraction(const char *s, size_t size, bool any_case)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    if (s[0] != '\'')
        return 0;
    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        size_t n = strlen(endings[i]);
        if (size > n &&
            (any_case ? strncasecmp(s + 1, endings[i], n) : memcmp(s + 1, endings[i], n)) == 0)
            return n + 1;
    }
    return 0;
}

// \s+(?!\S)|\s+ : a run of space gives up its last character to what follows it.
static size_t space_piece(const char *s, size_t size)
{
    size_t end = 0, last = 0;
    while (end < size) {
        enum char_class c;
        size_t n = class_read(s + end, size - end, &c);
        if (c != CLASS_SPACE)
            return last > 0 ? last : end;
        last = end;
        end += n;
    }
    return end;
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
static size_t gpt2_piece(const char *s, size_t size)
{
    size_t n = contraction(s, size, false);
    if (n > 0)
        return n;
    size_t lead = s[0] == ' ' ? 1 : 0;
    if (lead < size) {
        enum char_class class;
        class_read(s + lead, size - lead, &class);
        if (class != CLASS_SPACE)
            return lead + class_run(s + lead, size - lead, class);
    }
    return space_piece(s, size);
}

static size_t newlines(const char *s, size_t size)
{
    size_t n = 0;
    while (n < size && (s[n] == '\r' || s[n] == '\n'))
        n++;
    return n;
}

// [^\r\n\p{L}\p{N}]?\p{L}+ ; 0: none.
static size_t word_piece(const char *s, size_t size)
{
    enum char_class first, second;
    size_t n = class_read(s, size, &first);
    if (first == CLASS_LETTER)
        return class_run(s, size, CLASS_LETTER);
    if (first == CLASS_NUMBER || *s == '\r' || *s == '\n' || n == size)
        return 0;
    class_read(s + n, size - n, &second);
    return second == CLASS_LETTER ? n + class_run(s + n, size - n, CLASS_LETTER) : 0;
}

// \p{N}{1,most} ; 0: none.
static size_t number_piece(const char *s, size_t size, int most)
{
    size_t end = 0;
    for (int i = 0; i < most && end < size; i++) {
        enum char_class c;
        size_t n = class_read(s + end, size - end, &c);
        if (c != CLASS_NUMBER)
            break;
        end += n;
    }
    return end;
}

// \s*[\r\n]+|\s+(?!\S)|\s+ : up to the last end of line of a run of space, if it has one.
static size_t blank_piece(const char *s, size_t size)
{
    size_t run = class_run(s, size, CLASS_SPACE), last = run;
    while (last > 0 && s[last - 1] != '\r' && s[last - 1] != '\n')
        last--;
    return last > 0 ? last : space_piece(s, size);
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}|
// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
static size_t llama3_piece(const char *s, size_t size, int digits)
{
    size_t n = contraction(s, size, true);
    n = n ? n : word_piece(s, size);
    n = n ? n : number_piece(s, size, digits);
    if (n > 0)
        return n;
    size_t lead = s[0] == ' ' ? 1 : 0;
    n = lead < size ? class_run(s + lead, size - lead, CLASS_OTHER) : 0;
    if (n > 0)
        return lead + n + newlines(s + lead + n, size - lead - n);
    return blank_piece(s, size);
}

static size_t llama_bpe_piece(const char *s, size_t size)
{
    return llama3_piece(s, size, 3);
}

static size_t qwen2_piece(const char *s, size_t size)
{
    return llama3_piece(s, size, 1);
}

// After the rules of gpt-2: each run of \p{N} apart, and in it [0-9][0-9][0-9] from the left.
static size_t default_piece(const char *s, size_t size)
{
    size_t n = gpt2_piece(s, size), lead = s[0] == ' ' ? 1 : 0;
    size_t end = lead + class_run(s + lead, n - lead, CLASS_NUMBER);
    if (end == lead)
        return n;
    if (lead)
        return lead;
    for (size_t i = 0; i + 3 <= end; i++)
        if (class_is_digit(s[i]) && class_is_digit(s[i + 1]) && class_is_digit(s[i + 2]))
            return i > 0 ? i : 3;
    return end;
}

// Length of the stretch at the start that is one \p{N}, or has none.
static size_t number_stretch(const char *s, size_t size)
{
    size_t end = 0;
    while (end < size) {
        enum char_class c;
        size_t n = class_read(s + end, size - end, &c);
        if (c == CLASS_NUMBER)
            return end > 0 ? end : n;
        end += n;
    }
    return end;
}

// Length of the stretch at the start that is all marks, or has none.
static size_t mark_stretch(const char *s, size_t size)
{
    uint32_t code;
    size_t end = utf8_decode(s, size, &code), n;
    bool marks = class_is_mark(code);
    for (; end < size; end += n) {
        n = utf8_decode(s + end, size - end, &code);
        if (class_is_mark(code) != marks)
            break;
    }
    return end;
}

struct pretokenizer {
    const char *names; // with spaces between: the first is what the others call it by
    // Length of the stretch at the start that `piece` sees at once; NULL: all of the text.
    size_t (*stretch)(const char *s, size_t size);
    size_t (*piece)(const char *s, size_t size); // length of the first piece; size > 0
    bool whole_pieces; // one that is in the vocabulary as it is becomes that token, without merging
    bool adds_bos;     // where the file does not say
};

static const struct pretokenizer table[] = {
    {.names = "gpt-2 phi-2 mpt olmo jais gigachat roberta-bpe jina-v1-en jina-v2-es jina-v2-de "
              "jina-v2-code",
     .piece = gpt2_piece},
    {.names = "smollm starcoder refact command-r codeshell exaone minerva-7b",
     .stretch = number_stretch,
     .piece = gpt2_piece},
    {.names = "llama-bpe llama3 llama-v3 falcon3",
     .piece = llama_bpe_piece,
     .whole_pieces = true,
     .adds_bos = true},
    {.names = "dbrx smaug-bpe chatglm-bpe", .piece = llama_bpe_piece},
    {.names = "qwen2 stablelm2 deepseek-r1-qwen megrez", .piece = qwen2_piece},
    {.names = "default", .stretch = mark_stretch, .piece = default_piece},
};

bool pretokenizer_takes_whole(const struct pretokenizer *p)
{
    return p->whole_pieces;
}

bool pretokenizer_adds_bos(const struct pretokenizer *p)
{
    return p->adds_bos;
}

const struct pretokenizer *pretokenizer_find(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        for (const char *at = table[i].names; *at; at += strspn(at, " ")) {
            size_t length = strcspn(at, " ");
            if (length == size && memcmp(at, name, size) == 0)
                return &table[i];
            at += length;
        }
    }
    return NULL;
}

void pretokenizer_names(char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof(table) / sizeof(*table) && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%.*s", i ? ", " : "",
                                 (int)strcspn(table[i].names, " "), table[i].names);
}

struct pretoken_walk pretoken_walk_start(const struct pretokenizer *rules, const char *text,
                                         size_t size)
{
    return (struct pretoken_walk){
        .rules = rules, .text = text, .size = size, .end = rules->stretch ? 0 : size};
}

bool pretoken_walk_next(struct pretoken_walk *w, const char **piece, size_t *size)
{
    if (w->at == w->size)
        return false;
    const char *s = w->text + w->at;
    if (w->at == w->end)
        w->end += w->rules->stretch(s, w->size - w->at);
    *piece = s;
    *size = w->rules->piece(s, w->end - w->at);
    w->at += *size;
    return true;
}
