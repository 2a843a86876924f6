// Markdown that is still being written: what is not finished yet, and what is laid out only once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/markdown_rows.h"
#include "ui/markdown_mend.h"

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
    for (size_t d = 0; d < DOCUMENTS; d++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unfinished_syntax_is_taken_for_finished),
        cmocka_unit_test(growing_gives_the_rows_of_the_whole),
        cmocka_unit_test(finished_blocks_are_not_laid_out_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
