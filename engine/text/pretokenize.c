#include "engine/text/pretokenize.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <utf8proc.h>

#include "base/utf8.h"

enum char_class { CLASS_SPACE, CLASS_LETTER, CLASS_NUMBER, CLASS_OTHER };

// Unicode's White_Space property, which is what \s means in the published expressions.
static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static enum char_class class_of(uint32_t c)
{
    if (is_space(c))
        return CLASS_SPACE;
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return CLASS_LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return CLASS_NUMBER;
    default:
        return CLASS_OTHER;
    }
}

// Length in bytes of the first character, and its class. size > 0.
static size_t read_char(const char *s, size_t size, enum char_class *class)
{
    uint32_t code;
    size_t n = utf8_decode(s, size, &code);
    *class = class_of(code);
    return n;
}

// Length of the run of characters of `class` at the start.
static size_t run_of(const char *s, size_t size, enum char_class class)
{
    size_t end = 0;
    while (end < size) {
        enum char_class c;
        size_t n = read_char(s + end, size - end, &c);
        if (c != class)
            break;
        end += n;
    }
    return end;
}

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
        size_t n = read_char(s + end, size - end, &c);
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
        read_char(s + lead, size - lead, &class);
        if (class != CLASS_SPACE)
            return lead + run_of(s + lead, size - lead, class);
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
    size_t n = read_char(s, size, &first);
    if (first == CLASS_LETTER)
        return run_of(s, size, CLASS_LETTER);
    if (first == CLASS_NUMBER || *s == '\r' || *s == '\n' || n == size)
        return 0;
    read_char(s + n, size - n, &second);
    return second == CLASS_LETTER ? n + run_of(s + n, size - n, CLASS_LETTER) : 0;
}

// \p{N}{1,most} ; 0: none.
static size_t number_piece(const char *s, size_t size, int most)
{
    size_t end = 0;
    for (int i = 0; i < most && end < size; i++) {
        enum char_class c;
        size_t n = read_char(s + end, size - end, &c);
        if (c != CLASS_NUMBER)
            break;
        end += n;
    }
    return end;
}

// \s*[\r\n]+|\s+(?!\S)|\s+ : up to the last end of line of a run of space, if it has one.
static size_t blank_piece(const char *s, size_t size)
{
    size_t run = run_of(s, size, CLASS_SPACE), last = run;
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
    n = lead < size ? run_of(s + lead, size - lead, CLASS_OTHER) : 0;
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

struct pretokenizer {
    const char *name;
    bool
        lone_numbers; // each \p{N} is a piece of its own, and the other rules see what lies between
    size_t (*piece)(const char *s, size_t size); // length of the first piece; size > 0
    bool whole_pieces; // one that is in the vocabulary as it is becomes that token, without merging
    bool adds_bos;     // where the file does not say
};

static const struct pretokenizer table[] = {
    {.name = "gpt-2", .piece = gpt2_piece},
    {.name = "smollm", .lone_numbers = true, .piece = gpt2_piece},
    {.name = "llama-bpe", .piece = llama_bpe_piece, .whole_pieces = true, .adds_bos = true},
    {.name = "llama3", .piece = llama_bpe_piece, .whole_pieces = true, .adds_bos = true},
    {.name = "qwen2", .piece = qwen2_piece},
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
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strlen(table[i].name) == size && memcmp(table[i].name, name, size) == 0)
            return &table[i];
    return NULL;
}

void pretokenizer_names(char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof(table) / sizeof(*table) && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s", i ? ", " : "", table[i].name);
}

struct pretoken_walk pretoken_walk_start(const struct pretokenizer *rules, const char *text,
                                         size_t size)
{
    return (struct pretoken_walk){
        .rules = rules, .text = text, .size = size, .end = rules->lone_numbers ? 0 : size};
}

// Length of the stretch at the start that is one number, or has none.
static size_t stretch(const char *s, size_t size)
{
    size_t end = 0;
    while (end < size) {
        enum char_class c;
        size_t n = read_char(s + end, size - end, &c);
        if (c == CLASS_NUMBER)
            return end > 0 ? end : n;
        end += n;
    }
    return end;
}

bool pretoken_walk_next(struct pretoken_walk *w, const char **piece, size_t *size)
{
    if (w->at == w->size)
        return false;
    const char *s = w->text + w->at;
    if (w->at == w->end)
        w->end += stretch(s, w->size - w->at);
    *piece = s;
    *size = w->rules->piece(s, w->end - w->at);
    w->at += *size;
    return true;
}
