#include "ui/search.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/array.h"
#include "base/utf8.h"
#include "ui/text.h"

static uint32_t fold(uint32_t code, bool exact)
{
    if (code == '\n')
        return ' ';
    return exact ? code : (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
}

void query_finish(struct query *q)
{
    free(q->text);
    free(q->codes);
    *q = (struct query){0};
}

bool query_set(struct query *q, const char *text)
{
    query_finish(q);
    size_t size = strlen(text);
    if (size == 0)
        return true;
    q->text = strdup(text);
    q->codes = malloc(size * sizeof(*q->codes));
    if (!q->text || !q->codes) {
        query_finish(q);
        return false;
    }
    for (size_t at = 0; at < size;) {
        at += utf8_decode(text + at, size - at, &q->codes[q->count]);
        uint32_t code = q->codes[q->count++];
        q->exact = q->exact || fold(code, false) != fold(code, true);
    }
    for (size_t i = 0; i < q->count; i++)
        q->codes[i] = fold(q->codes[i], q->exact);
    return true;
}

static bool in_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The marks of Markdown stand around words, hardly ever inside: the longest one must be there.
bool query_may_match(const struct query *q, const char *text)
{
    char word[64];
    size_t best = 0;
    for (const char *at = q->text; *at;) {
        size_t n = 0;
        while (in_word(at[n]))
            n++;
        if (n > best) {
            best = n < sizeof(word) ? n : sizeof(word) - 1;
            memcpy(word, at, best);
        }
        at += n ? n : 1;
    }
    word[best] = '\0';
    return best == 0 || (q->exact ? strstr(text, word) : strcasestr(text, word));
}

static bool add_match(struct matches *m, size_t begin, size_t end)
{
    struct match *list = array_reserve(m->list, m->count, &m->room, sizeof(*list));
    if (!list)
        return false;
    m->list = list;
    m->list[m->count++] = (struct match){begin, end};
    return true;
}

void matches_finish(struct matches *m)
{
    free(m->list);
    *m = (struct matches){0};
}

// The end of a match that begins at `at`; 0: there is none.
static size_t match_at(const struct query *q, const char *text, size_t size, size_t at)
{
    for (size_t i = 0; i < q->count; i++) {
        uint32_t code;
        if (at == size)
            return 0;
        at += utf8_decode(text + at, size - at, &code);
        if (fold(code, q->exact) != q->codes[i])
            return 0;
    }
    return at;
}

static size_t whole_cluster(const char *text, size_t size, size_t at)
{
    int cells;
    size_t begin = text_back(text, at);
    return begin + text_grapheme(text + begin, size - begin, &cells);
}

bool query_find(const struct query *q, const char *text, size_t size, struct matches *out)
{
    out->count = 0;
    for (size_t at = 0; q->count > 0 && at < size;) {
        size_t end = match_at(q, text, size, at);
        if (end == 0) {
            uint32_t code;
            at += utf8_decode(text + at, size - at, &code);
            continue;
        }
        end = whole_cluster(text, size, end);
        if (!add_match(out, at, end))
            return false;
        at = end;
    }
    return true;
}
