// A document that grows: where it can be parted, so that what is finished is laid out once.
//
// It is parted before a line that nothing above can reach: at the left edge, after a blank line,
// outside of code fences, and no list item (it might go on with a list). Where that is not certain
// (a fence inside of a list that may or may not have ended), it is not parted any more. A link
// definition changes the whole document.
#include <string.h>

#include "ui/markdown.h"
#include "ui/markdown_mend.h"

static size_t span_of(const char *line, size_t size, char c)
{
    size_t n = 0;
    while (n < size && line[n] == c)
        n++;
    return n;
}

static bool blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r' && line[i] != '\n')
            return false;
    return true;
}

static void look_for_fence(struct markdown *m, const char *line, size_t size)
{
    size_t at;
    m->fence_length = (int)markdown_fence(line, size, &at);
    m->fence_indented = at > 0;
    m->fence = m->fence_length ? line[at] : 0;
}

static void look_for_fence_end(struct markdown *m, const char *line, size_t size)
{
    size_t indent = span_of(line, size, ' ');
    size_t n = span_of(line + indent, size - indent, m->fence);
    if (m->fence_indented && indent == 0 && !blank(line, size))
        m->unsure = true;
    if ((int)n >= m->fence_length && blank(line + indent + n, size - indent - n) &&
        (m->fence_indented || indent < 4))
        m->fence_length = 0;
}

// Reads the whole lines that came; returns the last place where the document can be parted.
static size_t scan(struct markdown *m, const char *text, size_t size)
{
    size_t part = m->done;
    for (const char *newline; (newline = memchr(text + m->scanned, '\n', size - m->scanned));) {
        const char *line = text + m->scanned;
        size_t length = (size_t)(newline - line);
        bool is_blank = blank(line, length);
        if (m->fence_length > 0) {
            look_for_fence_end(m, line, length);
        } else if (!is_blank) {
            bool apart = m->blank_before && line[0] != ' ' && line[0] != '\t' &&
                         markdown_list_mark(line, length) == 0;
            if (apart && !m->unsure)
                part = m->scanned;
            look_for_fence(m, line, length);
        }
        m->blank_before = is_blank;
        m->scanned += length + 1;
    }
    return part;
}

static bool render_tail(const struct markdown *m, const char *text, size_t size, int width,
                        bool ends, struct page *page)
{
    struct buffer tail = {0};
    bool ok = true;
    if (ends)
        ok = markdown_render(text + m->done, size - m->done, width, page);
    else
        ok = buffer_add(&tail, text + m->done, size - m->done) &&
             markdown_mend(&tail, m->fence_length > 0) &&
             markdown_render(tail.data, tail.size, width, page);
    buffer_free(&tail);
    return ok;
}

static void cut(const struct markdown *m, struct page *page)
{
    styled_cut(&page->text, m->page_size);
    page->rows.count = m->rows;
}

bool markdown_update(struct markdown *m, const char *text, size_t size, int width, bool ends,
                     struct page *page)
{
    if (!m->unsure && memmem(text + m->scanned, size - m->scanned, "]:", 2)) {
        *m = (struct markdown){.unsure = true};
    }
    cut(m, page);
    size_t part = scan(m, text, size);
    bool ok = true;
    if (part > m->done && !m->unsure) {
        ok = markdown_render(text + m->done, part - m->done, width, page);
        m->done = part;
        m->page_size = page->text.size;
        m->rows = page->rows.count;
    }
    ok = ok && (m->done == size || render_tail(m, text, size, width, ends, page));
    if (!ok) {
        *m = (struct markdown){0};
        cut(m, page);
    }
    return ok;
}
