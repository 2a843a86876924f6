// Markdown -> rows. Rows are compared as text with their indent as spaces; styles as a letter for
// each byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/markdown.h"
#include "ui/markdown_mend.h"

// Rows of a page, a newline between them.
static char *rows_of(const struct page *p)
{
    struct buffer b = {0};
    for (size_t i = 0; i < p->rows.count; i++) {
        const struct text_row *r = &p->rows.list[i];
        assert_true(buffer_printf(&b, "%s%*s", i ? "\n" : "", r->indent, ""));
        assert_true(buffer_add(&b, p->text.text + r->begin, r->end - r->begin));
    }
    return b.data ? b.data : strdup("");
}

static void check_rows(const char *text, int width, const char *expected)
{
    struct page p = {0};
    assert_true(markdown_render(text, strlen(text), width, &p));
    char *rows = rows_of(&p);
    assert_string_equal(rows, expected);
    free(rows);
    page_finish(&p);
}

static void paragraphs_are_wrapped_and_parted(void **state)
{
    (void)state;
    check_rows("", 20, "");
    check_rows("one two three\n\n\n\nfour", 8, "one two\nthree\n\nfour");
    // What a model writes as a line is a line.
    check_rows("one\ntwo  \nthree\\\nfour", 20, "one\ntwo\nthree\nfour");
}

static void headings_rules_and_html(void **state)
{
    (void)state;
    check_rows("# One\ntext\n\nTwo\n---\n***\nx", 5, "One\n\ntext\n\nTwo\n\n─────\n\nx");
    check_rows("<b>x</b> &amp; &#x41;&#66; &nope; &lt;", 60, "<b>x</b> & AB &nope; <");
    check_rows("<div>\nx\n</div>", 60, "<div>\nx\n</div>");
}

static void lists_hang_and_nest(void **state)
{
    (void)state;
    check_rows("- one two three\n- four\n  - five six seven\n    1. eight\n- nine", 14,
               "• one two\n  three\n• four\n  ◦ five six\n    seven\n    1. eight\n• nine");
    check_rows("9. nine\n10. ten eleven", 10, "9. nine\n10. ten\n    eleven");
    check_rows("- a\n\n  b\n\n- c", 20, "• a\n\n  b\n\n• c");
    check_rows("-\n- x", 20, "• \n• x");
    check_rows("text\n- a\n- b\n\nmore", 20, "text\n\n• a\n• b\n\nmore");
}

static void quotes_have_a_bar(void **state)
{
    (void)state;
    check_rows("> one two three\n>\n> four\n\nfive", 10, "▎ one two\n▎ three\n▎\n▎ four\n\nfive");
    check_rows("> a\n> > b", 10, "▎ a\n▎\n▎ ▎ b");
    check_rows("> - a b c d", 8, "▎ • a b\n▎   c d");
}

static void code_is_indented_and_cut_hard(void **state)
{
    (void)state;
    check_rows("```c\nint a;\n\n\tb\n```\nx", 20, "  c\n  int a;\n  \n      b\n\nx");
    check_rows("```\nabcdefgh ij\n```", 6, "  abcd\n  efgh\n   ij");
    check_rows("    indented *code*", 30, "  indented *code*");
    check_rows("```\n```", 20, "  ");
    check_rows("- a\n  ```\n  b\n  ```", 20, "• a\n    b");
}

static void links_and_images_are_words(void **state)
{
    (void)state;
    check_rows("[text](http://x.y/z \"title\") <http://a.b>", 60, "text (http://x.y/z) http://a.b");
    check_rows("[http://a.b](http://a.b)", 60, "http://a.b");
    check_rows("![a *cat*](cat.png)", 60, "[image: a cat]");
    check_rows("[r]\n\n[r]: http://x.y", 60, "r (http://x.y)");
}

static void tables_are_aligned(void **state)
{
    (void)state;
    check_rows("|a|b|c|\n|:--|:-:|--:|\n|one|two|three|\n|日本|x|4|", 40,
               "a    │  b  │     c\n"
               "─────┼─────┼──────\n"
               "one  │ two │ three\n"
               "日本 │  x  │     4");
}

static void wide_tables_give_way_where_they_are_widest(void **state)
{
    (void)state;
    check_rows("|k|value|\n|---|---|\n|a|one two three four|\n|b|x|", 12,
               "k │ value\n"
               "──┼─────────\n"
               "a │ one two\n"
               "  │ three\n"
               "  │ four\n"
               "b │ x");
    // What is left over goes to the first that was cut.
    check_rows("|k|v|\n|---|---|\n|aaa aaa aaa|bbb bbb bbb|", 18,
               "k        │ v\n"
               "─────────┼────────\n"
               "aaa aaa  │ bbb bbb\n"
               "aaa      │ bbb");
}

