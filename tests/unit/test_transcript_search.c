// Searching in a conversation: from match to match, which are marked, and into view.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "tests/unit/transcript_grid.h"

// Rows with something found, as numbers; the one that is gone to in brackets.
static const char *found(struct fixture *f)
{
    static char out[256];
    size_t n = 0;
    draw(f);
    out[0] = '\0';
    for (int r = 0; r < f->rows; r++)
        for (int c = 0; c < f->cols; c++) {
            struct style s = f->term.styles[r][c];
            if (f->term.cells[r][c][0] && s.role == STYLE_MATCH)
                n += (size_t)snprintf(out + n, sizeof(out) - n, s.flags ? "[%s]" : "%s",
                                      f->term.cells[r][c]);
        }
    return out;
}

static void searching_goes_from_match_to_match_and_around(void **state)
{
    struct fixture *f = *state;
    say(f, "one", "a cat and a Cat");
    say_numbered(f, 10);
    say(f, "two", "the **cat**s");
    draw(f);
    assert_true(transcript_search(f->t, "cat", -1));
    assert_string_equal(found(f), "[c][a][t]");
    assert_string_equal(f->term.cells[5][6], "c");
    assert_false(transcript_following(f->t));
    assert_true(transcript_search(f->t, "cat", -1));
    assert_string_equal(found(f), "cat[C][a][t]");
    assert_true(transcript_search(f->t, "cat", -1));
    assert_string_equal(found(f), "[c][a][t]Cat");
    assert_true(transcript_search(f->t, "cat", -1)); // around
    assert_string_equal(found(f), "[c][a][t]");
    assert_true(transcript_search(f->t, "cat", 1));
    assert_string_equal(found(f), "[c][a][t]Cat");
    // Capitals are meant.
    assert_true(transcript_search(f->t, "Cat", 1));
    assert_string_equal(found(f), "[C][a][t]");
    assert_true(transcript_search(f->t, "Cat", 1));
    assert_false(transcript_search(f->t, "dog", 1));
    assert_string_equal(found(f), "");
    transcript_search(f->t, "cat", -1);
    assert_false(transcript_search(f->t, "", 1));
    assert_string_equal(found(f), "");
}

static void a_match_may_go_over_the_edge_and_past_markup(void **state)
{
    struct fixture *f = *state;
    f->cols = 12;
    say(f, "q", "aa bb **cc** dd\nÄrger e\u0301");
    draw(f);
    assert_true(transcript_search(f->t, "bb cc dd ä", -1));
    assert_string_equal(found(f), "[b][b][ ][c][c][d][d][Ä]");
    // A cluster is found whole.
    assert_true(transcript_search(f->t, "e", -1));
    assert_string_equal(found(f), "e[e\u0301]");
}

static void a_search_shows_the_row_of_the_match(void **state)
{
    struct fixture *f = *state;
    struct buffer b = {0};
    for (int i = 0; i < 100; i++)
        buffer_printf(&b, "line %d\n", i);
    say(f, "q", b.data);
    say_numbered(f, 30);
    draw(f);
    assert_true(transcript_search(f->t, "line 57", -1));
    assert_string_equal(found(f), "[l][i][n][e][ ][5][7]");
    assert_string_equal(f->term.cells[2][7], "5");
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(searching_goes_from_match_to_match_and_around),
        TEST(a_match_may_go_over_the_edge_and_past_markup),
        TEST(a_search_shows_the_row_of_the_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
