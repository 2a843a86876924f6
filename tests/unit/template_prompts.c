// Building prompts, and putting them into text and ids.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "tests/unit/template_prompts.h"

const struct template *chatml(void)
{
    const struct template *t = template_find("chatml");
    assert_non_null(t);
    return t;
}

struct prompt build(const struct gguf *g, const struct turn *turns, size_t n)
{
    struct error e = {0};
    struct prompt p;
    if (!template_build(chatml(), g, turns, n, &p, &e))
        fail_msg("%s", e.text);
    return p;
}

// The prompt as one text in which <P> stands for a picture.
static struct buffer written(const struct prompt *p)
{
    struct buffer out = {0};
    for (size_t i = 0; i < p->count; i++) {
        const struct span *s = &p->spans[i];
        assert_true(s->text ? buffer_add(&out, s->text, s->size) : buffer_add_text(&out, "<P>"));
    }
    return out;
}

void assert_written(const struct gguf *g, const struct turn *turns, size_t n, const char *want)
{
    struct prompt p = build(g, turns, n);
    struct buffer got = written(&p);
    assert_string_equal(got.data ? got.data : "", want);
    buffer_free(&got);
    prompt_finish(&p);
}

struct token_list prompt_ids(const struct tokenizer *t, const struct prompt *p)
{
    struct token_list ids = {0};
    struct text_span chunk[64];
    size_t n = 0;
    for (size_t i = 0; i <= p->count; i++) {
        if (i < p->count && p->spans[i].kind != SPAN_PICTURE) {
            const struct span *s = &p->spans[i];
            assert_true(n < COUNT(chunk));
            chunk[n++] = (struct text_span){s->text, s->size, s->kind == SPAN_TEMPLATE};
            continue;
        }
        assert_true(tokenizer_encode(t, chunk, n, &ids));
        n = 0;
        if (i < p->count)
            assert_true(token_list_add(&ids, -1));
    }
    return ids;
}
