// What a conversation looks like, its turns, notes and pictures, and what of it can be taken.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/transcript_grid.h"

static void turns_notes_and_errors_look_different(void **state)
{
    struct fixture *f = *state;
    f->rows = 10;
    transcript_add(f->t, ENTRY_USER, "what is in this picture?\n");
    size_t e = transcript_add(f->t, ENTRY_ASSISTANT, "A **cat**.");
    transcript_finish(f->t, e, "9 tokens");
    transcript_add(f->t, ENTRY_NOTE, "a note");
    transcript_add(f->t, ENTRY_ERROR, "no memory");
    assert_string_equal(draw(f), "▌ what is in this\n"
                                 "▌ picture?\n"
                                 "\n"
                                 "  A cat.\n"
                                 "  9 tokens\n"
                                 "\n"
                                 "  a note\n"
                                 "\n"
                                 "  error: no memory\n");
    assert_int_equal(f->term.styles[0][0].role, STYLE_ACCENT);
    assert_int_equal(f->term.styles[0][2].role, STYLE_TEXT);
    assert_int_equal(f->term.styles[3][4].flags, EMPHASIS_BOLD);
    assert_int_equal(f->term.styles[4][2].role, STYLE_DIM);
    assert_int_equal(f->term.styles[6][2].role, STYLE_DIM);
    assert_int_equal(f->term.styles[8][2].role, STYLE_ERROR);
    assert_int_equal(f->term.styles[8][9].role, STYLE_ERROR);
}

static void long_lines_stay_readable_on_a_wide_terminal(void **state)
{
    struct fixture *f = *state;
    char text[300];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    f->cols = 200;
    say(f, "q", text);
    draw(f);
    assert_string_equal(f->term.cells[2][101], "x");
    assert_string_equal(f->term.cells[2][102], "");
    assert_string_equal(f->term.cells[4][2], "x");
}

static void text_is_cleaned_and_characters_may_come_in_parts(void **state)
{
    struct fixture *f = *state;
    size_t e = transcript_add(f->t, ENTRY_ASSISTANT, "a\x1b[2J");
    transcript_append(f->t, e, "\xe6\x97", 2);
    assert_string_equal(transcript_text(f->t, e), "a\uFFFD[2J");
    transcript_append(f->t, e, "\xa5!", 2);
    assert_string_equal(transcript_text(f->t, e), "a\uFFFD[2J日!");
    f->rows = 1;
    assert_string_equal(draw(f), "  a\uFFFD[2J日!");
}

static void an_answer_that_is_awaited_shows_that(void **state)
{
    struct fixture *f = *state;
    f->rows = 1;
    size_t e = transcript_add(f->t, ENTRY_ASSISTANT, "");
    assert_string_equal(draw(f), "  …");
    transcript_append(f->t, e, "Hi **th", 7);
    assert_string_equal(draw(f), "  Hi th");
    transcript_finish(f->t, e, "");
    assert_string_equal(draw(f), "  Hi **th");
}

static void all_of_an_answer_is_laid_out_anew_for_another_width(void **state)
{
    struct fixture *f = *state;
    f->rows = 5;
    size_t e = transcript_add(f->t, ENTRY_ASSISTANT, "one two three\n\nfour five\n\nsi");
    assert_string_equal(draw(f), "  one two three\n\n  four five\n\n  si");
    f->cols = 11;
    f->rows = 7;
    transcript_append(f->t, e, "x seven", 7);
    assert_string_equal(draw(f), "  one two\n  three\n\n  four five\n\n  six seven\n");
}

static void everything_fits_into_one_column(void **state)
{
    struct fixture *f = *state;
    struct ui_picture p = {.cols = 4, .rows = 2, .caption = "cat.png"};
    f->cols = 3;
    f->rows = 12;
    size_t e = transcript_add(f->t, ENTRY_USER, "日a");
    transcript_add_picture(f->t, e, &p);
    say(f, "b", "# x\n\n- yz");
    for (f->cols = 1; f->cols < 8; f->cols++)
        draw(f);
    transcript_truncate(f->t, 0);
    assert_int_equal(p.references, 0);
}

