// Rows put together to a text, and the documents.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/markdown_rows.h"

char *rows_of(const struct page *p)
{
    struct buffer b = {0};
    for (size_t i = 0; i < p->rows.count; i++) {
        const struct text_row *r = &p->rows.list[i];
        assert_true(buffer_printf(&b, "%s%*s", i ? "\n" : "", r->indent, ""));
        assert_true(buffer_add(&b, p->text.text + r->begin, r->end - r->begin));
    }
    return b.data ? b.data : strdup("");
}

void check_rows(const char *text, int width, const char *expected)
{
    struct page p = {0};
    assert_true(markdown_render(text, strlen(text), width, &p));
    char *rows = rows_of(&p);
    assert_string_equal(rows, expected);
    free(rows);
    page_finish(&p);
}

const char *const documents[DOCUMENTS] = {
    "# Head\n\nSome **bold** text\nwith `code`.\n\n- one\n- two **x**\n\n  more\n\n- "
    "three\n\nend\n",
    "1. a\n\n   ```c\n   int x;\n\n   y\n   ```\n\n2. b\n\n```\ncode\n\nmore code\n```\n\nlast "
    "*one*",
    "para\n\n> quote\n> more\n\n> other\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n***\n\nx\n",
    "- ```\n  a\n\nb\n```\nc\n\nd\n```\n\ne\n\nf\n",
    "see [a] and\n\nmore [b]\n\n[a]: http://x\n\n[b]: http://y\n\nend\n",
    "~~~~\n```\n\nx\n~~~\n\ny\n~~~~\n\nz **q**\n\n    indented\n\n    still\n\nw",
    "* a\n\n      code\n\n* b\n\ntext\n===\n\nh\n---\n\n&lt; 日本語\n\n\U0001F468\u200D\U0001F469 "
    "x",
    "1. a\n\n1. b\n\n- a\n- b\n\n- c\n\nend\n\nx",
    "  ```\n  a\n\nb\n  ```\n\nc\n\nd\n\ne\n",
};
