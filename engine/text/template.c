#include "engine/text/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "engine/text/show.h"

// What stands around the text of a role's turns.
struct frame {
    const char *before, *after;
};

struct template
{
    const char *name;
    const char *mark; // in the chat_template metadata of files that it fits, and a token of theirs
    const char *unless; // this in the metadata says that it does not fit
    const char *stop;
    struct frame frames[3];    // by enum turn_role
    const char *after_picture; // each picture's rows stand between the user's `before` and the text
};

static const struct template table[] = {
    {
        .name = "chatml",
        .mark = "<|im_start|>",
        .unless = "<|im_sep|>",
        .stop = "<|im_end|>",
        .frames =
            {
                [TURN_SYSTEM] = {"<|im_start|>system\n", "<|im_end|>\n"},
                [TURN_USER] = {"<|im_start|>user\n", "<|im_end|>\n"},
                [TURN_ASSISTANT] = {"<|im_start|>assistant\n", "<|im_end|>\n"},
            },
        .after_picture = "\n",
    },
};

size_t template_count(void)
{
    return sizeof(table) / sizeof(*table);
}

const struct template *template_at(size_t i)
{
    return &table[i];
}

const struct template *template_find(const char *name)
{
    for (size_t i = 0; i < template_count(); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const char *template_name(const struct template *t)
{
    return t->name;
}

const char *template_stop(const struct template *t)
{
    return t->stop;
}

static const char *find_text(const char *text, const char *end, const char *what)
{
    return memmem(text, (size_t)(end - text), what, strlen(what));
}

static bool has_token(const struct gguf_string *tokens, size_t count, const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < count; i++)
        if (tokens[i].size == size && memcmp(tokens[i].data, text, size) == 0)
            return true;
    return false;
}

static const struct template *detect_by_metadata(const struct gguf_string *source)
{
    const char *end = source->data + source->size;
    for (size_t i = 0; i < template_count(); i++)
        if (find_text(source->data, end, table[i].mark) &&
            !find_text(source->data, end, table[i].unless))
            return &table[i];
    return NULL;
}

static const struct template *detect_by_vocabulary(const struct gguf *g)
{
    const struct template *found = NULL;
    struct gguf_string *tokens;
    size_t count;
    if (!gguf_array_strings(g, "tokenizer.ggml.tokens", &tokens, &count))
        return NULL;
    for (size_t i = 0; i < template_count() && !found; i++)
        if (has_token(tokens, count, table[i].mark) && !has_token(tokens, count, table[i].unless))
            found = &table[i];
    free(tokens);
    return found;
}

const struct template *template_detect(const struct gguf *g, struct error *e)
{
    struct gguf_string source;
    bool says = gguf_get_string(g, "tokenizer.chat_template", &source);
    const struct template *t = says ? detect_by_metadata(&source) : detect_by_vocabulary(g);
    if (t)
        return t;
    struct buffer names = {0};
    for (size_t i = 0; i < template_count(); i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", table[i].name);
    error_set(e, ERROR_MODEL, "%s %s; name one that fits it with --chat-template (%s)",
              show_path(g).text,
              says ? "uses a conversation template that is not known here"
                   : "does not say which conversation template it was trained with",
              names.data ? names.data : "");
    buffer_free(&names);
    return NULL;
}

// One character of Jinja source at *s: an escape inside a quoted text (`quote` is not 0), else
// itself.
static char read_source(const char **s, const char *end, char quote)
{
    char c = *(*s)++;
    if (!quote || c != '\\' || *s == end)
        return c;
    c = *(*s)++;
    return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

// Reads what stands literally in Jinja source at *s, up to `stop`, into `out`. False: the quoted
// text or the plain stretch ends before it, so that something computed stands in between.
static bool read_literal(const char **s, const char *end, char quote, struct gguf_string stop,
                         struct buffer *out, bool *memory)
{
    while (*s < end) {
        if ((size_t)(end - *s) >= stop.size && memcmp(*s, stop.data, stop.size) == 0)
            return true;
        bool code = **s == '{' && end - *s > 1 && strchr("{%#", (*s)[1]);
        if (quote ? **s == quote : code)
            return false;
        char c = read_source(s, end, quote);
        if (!buffer_add(out, &c, 1)) {
            *memory = false;
            return false;
        }
    }
    return false;
}

// The system text that a model's chat_template writes when the conversation has none: the literal
// in the first system turn of the source whose text is not computed. *found: there is one.
static bool read_system(const struct template *t, const struct gguf *g, struct buffer *out,
                        bool *found)
{
    struct gguf_string source;
    *found = false;
    if (!g || !gguf_get_string(g, "tokenizer.chat_template", &source))
        return true;
    const struct frame *f = &t->frames[TURN_SYSTEM];
    const char *end = source.data + source.size;
    // The newlines may be written as escapes.
    size_t head = strcspn(f->before, "\n");
    struct gguf_string stop = {f->after, strcspn(f->after, "\n")};
    for (const char *s = source.data;
         !*found && (s = memmem(s, (size_t)(end - s), f->before, head));) {
        char quote = s > source.data && (s[-1] == '\'' || s[-1] == '"') ? s[-1] : 0;
        s += head;
        const char *at = s;
        bool memory = true;
        buffer_clear(out);
        if (at < end && read_source(&at, end, quote) == '\n')
            *found = read_literal(&at, end, quote, stop, out, &memory);
        if (!memory)
            return false;
    }
    return true;
}

struct builder {
    struct span *spans;
    size_t count, room;
    struct buffer text; // of all spans, in order
    bool failed;
};

static void add_span(struct builder *b, struct span s, const char *text)
{
    if (b->count == b->room && !b->failed) {
        size_t room = b->room ? 2 * b->room : 16;
        struct span *spans = realloc(b->spans, room * sizeof(*spans));
        b->failed = !spans;
        b->spans = spans ? spans : b->spans;
        b->room = spans ? room : b->room;
    }
    b->failed = b->failed || !buffer_add(&b->text, text, s.size);
    if (!b->failed)
        b->spans[b->count++] = s;
}

static void add_text(struct builder *b, enum span_kind kind, const char *text, size_t turn)
{
    add_span(b, (struct span){.kind = kind, .size = strlen(text), .turn = turn}, text);
}

// Where an open turn without pictures ends: what follows may join the white space at the end of
// `before` (a newline and a newline become one token), but nothing in front of it.
static void add_open(struct builder *b, const char *before, size_t turn)
{
    size_t size = strlen(before);
    while (size > 0 && strchr(" \n", before[size - 1]))
        size--;
    add_span(b, (struct span){.kind = SPAN_TEMPLATE, .size = size, .turn = turn}, before);
}

static void add_turn(struct builder *b, const struct template *t, const struct turn *turn,
                     size_t number)
{
    const struct frame *f = &t->frames[turn->role];
    bool user = turn->role == TURN_USER, open = user && turn->open;
    size_t pictures = user ? turn->n_pictures : 0;
    if (open && pictures == 0) {
        add_open(b, f->before, number);
        return;
    }
    add_text(b, SPAN_TEMPLATE, f->before, number);
    for (size_t i = 0; i < pictures; i++) {
        add_span(b, (struct span){.kind = SPAN_PICTURE, .turn = number, .picture = i}, "");
        // After the last one the newline may join the text, which is not there yet.
        if (!open || i + 1 < pictures)
            add_text(b, SPAN_TEMPLATE, t->after_picture, number);
    }
    if (open)
        return;
    add_text(b, turn->role == TURN_ASSISTANT ? SPAN_ANSWER : SPAN_USER, turn->text, number);
    add_text(b, SPAN_TEMPLATE, f->after, number);
}

bool template_build(const struct template *t, const struct gguf *g, const struct turn *turns,
                    size_t n, struct prompt *out, struct error *e)
{
    struct builder b = {0};
    struct buffer system = {0};
    bool found = false;
    b.failed = !buffer_reserve(&b.text, 0);
    if (n == 0 || turns[0].role != TURN_SYSTEM)
        b.failed = !read_system(t, g, &system, &found) || b.failed;
    if (found) {
        const struct turn own = {.role = TURN_SYSTEM, .text = system.data ? system.data : ""};
        add_turn(&b, t, &own, 0);
    }
    for (size_t i = 0; i < n; i++)
        add_turn(&b, t, &turns[i], i);
    if (n > 0 && turns[n - 1].role == TURN_USER && !turns[n - 1].open)
        add_text(&b, SPAN_TEMPLATE, t->frames[TURN_ASSISTANT].before, n);
    buffer_free(&system);

    *out = (struct prompt){.spans = b.spans, .count = b.count, .text = b.text.data};
    if (b.failed) {
        prompt_finish(out);
        return error_no_memory(e);
    }
    const char *text = out->text;
    for (size_t i = 0; i < out->count; i++) {
        struct span *s = &out->spans[i];
        s->text = s->kind == SPAN_PICTURE ? NULL : text;
        text += s->size;
    }
    return true;
}

void prompt_finish(struct prompt *p)
{
    free(p->spans);
    free(p->text);
    *p = (struct prompt){0};
}
