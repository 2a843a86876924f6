// The transcript on a terminal that is a grid of characters: what stands where, and how much is
// done for it (calls are counted, not time).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "ui/text.h"
#include "ui/transcript.h"

// ---- the terminal and the pictures that it shows

enum { ROWS_MOST = 64, COLS_MOST = 256 };

struct term {
    struct term_caps caps;
    char cells[ROWS_MOST][COLS_MOST][32]; // a cluster; "" where nothing was put
    struct style styles[ROWS_MOST][COLS_MOST];
    size_t puts, bytes;
};

struct ui_picture {
    int references, cols, rows, forgotten;
    const char *caption;
};

const struct term_caps *term_get_caps(const struct term *t)
{
    return &t->caps;
}

int term_put(struct term *t, int row, int col, int cols, const char *text, size_t size,
             struct style s)
{
    int used = 0;
    t->puts++;
    t->bytes += size;
    assert_in_range(row, 0, ROWS_MOST - 1);
    for (size_t i = 0; i < size;) {
        int cells;
        size_t n = text_grapheme(text + i, size - i, &cells);
        if (used + cells > cols)
            break;
        assert_in_range(col + used, 0, COLS_MOST - 1);
        assert_in_range(n, 1, 31);
        memcpy(t->cells[row][col + used], text + i, n);
        t->cells[row][col + used][n] = '\0';
        t->styles[row][col + used] = s;
        used += cells;
        i += n;
    }
    return used;
}

struct ui_picture *ui_picture_ref(struct ui_picture *p)
{
    p->references++;
    return p;
}

void ui_picture_unref(struct ui_picture *p)
{
    p->references--;
}

const char *ui_picture_caption(const struct ui_picture *p)
{
    return p->caption;
}

void ui_picture_forget(struct ui_picture *p)
{
    p->forgotten++;
}

void ui_picture_fit(const struct ui_picture *p, const struct term_caps *caps, int max_cols,
                    int max_rows, int *cols, int *rows)
{
    bool shown = caps->pictures != PICTURES_NONE;
    *cols = !shown ? 0 : p->cols < max_cols ? p->cols : max_cols;
    *rows = !shown ? 0 : p->rows < max_rows ? p->rows : max_rows;
}

// Each cell says which row of the picture it is.
void ui_picture_draw(struct ui_picture *p, struct term *t, int row, int col, int cols, int rows,
                     int from, int n)
{
    (void)p;
    assert_true(from >= 0 && n > 0 && from + n <= rows);
    for (int r = 0; r < n; r++)
        for (int c = 0; c < cols; c++)
            snprintf(t->cells[row + r][col + c], sizeof(t->cells[0][0]), "%c", 'A' + from + r);
}

// ---- helpers

struct fixture {
    struct transcript *t;
    struct term term;
    int rows, cols;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    *f = (struct fixture){.t = transcript_create(), .rows = 6, .cols = 22};
    f->term.caps = (struct term_caps){.pictures = PICTURES_HALF, .colors = 256};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    transcript_destroy(f->t);
    free(f);
    return 0;
}

// The view, rows parted by newlines, blanks at their ends left out.
static const char *draw(struct fixture *f)
{
    static char out[ROWS_MOST * COLS_MOST];
    size_t n = 0;
    memset(f->term.cells, 0, sizeof(f->term.cells));
    f->term.puts = f->term.bytes = 0;
    transcript_draw(f->t, &f->term, 0, 0, f->rows, f->cols);
    for (int r = 0; r < f->rows; r++) {
        size_t end = n;
        for (int c = 0; c < f->cols;) {
            const char *cell = f->term.cells[r][c];
            int cells = 1;
            if (*cell)
                text_grapheme(cell, strlen(cell), &cells);
            n += (size_t)sprintf(out + n, "%s", *cell ? cell : " ");
            end = *cell && *cell != ' ' ? n : end;
            c += cells ? cells : 1;
        }
        n = end;
        out[n++] = '\n';
    }
    out[n - 1] = '\0';
    return out;
}

static void say(struct fixture *f, const char *question, const char *answer)
{
    transcript_add(f->t, ENTRY_USER, question);
    size_t e = transcript_add(f->t, ENTRY_ASSISTANT, answer);
    transcript_finish(f->t, e, "");
}

static void say_numbered(struct fixture *f, int turns)
{
    for (int i = 0; i < turns; i++) {
        char question[32], answer[64];
        snprintf(question, sizeof(question), "ask %d", i);
        snprintf(answer, sizeof(answer), "say %d\nmore", i);
        say(f, question, answer);
    }
}

// ---- looks

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

// ---- scrolling

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
    // Where there is not that much any more, the view ends with the last row.
    f->cols = 80;
    f->rows = 40;
    assert_string_equal(f->term.cells[0][0], "");
    draw(f);
    assert_string_equal(f->term.cells[0][2], "a");
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

// ---- searching

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(turns_notes_and_errors_look_different),
        TEST(long_lines_stay_readable_on_a_wide_terminal),
        TEST(text_is_cleaned_and_characters_may_come_in_parts),
        TEST(an_answer_that_is_awaited_shows_that),
        TEST(everything_fits_into_one_column),
        TEST(a_picture_is_above_its_text_with_a_caption),
        TEST(of_a_picture_that_is_partly_visible_those_rows_are_drawn),
        TEST(pictures_far_from_the_view_are_forgotten),
        TEST(the_view_follows_what_comes),
        TEST(who_reads_above_is_not_pulled_down),
        TEST(scrolling_to_the_end_follows_again),
        TEST(a_conversation_that_fits_always_follows),
        TEST(turns_are_jumped_between),
        TEST(an_empty_conversation_can_be_scrolled),
        TEST(the_place_is_kept_when_the_width_changes),
        TEST(all_of_an_answer_is_laid_out_anew_for_another_width),
        TEST(truncating_leaves_nothing_behind),
        TEST(drawing_costs_the_same_however_much_there_is),
        TEST(searching_goes_from_match_to_match_and_around),
        TEST(a_match_may_go_over_the_edge_and_past_markup),
        TEST(a_search_shows_the_row_of_the_match),
        TEST(code_blocks_can_be_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