static void tables_without_room_become_lists(void **state)
{
    (void)state;
    check_rows("|Name|Heading|\n|---|---|\n|Ann|one two|\n|Bob||", 12,
               "Name: Ann\nHeading: one\n  two\n\nName: Bob");
}

// ---- styles

static void check_styles(const char *text, const char *rows, const char *expected)
{
    struct page p = {0};
    char styles[256] = "";
    assert_true(markdown_render(text, strlen(text), 80, &p));
    char *shown = rows_of(&p);
    assert_string_equal(shown, rows);
    assert_int_equal(p.rows.list[0].begin, 0);
    for (size_t i = 0; i < p.rows.list[0].end; i++) {
        struct style s = styled_at(&p.text, i);
        char c = "tdahcqe"[s.role];
        styles[i] = s.flags & EMPHASIS_BOLD     ? 'B'
                    : s.flags & EMPHASIS_ITALIC ? 'I'
                    : s.flags & EMPHASIS_STRIKE ? 'S'
                                                : c;
    }
    assert_string_equal(styles, expected);
    free(shown);
    page_finish(&p);
}

static void spans_have_styles(void **state)
{
    (void)state;
    check_styles("a **b** *i* ~~s~~ `c`", "a b i s c", "ttBtItStc");
    check_styles("`c` x", "c x", "ctt");
    check_styles("[l](u) x", "l (u) x", "addddtt");
    check_styles("# h", "h", "B");
    check_styles("![i](u) x", "[image: i] x", "ddddddddddtt");
    check_styles("> q", "▎ q", "qqqqq");
    check_styles("a_b_c * d", "a_b_c * d", "ttttttttt");
}

// ---- streaming

static char *streamed(const char *text, size_t size, int width)
{
    struct page p = {0};
    struct markdown m = {0};
    assert_true(markdown_update(&m, text, size, width, false, &p));
    char *rows = rows_of(&p);
    page_finish(&p);
    return rows;
}

static void unfinished_syntax_is_taken_for_finished(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {"a **bo", "a bo"},
        {"a **", "a"},
        {"a *", "a"},
        {"a **bo*", "a bo"},
        {"a **bo**", "a bo"},
        {"a **bo *it", "a bo it"},
        {"a **bo *it*", "a bo it"},
        {"**bold** and `co", "bold and co"},
        {"a `", "a"},
        {"**a `b", "a b"},
        {"~~go", "go"},
        {"a_b", "a_b"},
        {"2 * 3", "2 * 3"},
        {"a \\*b", "a *b"},
        {"`a*b` c", "a*b c"},
        {"**bold\n", "bold"},
        {"- **a", "• a"},
        {"- **a\n- b", "• **a\n• b"},
        // It may become a list, and must not make a heading of the line before.
        {"text\n-", "text"},
        {"text\n\n*", "text"},
        {"text\n==", "text"},
        {"```", ""},
        {"```c", "  c"},
        {"```c\nint", "  c\n  int"},
        {"```c\nint\n``", "  c\n  int"},
        {"|a|b|\n|-", "|a|b|"},
        {"# ", ""},
        {"x\n\n```\n**a", "x\n\n  **a"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *rows = streamed(cases[i].text, strlen(cases[i].text), 40);
        if (strcmp(rows, cases[i].rows) != 0)
            print_message("text: %s\n", cases[i].text);
        assert_string_equal(rows, cases[i].rows);
        free(rows);
    }
}

