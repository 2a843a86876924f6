#include "engine/text/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"

// What stands around the text of a role's turns.
struct frame {
    const char *before, *after;
};

struct template
{
    const char *name;
    const char *stop;
    const char *system;     // what is said when the conversation has no system turn; NULL: what the
                            // model's metadata say
    struct frame frames[3]; // by enum turn_role
    const char
        *after_system; // instead of the user's `before`, right behind a system turn; NULL: the same
    const char *gap;   // between the assistant's `before` and an answer that was not sampled (the
                       // model says it itself)
    const char *after_picture; // each picture's rows stand between the user's `before` and the text
    bool trims;                // white space around a text is dropped
};

// The wordings of LLaVA's conversation.py, and of the models that were trained with them since.
static const char human_system[] = "A chat between a curious human and an artificial intelligence "
                                   "assistant. The assistant gives helpful, "
                                   "detailed, and polite answers to the human's questions.";
static const char user_system[] = "A chat between a curious user and an artificial intelligence "
                                  "assistant. The assistant gives helpful, "
                                  "detailed, and polite answers to the user's questions.";
static const char llama_2_system[] =
    "You are a helpful language and vision assistant. You are able to understand the visual "
    "content that the user "
    "provides, and assist the user with a variety of tasks using natural language.";
static const char mpt_system[] =
    "A conversation between a user and an LLM-based AI assistant. The assistant gives "
    "helpful and honest answers.";

// clang-format off
static const struct template table[] = {
    {"chatml", "<|im_end|>", NULL,
     {{"<|im_start|>system\n", "<|im_end|>\n"}, {"<|im_start|>user\n", "<|im_end|>\n"},
      {"<|im_start|>assistant\n", "<|im_end|>\n"}}, NULL, "", "\n", false},
    {"chatml_direct", "<|im_end|>", "Answer the questions.",
     {{"<|im_start|>system\n", "<|im_end|>"}, {"<|im_start|>user\n", "<|im_end|>"},
      {"<|im_start|>assistant\n", "<|im_end|>"}}, NULL, "", "\n", false},
    {"mpt", "<|im_end|>", mpt_system,
     {{"<|im_start|>system\n", "<|im_end|>"}, {"<|im_start|>user\n", "<|im_end|>"},
      {"<|im_start|>assistant\n", "<|im_end|>"}}, NULL, "", "\n", false},
    {"vicuna_v1", "</s>", user_system,
     {{"", " "}, {"USER: ", " "}, {"ASSISTANT:", "</s>"}}, NULL, " ", "\n", false},
    {"llava_v1", "</s>", human_system,
     {{"", " "}, {"USER: ", " "}, {"ASSISTANT:", "</s>"}}, NULL, " ", "\n", false},
    {"llava_v0", "###", human_system,
     {{"", "###"}, {"Human: ", "###"}, {"Assistant:", "###"}}, NULL, " ", "\n", false},
    {"llava_llama_2", "</s>", llama_2_system,
     {{"[INST] <<SYS>>\n", "\n<</SYS>>\n\n"}, {"<s>[INST] ", " [/INST]"}, {"", " </s>"}}, "", " ", "\n", false},
    {"mistral_instruct", "</s>", "",
     {{"[INST] ", "\n\n"}, {"[INST] ", " [/INST]"}, {"", " </s>"}}, "", " ", "\n", false},
    {"llama3", "<|eot_id|>", "",
     {{"<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"},
      {"<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"},
      {"<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"}}, NULL, "", "\n", true},
    {"phi3", "<|end|>", "",
     {{"<|system|>\n", "<|end|>\n"}, {"<|user|>\n", "<|end|>\n"}, {"<|assistant|>\n", "<|end|>\n"}}, NULL, "", "\n",
     false},
    {"plain", "\n", "", {{"", ""}, {"", ""}, {"", "\n"}}, NULL, "", "", false},
};
// clang-format on

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

// The system text of a conversation that has none: the template's own, or else what the model's
// chat_template writes, the literal in the first system turn of the source whose text is not
// computed. *found: there is one.
static bool read_system(const struct template *t, const struct gguf *g, struct buffer *out,
                        bool *found)
{
    struct gguf_string source;
    *found = t->system && *t->system;
    if (t->system)
        return buffer_add_text(out, t->system);
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
    if (b->failed)
        return;
    struct span *spans = array_reserve(b->spans, b->count, &b->room, sizeof(*spans));
    b->spans = spans ? spans : b->spans;
    b->failed = !spans || !buffer_add(&b->text, text, s.size);
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

// The text of a turn, without the white space around it where the template wants it so; pictures
// come before it, and are no white space.
static void add_said(struct builder *b, const struct template *t, enum span_kind kind,
                     const char *text, size_t turn, bool first)
{
    size_t size = strlen(text);
    if (t->trims) {
        size_t blanks = first ? strspn(text, " \t\r\n") : 0;
        text += blanks;
        size -= blanks;
        while (size > 0 && strchr(" \t\r\n", text[size - 1]))
            size--;
    }
    add_span(b, (struct span){.kind = kind, .size = size, .turn = turn}, text);
}

static void add_answer(struct builder *b, const struct template *t, const char *text, size_t turn)
{
    struct buffer all = {0};
    b->failed =
        b->failed || !buffer_add_text(&all, *text ? t->gap : "") || !buffer_add_text(&all, text);
    if (!b->failed)
        add_said(b, t, SPAN_ANSWER, all.data, turn, true);
    buffer_free(&all);
}

static void add_turn(struct builder *b, const struct template *t, const struct turn *turn,
                     bool after_system, size_t number)
{
    const struct frame *f = &t->frames[turn->role];
    bool user = turn->role == TURN_USER, open = user && turn->open;
    size_t pictures = user ? turn->n_pictures : 0;
    const char *before = user && after_system && t->after_system ? t->after_system : f->before;
    if (open && pictures == 0) {
        add_open(b, before, number);
        return;
    }
    add_text(b, SPAN_TEMPLATE, before, number);
    for (size_t i = 0; i < pictures; i++) {
        add_span(b, (struct span){.kind = SPAN_PICTURE, .turn = number, .picture = i}, "");
        // After the last one the newline may join the text, which is not there yet.
        if (!open || i + 1 < pictures)
            add_text(b, SPAN_TEMPLATE, t->after_picture, number);
    }
    if (open)
        return;
    if (turn->role == TURN_ASSISTANT)
        add_answer(b, t, turn->text, number);
    else
        add_said(b, t, SPAN_USER, turn->text, number, pictures == 0);
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
        add_turn(&b, t, &own, false, 0);
    }
    for (size_t i = 0; i < n; i++) {
        bool after_system = i > 0 ? turns[i - 1].role == TURN_SYSTEM : found;
        add_turn(&b, t, &turns[i], after_system, i);
    }
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
