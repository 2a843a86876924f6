// Takes arbitrary bytes for an answer: laid out at once and as it grows, at a width from the first
// byte. No row may be wider than that (if any cluster fits), and no control character may get
// through. Corpus: tests/data/answers or any Markdown.
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "ui/markdown.h"
#include "ui/search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIDTH_SURE = 10 }; // half of it, which no indent takes, holds the widest cluster

static void check(const struct page *p, int width)
{
    size_t end = 0;
    if (p->text.size > 0 && !utf8_valid(p->text.text, p->text.size))
        abort();
    for (size_t i = 0; i < p->text.size; i++)
        if ((unsigned char)p->text.text[i] < 0x20 && p->text.text[i] != '\n')
            abort();
    for (size_t i = 0; i < p->rows.count; i++) {
        const struct text_row *r = &p->rows.list[i];
        if (r->begin < end || r->end < r->begin || r->end > p->text.size)
            abort();
        end = r->end;
        if (width >= WIDTH_SURE &&
            r->indent + text_width(p->text.text + r->begin, r->end - r->begin) > width)
            abort();
    }
}

static void search(const struct page *p)
{
    struct query q = {0};
    struct matches m = {0};
    if (p->text.size > 0 && query_set(&q, "a b") && query_find(&q, p->text.text, p->text.size, &m))
        for (size_t i = 0; i < m.count; i++)
            if (m.list[i].end <= m.list[i].begin || m.list[i].end > p->text.size)
                abort();
    matches_finish(&m);
    query_finish(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    int width = 1 + data[0] % 100;
    const char *text = (const char *)data + 1;
    struct page page = {0}, grown = {0};
    struct markdown m = {0};
    struct buffer code = {0};
    size--;
    if (!markdown_render(text, size, width, &page))
        abort();
    check(&page, width);
    search(&page);
    size_t step = 1 + size / 8;
    for (size_t n = 0; n < size; n += step) {
        if (!markdown_update(&m, text, n, width, false, &grown))
            abort();
        check(&grown, width);
    }
    if (!markdown_update(&m, text, size, width, true, &grown))
        abort();
    check(&grown, width);
    markdown_code(text, size, 0, &code);
    buffer_free(&code);
    page_finish(&grown);
    page_finish(&page);
    return 0;
}