static void truncating_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    say_numbered(f, 5);
    draw(f);
    transcript_scroll(f->t, -2);
    transcript_truncate(f->t, 2);
    assert_string_equal(draw(f), "▌ ask 0\n\n  say 0\n  more\n\n");
    transcript_truncate(f->t, 0);
    assert_string_equal(draw(f), "\n\n\n\n\n");
    say(f, "new", "text");
    assert_string_equal(draw(f), "▌ new\n\n  text\n\n\n");
}

static void code_blocks_can_be_taken(void **state)
{
    struct fixture *f = *state;
    const char *code;
    size_t size;
    say(f, "```\nno\n```", "x\n```c\nint a;\n```");
    assert_true(transcript_code(f->t, 1, 0, &code, &size));
    assert_int_equal(size, 7);
    assert_string_equal(code, "int a;\n");
    assert_false(transcript_code(f->t, 1, 1, &code, &size));
    assert_false(transcript_code(f->t, 0, 0, &code, &size));
    assert_false(transcript_code(f->t, 7, 0, &code, &size));
}

// ---- pictures

static void a_picture_is_above_its_text_with_a_caption(void **state)
{
    struct fixture *f = *state;
    struct ui_picture p = {.cols = 5, .rows = 3, .caption = "cat.png  640x480, 49 tokens"};
    f->rows = 7;
    size_t e = transcript_add(f->t, ENTRY_USER, "what?");
    transcript_add_picture(f->t, e, &p);
    assert_string_equal(draw(f), "▌ AAAAA\n▌ BBBBB\n▌ CCCCC\n▌ cat.png  640x480, 4…\n▌\n"
                                 "▌ what?\n");
    f->term.caps.pictures = PICTURES_NONE;
    transcript_changed(f->t);
    assert_string_equal(draw(f), "▌ cat.png  640x480, 4…\n▌\n▌ what?\n\n\n\n");
    transcript_truncate(f->t, 0);
}

static void of_a_picture_that_is_partly_visible_those_rows_are_drawn(void **state)
{
    struct fixture *f = *state;
    struct ui_picture p = {.cols = 2, .rows = 5, .caption = "c"};
    f->rows = 4;
    size_t e = transcript_add(f->t, ENTRY_USER, "");
    transcript_add_picture(f->t, e, &p);
    e = transcript_add(f->t, ENTRY_USER, "");
    transcript_add_picture(f->t, e, &p);
    assert_string_equal(draw(f), "▌ CC\n▌ DD\n▌ EE\n▌ c");
    transcript_scroll(f->t, -3);
    assert_string_equal(draw(f), "\n▌ AA\n▌ BB\n▌ CC");
    transcript_scroll(f->t, -3);
    assert_string_equal(draw(f), "▌ DD\n▌ EE\n▌ c\n");
    transcript_scroll(f->t, -100);
    assert_string_equal(draw(f), "▌ AA\n▌ BB\n▌ CC\n▌ DD");
    transcript_truncate(f->t, 0);
}

static void pictures_far_from_the_view_are_forgotten(void **state)
{
    struct fixture *f = *state;
    struct ui_picture p = {.cols = 2, .rows = 2, .caption = "c"};
    size_t e = transcript_add(f->t, ENTRY_USER, "");
    transcript_add_picture(f->t, e, &p);
    draw(f);
    say_numbered(f, 20);
    draw(f);
    assert_int_equal(p.forgotten, 0);
    say_numbered(f, 200);
    draw(f);
    assert_int_equal(p.forgotten, 1);
    transcript_truncate(f->t, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(turns_notes_and_errors_look_different),
        TEST(long_lines_stay_readable_on_a_wide_terminal),
        TEST(text_is_cleaned_and_characters_may_come_in_parts),
        TEST(an_answer_that_is_awaited_shows_that),
        TEST(all_of_an_answer_is_laid_out_anew_for_another_width),
        TEST(everything_fits_into_one_column),
        TEST(truncating_leaves_nothing_behind),
        TEST(code_blocks_can_be_taken),
        TEST(a_picture_is_above_its_text_with_a_caption),
        TEST(of_a_picture_that_is_partly_visible_those_rows_are_drawn),
        TEST(pictures_far_from_the_view_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
