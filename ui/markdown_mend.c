#include "ui/markdown_mend.h"

#include <string.h>

enum { OPEN_MOST = 16 };

struct opened {
    char sign;
    size_t length;
};

struct inline_state {
    struct opened list[OPEN_MOST];
    size_t count;
};

size_t markdown_list_mark(const char *line, size_t size)
{
    size_t n = 0;
    if (size > 0 && strchr("-+*", line[0])) {
        n = 1;
    } else {
        while (n < size && n < 9 && line[n] >= '0' && line[n] <= '9')
            n++;
        if (n == 0 || n == size || (line[n] != '.' && line[n] != ')'))
            return 0;
        n++;
    }
    if (n < size && line[n] != ' ' && line[n] != '\t' && line[n] != '\r')
        return 0;
    return n < size ? n + 1 : n;
}

size_t markdown_fence(const char *line, size_t size, size_t *at)
{
    size_t begin = 0, n;
    while (begin < size) {
        n = line[begin] == ' ' ? 1 : markdown_list_mark(line + begin, size - begin);
        if (n == 0)
            break;
        begin += n;
    }
    *at = begin;
    if (begin == size || (line[begin] != '`' && line[begin] != '~'))
        return 0;
    for (n = begin; n < size && line[n] == line[begin];)
        n++;
    // Behind backquotes there may be a language, but no more of them: that would be inline code.
    bool closed = line[begin] == '`' && memchr(line + n, '`', size - n);
    return n - begin < 3 || closed ? 0 : n - begin;
}

static size_t last_line(const struct buffer *b)
{
    const char *newline = b->size ? memrchr(b->data, '\n', b->size) : NULL;
    return newline ? (size_t)(newline - b->data) + 1 : 0;
}

static void cut(struct buffer *b, size_t size)
{
    b->size = size;
    b->data[size] = '\0';
}

static bool only(const char *text, size_t size, const char *signs)
{
    for (size_t i = 0; i < size; i++)
        if (!text[i] || !strchr(signs, text[i]))
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (signed char)c < 0;
}

static size_t run(const struct buffer *b, size_t at)
{
    size_t n = at;
    while (n < b->size && b->data[n] == b->data[at])
        n++;
    return n - at;
}

// Emphasis does not reach over the border of a block.
static bool begins_block(const struct buffer *b, size_t at)
{
    while (at < b->size && (b->data[at] == ' ' || b->data[at] == '\t'))
        at++;
    return at < b->size &&
           (strchr("#>|\n", b->data[at]) || markdown_list_mark(b->data + at, b->size - at) > 0);
}

static size_t last_paragraph(const struct buffer *b)
{
    size_t begin = 0;
    bool heading = b->data[0] == '#';
    for (const char *at = b->data; (at = memchr(at, '\n', b->size - (size_t)(at - b->data)));) {
        size_t next = (size_t)(++at - b->data);
        if (heading || begins_block(b, next))
            begin = next;
        heading = b->data[next] == '#';
    }
    return begin;
}

// The end of inline code that begins with `n` backquotes before `at`; 0: it has none yet.
static size_t code_end(const struct buffer *b, size_t at, size_t n)
{
    while (at < b->size) {
        size_t length = b->data[at] == '`' ? run(b, at) : 0;
        if (length == n)
            return at + n;
        at += length ? length : 1;
    }
    return 0;
}

static void take_run(struct inline_state *s, const struct buffer *b, size_t at, size_t n)
{
    char sign = b->data[at], before = at > 0 ? b->data[at - 1] : ' ',
         after = at + n < b->size ? b->data[at + n] : ' ';
    if (sign == '_' && is_word(before) && is_word(after))
        return;
    if (!is_blank(before) && s->count > 0 && s->list[s->count - 1].sign == sign) {
        struct opened *o = &s->list[s->count - 1];
        o->length -= n < o->length ? n : o->length;
        s->count -= o->length == 0;
    } else if (!is_blank(after) && s->count < OPEN_MOST && (sign != '~' || n == 2)) {
        s->list[s->count++] = (struct opened){sign, n};
    }
}

static void trim(struct buffer *b, size_t least)
{
    while (b->size > least && is_blank(b->data[b->size - 1]))
        b->size--;
    b->data[b->size] = '\0';
}

static bool close_all(struct inline_state *s, struct buffer *b, size_t begin)
{
    if (s->count > 0)
        trim(b, begin);
    while (s->count > 0) {
        const struct opened *o = &s->list[--s->count];
        for (size_t i = 0; i < o->length; i++)
            if (!buffer_add(b, &o->sign, 1))
                return false;
    }
    return true;
}

// A run at the very end that opens what is not there yet. (Half of what closes needs nothing: the
// other half is added.)
static bool opens(const struct inline_state *s, const struct buffer *b, size_t at, size_t begin)
{
    if (s->count > 0 && s->list[s->count - 1].sign == b->data[at])
        return false;
    return at == begin || is_blank(b->data[at - 1]) || strchr("([\"'*_~", b->data[at - 1]);
}

// Returns the length of what stands at `at`; what is only begun is taken away.
static size_t take(struct inline_state *s, struct buffer *b, size_t at, size_t begin)
{
    char c = b->data[at];
    if (c == '\\')
        return at + 1 < b->size ? 2 : 1;
    if (c != '`' && c != '*' && c != '_' && c != '~')
        return 1;
    size_t n = run(b, at), end = c == '`' ? code_end(b, at + n, n) : 0;
    if (end)
        return end - at;
    bool last = at + n == b->size;
    if (last && (c == '`' || opens(s, b, at, begin))) {
        cut(b, at);
        return 0;
    }
    if (c != '`') {
        take_run(s, b, at, n);
        return n;
    }
    // Nothing in open code is emphasis; what is around it closes behind it.
    s->count -= s->count == OPEN_MOST;
    s->list[s->count++] = (struct opened){c, n};
    return b->size - at;
}

static bool close_inline(struct buffer *b, size_t begin)
{
    struct inline_state s = {0};
    for (size_t at = begin; at < b->size;)
        at += take(&s, b, at, begin);
    return close_all(&s, b, begin);
}

bool markdown_mend(struct buffer *text, bool in_fence)
{
    if (text->size == 0)
        return true;
    size_t line = last_line(text);
    if (only(text->data + line, text->size - line, in_fence ? "`~ " : "-=*+_#`~|:> \t"))
        cut(text, line);
    size_t at;
    line = last_line(text);
    if (in_fence || text->size == 0 || markdown_fence(text->data + line, text->size - line, &at))
        return true;
    return close_inline(text, last_paragraph(text));
}