static const char *const documents[] = {
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

static char *at_once(const char *text, size_t size, bool in_fence)
{
    struct buffer b = {0};
    struct page p = {0};
    assert_true(buffer_add(&b, text, size) && markdown_mend(&b, in_fence));
    assert_true(markdown_render(b.data, b.size, 17, &p));
    char *rows = rows_of(&p);
    page_finish(&p);
    buffer_free(&b);
    return rows;
}

// Whatever was kept from earlier calls, the rows are those of a document laid out at once.
static void growing_gives_the_rows_of_the_whole(void **state)
{
    (void)state;
    for (size_t d = 0; d < sizeof(documents) / sizeof(*documents); d++) {
        const char *text = documents[d];
        struct page p = {0}, whole = {0};
        struct markdown m = {0};
        for (size_t size = 0; size <= strlen(text); size++) {
            assert_true(markdown_update(&m, text, size, 17, false, &p));
            char *rows = rows_of(&p), *expected = at_once(text, size, m.fence_length > 0);
            assert_string_equal(rows, expected);
            free(rows);
            free(expected);
        }
        assert_true(markdown_update(&m, text, strlen(text), 17, true, &p));
        assert_true(markdown_render(text, strlen(text), 17, &whole));
        char *rows = rows_of(&p), *expected = rows_of(&whole);
        assert_string_equal(rows, expected);
        free(rows);
        free(expected);
        page_finish(&p);
        page_finish(&whole);
    }
}

static void finished_blocks_are_not_laid_out_again(void **state)
{
    (void)state;
    static const char text[] = "first\n\nsecond\n\nthird\n\nfou";
    struct page p = {0};
    struct markdown m = {0};
    assert_true(markdown_update(&m, text, strlen(text), 40, false, &p));
    assert_int_equal(m.done, strlen("first\n\nsecond\n\n"));
    assert_int_equal(m.rows, 3);
    page_finish(&p);
}

// ---- bad input and size

static void no_row_is_wider_than_the_width(void **state)
{
    (void)state;
    for (size_t d = 0; d < sizeof(documents) / sizeof(*documents); d++)
        for (int width = 2; width < 60; width++) {
            struct page p = {0};
            assert_true(markdown_render(documents[d], strlen(documents[d]), width, &p));
            for (size_t i = 0; i < p.rows.count; i++) {
                const struct text_row *r = &p.rows.list[i];
                assert_true(r->indent + text_width(p.text.text + r->begin, r->end - r->begin) <=
                            width);
            }
            page_finish(&p);
        }
}

static void controls_in_text_code_and_addresses_are_harmless(void **state)
{
    (void)state;
    check_rows("a\x1b[2J `b\x1b` [l](<\x1b]0;x>)", 60, "a\uFFFD[2J b\uFFFD l (\uFFFD]0;x)");
    check_rows("&#27;[2J &#x202e;x &#0;", 60, "\uFFFD[2J \uFFFDx \uFFFD");
    check_rows("```\x1bx\ny\x07\n```", 60, "  \uFFFDx\n  y\uFFFD");
}

static void a_table_that_would_fill_the_memory_is_text(void **state)
{
    (void)state;
    struct buffer b = {0};
    for (int i = 0; i < 3000; i++)
        buffer_add_text(&b, "|a");
    buffer_add_text(&b, "|\n");
    for (int i = 0; i < 3000; i++)
        buffer_add_text(&b, "|---");
    buffer_add_text(&b, "|\n");
    for (int i = 0; i < 3000; i++)
        buffer_add_text(&b, "|x|\n");
    struct page p = {0};
    assert_true(markdown_render(b.data, b.size, 80, &p));
    assert_memory_equal(p.text.text, "|a|a", 4);
    assert_true(p.text.size < 2 * b.size);
    page_finish(&p);
    buffer_free(&b);
}

static void deep_nesting_is_laid_out(void **state)
{
    (void)state;
    struct buffer b = {0};
    for (int i = 0; i < 500; i++)
        buffer_add_text(&b, i % 2 ? "> " : "- ");
    buffer_add_text(&b, "x");
    struct page p = {0};
    assert_true(markdown_render(b.data, b.size, 40, &p));
    assert_int_equal(p.rows.count, 1);
    page_finish(&p);
    buffer_free(&b);
}

static void code_blocks_are_found_by_number(void **state)
{
    (void)state;
    static const char text[] = "a\n```c\nint x;\n\n\ty\n```\n- b\n  ~~~\n  z & <\n  ~~~\n";
    struct buffer b = {0};
    assert_true(markdown_code(text, strlen(text), 0, &b));
    assert_string_equal(b.data, "int x;\n\n\ty\n");
    buffer_clear(&b);
    assert_true(markdown_code(text, strlen(text), 1, &b));
    assert_string_equal(b.data, "z & <\n");
    assert_false(markdown_code(text, strlen(text), 2, &b));
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paragraphs_are_wrapped_and_parted),
        cmocka_unit_test(headings_rules_and_html),
        cmocka_unit_test(lists_hang_and_nest),
        cmocka_unit_test(quotes_have_a_bar),
        cmocka_unit_test(code_is_indented_and_cut_hard),
        cmocka_unit_test(links_and_images_are_words),
        cmocka_unit_test(tables_are_aligned),
        cmocka_unit_test(wide_tables_give_way_where_they_are_widest),
        cmocka_unit_test(tables_without_room_become_lists),
        cmocka_unit_test(spans_have_styles),
        cmocka_unit_test(unfinished_syntax_is_taken_for_finished),
        cmocka_unit_test(growing_gives_the_rows_of_the_whole),
        cmocka_unit_test(finished_blocks_are_not_laid_out_again),
        cmocka_unit_test(no_row_is_wider_than_the_width),
        cmocka_unit_test(controls_in_text_code_and_addresses_are_harmless),
        cmocka_unit_test(a_table_that_would_fill_the_memory_is_text),
        cmocka_unit_test(deep_nesting_is_laid_out),
        cmocka_unit_test(code_blocks_are_found_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
