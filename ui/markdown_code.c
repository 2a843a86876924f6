// The code blocks of a document, as they were written.
#include <stdint.h>

#include <md4c.h>

#include "ui/markdown.h"

enum { TAB_CELLS = 4 };

struct search {
    const char *text;
    size_t text_size;
    size_t wanted, seen;
    size_t indent; // spaces that stand for a line's indent, not yet added
    bool inside, found, ok;
    struct buffer *out;
};

static int enter_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct search *s = data;
    (void)detail;
    if (type == MD_BLOCK_CODE) {
        s->inside = s->seen++ == s->wanted;
        s->found = s->found || s->inside;
    }
    return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct search *s = data;
    (void)detail;
    if (type == MD_BLOCK_CODE)
        s->inside = false;
    return s->found ? -1 : 0; // no more is needed
}

static int span(MD_SPANTYPE type, void *detail, void *data)
{
    (void)type;
    (void)detail;
    (void)data;
    return 0;
}

static bool in_document(const struct search *s, const char *text)
{
    return (uintptr_t)text >= (uintptr_t)s->text &&
           (uintptr_t)text < (uintptr_t)s->text + s->text_size;
}

// The parser makes spaces of an indent; the tabs that were before `text` come back.
static void add_indent(struct search *s, const char *text)
{
    size_t tabs = 0;
    while (in_document(s, text - 1) && text[-1] == '\t' && tabs * TAB_CELLS < s->indent) {
        text--;
        tabs++;
    }
    size_t spaces = s->indent > tabs * TAB_CELLS ? s->indent - tabs * TAB_CELLS : 0;
    for (; spaces > 0; spaces--)
        s->ok = s->ok && buffer_add(s->out, " ", 1);
    for (; tabs > 0; tabs--)
        s->ok = s->ok && buffer_add(s->out, "\t", 1);
    s->indent = 0;
}

static int add_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *data)
{
    struct search *s = data;
    (void)type;
    if (!s->inside)
        return 0;
    if (in_document(s, text)) {
        add_indent(s, text);
    } else if (text[0] == ' ') {
        s->indent += size;
        return 0;
    }
    s->ok = s->ok && buffer_add(s->out, text, size);
    return 0;
}

bool markdown_code(const char *text, size_t size, size_t n, struct buffer *out)
{
    static const MD_PARSER parser = {.flags = MD_FLAG_TABLES | MD_FLAG_NOHTML,
                                     .enter_block = enter_block,
                                     .leave_block = leave_block,
                                     .enter_span = span,
                                     .leave_span = span,
                                     .text = add_text};
    struct search s = {.text = text, .text_size = size, .wanted = n, .ok = true, .out = out};
    md_parse(text, (MD_SIZE)size, &parser, &s);
    return s.found && s.ok;
}
