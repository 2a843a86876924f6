// The view of a conversation: it follows what comes, is scrolled, and costs the same anywhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/transcript_grid.h"

static void the_view_follows_what_comes(void **state)
{
    struct fixture *f = *state;
    f->rows = 3;
    say_numbered(f, 2);
    assert_string_equal(draw(f), "\n  say 1\n  more");
    size_t e = transcript_add(f->t, ENTRY_ASSISTANT, "x");
    assert_string_equal(draw(f), "  more\n\n  x");
    transcript_append(f->t, e, "\ny\nz", 4);
    assert_string_equal(draw(f), "  x\n  y\n  z");
    assert_true(transcript_following(f->t));
    assert_int_equal(transcript_unseen(f->t), 0);
}

static void who_reads_above_is_not_pulled_down(void **state)
{
    struct fixture *f = *state;
    f->rows = 3;
    say_numbered(f, 3);
    draw(f);
    transcript_scroll(f->t, -2);
    const char *before = strdup(draw(f));
    assert_string_equal(before, "\n▌ ask 2\n");
    assert_false(transcript_following(f->t));
    size_t e = transcript_add(f->t, ENTRY_ASSISTANT, "one\ntwo");
    assert_string_equal(draw(f), before);
    assert_int_equal(transcript_unseen(f->t), 3);
    transcript_append(f->t, e, "\nthree", 6);
    assert_string_equal(draw(f), before);
    assert_int_equal(transcript_unseen(f->t), 4);
    // What was scrolled to has been seen.
    transcript_scroll(f->t, 5);
    assert_string_equal(draw(f), "\n  one\n  two");
    assert_int_equal(transcript_unseen(f->t), 1);
    transcript_scroll(f->t, -4);
    assert_int_equal(transcript_unseen(f->t), 1);
    transcript_bottom(f->t);
    assert_string_equal(draw(f), "  one\n  two\n  three");
    assert_int_equal(transcript_unseen(f->t), 0);
    free((char *)before);
}

static void scrolling_to_the_end_follows_again(void **state)
{
    struct fixture *f = *state;
    f->rows = 4;
    say_numbered(f, 10);
    draw(f);
    transcript_scroll(f->t, -7);
    transcript_scroll(f->t, 6);
    assert_false(transcript_following(f->t));
    transcript_scroll(f->t, 5);
    assert_true(transcript_following(f->t));
    transcript_top(f->t);
    assert_string_equal(draw(f), "▌ ask 0\n\n  say 0\n  more");
    transcript_scroll(f->t, -5);
    assert_string_equal(draw(f), "▌ ask 0\n\n  say 0\n  more");
    transcript_page(f->t, 1);
    assert_string_equal(draw(f), "  say 0\n  more\n\n▌ ask 1");
    transcript_page(f->t, -1);
    assert_string_equal(draw(f), "▌ ask 0\n\n  say 0\n  more");
}

static void a_conversation_that_fits_always_follows(void **state)
{
    struct fixture *f = *state;
    say(f, "a", "b");
    draw(f);
    transcript_scroll(f->t, -3);
    assert_true(transcript_following(f->t));
    transcript_top(f->t);
    assert_true(transcript_following(f->t));
    assert_string_equal(draw(f), "▌ a\n\n  b\n\n\n");
}

static void turns_are_jumped_between(void **state)
{
    struct fixture *f = *state;
    f->rows = 3;
    say_numbered(f, 4);
    draw(f);
    transcript_turn(f->t, -1);
    assert_string_equal(draw(f), "▌ ask 3\n\n  say 3");
    transcript_turn(f->t, -1);
    assert_string_equal(draw(f), "▌ ask 2\n\n  say 2");
    transcript_turn(f->t, -1);
    transcript_turn(f->t, -1);
    assert_string_equal(draw(f), "▌ ask 0\n\n  say 0");
    transcript_turn(f->t, -1);
    assert_string_equal(draw(f), "▌ ask 0\n\n  say 0");
    transcript_turn(f->t, 1);
    assert_string_equal(draw(f), "▌ ask 1\n\n  say 1");
    transcript_turn(f->t, 1);
    transcript_turn(f->t, 1);
    transcript_turn(f->t, 1);
    assert_true(transcript_following(f->t));
}

static void an_empty_conversation_can_be_scrolled(void **state)
{
    struct fixture *f = *state;
    transcript_scroll(f->t, -3);
    transcript_page(f->t, 1);
    transcript_turn(f->t, -1);
    transcript_top(f->t);
    assert_false(transcript_search(f->t, "x", 1));
    assert_int_equal(transcript_unseen(f->t), 0);
    assert_string_equal(draw(f), "\n\n\n\n\n");
    transcript_scroll(f->t, -3);
    transcript_bottom(f->t);
    draw(f);
    assert_true(transcript_following(f->t));
}

static void the_place_is_kept_when_the_width_changes(void **state)
{
    struct fixture *f = *state;
    f->rows = 3;
    say(f, "a", "one two three four five six seven eight nine ten eleven twelve");
    say_numbered(f, 5);
    f->cols = 8; // a word a row
    draw(f);
    transcript_top(f->t);
    transcript_scroll(f->t, 7);
    assert_string_equal(draw(f), "  six\n  seven\n  eight");
    f->cols = 16;
    const char *wide = draw(f);
    assert_non_null(strstr(wide, "seven"));
    f->cols = 8;
    assert_non_null(strstr(draw(f), "seven"));
    assert_false(transcript_following(f->t));
    // Where there is not that much any more, the view ends with the last row: 28 rows in all, and
    // the place is the third.
    f->cols = 80;
    f->rows = 27;
    static const char whole[] = "▌ a\n\n"
                                "  one two three four five six seven eight nine ten eleven twelve\n"
                                "\n▌ ask 0\n\n  say 0\n  more\n\n▌ ask 1\n\n  say 1\n  more\n"
                                "\n▌ ask 2\n\n  say 2\n  more\n\n▌ ask 3\n\n  say 3\n  more\n"
                                "\n▌ ask 4\n\n  say 4\n  more";
    assert_string_equal(draw(f), strchr(whole, '\n') + 1);
    f->rows = 28;
    assert_string_equal(draw(f), whole);
}

static void drawing_costs_the_same_however_much_there_is(void **state)
{
    struct fixture *f = *state;
    f->rows = 24;
    f->cols = 80;
    say_numbered(f, 20);
    draw(f);
    transcript_scroll(f->t, -10);
    draw(f);
    size_t puts = f->term.puts, bytes = f->term.bytes;
    say_numbered(f, 5000 - 20);
    assert_int_equal(transcript_count(f->t), 10000);
    draw(f);
    assert_int_equal(f->term.puts, puts);
    assert_int_equal(f->term.bytes, bytes);
    transcript_bottom(f->t);
    for (int i = 0; i < 50; i++) {
        draw(f);
        // At most a mark and a text for each row.
        assert_in_range(f->term.puts, 1, 2 * 24);
        transcript_scroll(f->t, -100);
    }
    transcript_top(f->t);
    assert_int_equal(strncmp(draw(f), "▌ ask 0\n", 10), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_view_follows_what_comes),
        TEST(who_reads_above_is_not_pulled_down),
        TEST(scrolling_to_the_end_follows_again),
        TEST(a_conversation_that_fits_always_follows),
        TEST(turns_are_jumped_between),
        TEST(an_empty_conversation_can_be_scrolled),
        TEST(the_place_is_kept_when_the_width_changes),
        TEST(drawing_costs_the_same_however_much_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
