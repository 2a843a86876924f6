// Markdown -> rows. Rows are compared as text with their indent as spaces; styles as a letter for
// each byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/markdown_rows.h"

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

// ---- bad input and size

static void no_row_is_wider_than_the_width(void **state)
{
    (void)state;
    for (size_t d = 0; d < DOCUMENTS; d++)
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
    // What is nested deeper than half of the width stands at the same place.
    char *shown = rows_of(&p);
    assert_string_equal(shown, "• ▎ ◦ ▎ ▪ ▎ • ▎ ◦ ▎ x");
    free(shown);
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
        cmocka_unit_test(no_row_is_wider_than_the_width),
        cmocka_unit_test(controls_in_text_code_and_addresses_are_harmless),
        cmocka_unit_test(a_table_that_would_fill_the_memory_is_text),
        cmocka_unit_test(deep_nesting_is_laid_out),
        cmocka_unit_test(code_blocks_are_found_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
