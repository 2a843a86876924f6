// app/plain with a scripted backend: what a person types, what the model is asked, what is shown.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/plain_talk.h"

static const struct scripted_answer two[] = {{{" A ", "cat", ".\n"}, STEP_END, NULL},
                                             {{"A dog."}, STEP_END, NULL}};

static void answers_go_to_out_and_the_conversation_grows(void **state)
{
    (void)state;
    struct talk t = {.input = "what?\n\n   \nand now?\n", .answers = two, .n_answers = 2};
    run_talk(&t);
    assert_true(t.ok);
    assert_string_equal(t.out, "A cat.\nA dog.\n");
    assert_string_equal(t.err, "");
    assert_string_equal(t.seen, "user: what?|\nuser: what?|assistant:  A cat.\n|user: and now?|\n");
    end_talk(&t);
}

static void pictures_are_attached_by_command_and_by_path(void **state)
{
    (void)state;
    struct talk t = {.input = "/image cat.ppm\n./my\\ dog.ppm\n/images\n/drop 3\n/drop 1\nwhat?\n",
                     .answers = two,
                     .n_answers = 2};
    run_talk(&t);
    assert_true(t.ok);
    assert_string_equal(t.seen, "user[1]: what?|\n");
    assert_holds(t.err, "[picture 1: cat.ppm, 3x2, 10 tokens]");
    assert_holds(t.err, "1 to 2 ");
    assert_holds(t.err, "2  ./my dog.ppm  3x2  10 tokens");
    assert_string_equal(t.out, "A cat.\n");
    end_talk(&t);
}

static void commands_are_never_sent_to_the_model(void **state)
{
    (void)state;
    struct talk t = {.input = "/nope\n/imagex cat.ppm\n/help\n//quit is a word\n/quit\nnever\n",
                     .answers = two,
                     .n_answers = 2};
    run_talk(&t);
    assert_true(t.ok);
    assert_string_equal(t.seen, "user: /quit is a word|\n");
    assert_holds(t.err, "/nope");
    for (size_t i = 0; i < SLASH_COUNT; i++)
        assert_holds(t.err, slash_table[i].name);
    end_talk(&t);
}

static void a_backslash_goes_on_in_the_next_line(void **state)
{
    (void)state;
    struct talk t = {.input = "one\\\ntwo\\\n", .answers = two, .n_answers = 2};
    run_talk(&t);
    assert_string_equal(t.seen, "user: one\ntwo\n|\n");
    end_talk(&t);
}

static void an_error_in_one_turn_leaves_the_chat_going(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {{{NULL}, STEP_FAILED, "no luck"},
                                                     {{"half"}, STEP_FAILED, "device lost"},
                                                     {{"fine"}, STEP_END, NULL}};
    struct talk t = {.input =
                         "/image missing.ppm\n/image cat.ppm\none\ntwo\nthree\n\xff\n/drop x\n",
                     .answers = answers,
                     .n_answers = 3};
    run_talk(&t);
    assert_true(t.ok);
    assert_string_equal(t.out, "half\nfine\n");
    // A question that failed is not part of the conversation, and its picture waits for the next.
    assert_string_equal(t.seen, "user[1]: one|\nuser[1]: two|\nuser[1]: three|\n");
    assert_holds(t.err, "missing.ppm");
    assert_holds(t.err, "no luck");
    assert_holds(t.err, "device lost");
    assert_holds(t.err, "UTF-8");
    assert_holds(t.err, "/drop");
    end_talk(&t);
}

static void regenerating_asks_the_same_again(void **state)
{
    (void)state;
    struct talk t = {.input = "/regen\nwhat?\n/regen\n", .answers = two, .n_answers = 2};
    run_talk(&t);
    assert_string_equal(t.seen, "user: what?|\nuser: what?|\n");
    assert_holds(t.err, "no answer yet");
    end_talk(&t);
}

static void system_text_and_clear_change_what_is_asked(void **state)
{
    (void)state;
    struct talk t = {
        .input = "/system be kind\none\n/clear\ntwo\n", .answers = two, .n_answers = 2};
    run_talk(&t);
    assert_string_equal(t.seen, "system: be kind|user: one|\nsystem: be kind|user: two|\n");
    end_talk(&t);
}

static void interrupting_keeps_what_was_said(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {{"A long", " story", "\x03", "never"}, STEP_END, NULL},
        {{"\x03"}, STEP_END, NULL},
        {{"ok"}, STEP_END, NULL}};
    struct talk t = {.input = "one\ntwo\nthree\n", .answers = answers, .n_answers = 3};
    run_talk(&t);
    assert_true(t.ok);
    assert_string_equal(t.out, "A long story\nok\n");
    assert_string_equal(t.seen, "user: one|\nuser: one|assistant: A long story|user: two|\n"
                                "user: one|assistant: A long story|user: three|\n");
    end_talk(&t);
}

static void answers_are_cleaned_for_the_terminal(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {
        {{"\x1b[31mred", "\xe2\x80\xae", "\n"}, STEP_END, NULL}};
    struct talk t = {.input = "one\n", .answers = answers, .n_answers = 1};
    run_talk(&t);
    assert_string_equal(t.out, "\xef\xbf\xbd[31mred\xef\xbf\xbd\n");
    end_talk(&t);
}

static void json_gives_one_line_for_each_answer(void **state)
{
    (void)state;
    struct talk t = {
        .input = "/image cat.ppm\none\ntwo\n", .answers = two, .n_answers = 2, .json = true};
    run_talk(&t);
    const char *second = strchr(t.out, '\n');
    assert_non_null(second);
    assert_holds(t.out, "{\"text\": \"A cat.\", \"model\": \"script\", \"device\": \"none\"");
    assert_holds(t.out, "\"prompt_tokens\": 13, \"cached_tokens\": 0, ");
    assert_holds(t.out, "\"generated_tokens\": 3, ");
    assert_holds(second, "\"text\": \"A dog.\"");
    assert_holds(second, "\"stop\": \"end\"}\n");
    end_talk(&t);
}

// The context of 30 holds "question one" (12), its answer (10) and no second question (12) with an
// answer.
static const struct scripted_answer full[] = {{{"0123456789"}, STEP_END, NULL},
                                              {{"abcdefghij"}, STEP_END, NULL}};

static void a_full_conversation_offers_to_drop_the_oldest_turns(void **state)
{
    (void)state;
    struct talk t = {.input = "question one\nquestion two\ny\n",
                     .answers = full,
                     .n_answers = 2,
                     .context = 30,
                     .terminal = true};
    run_talk(&t);
    assert_holds(t.err, "Drop the oldest 2 turns and go on? [Y/n]");
    assert_string_equal(t.seen, "user: question one|\nuser: question two|\n");
    assert_string_equal(t.out, "0123456789\nabcdefghij\n");
    end_talk(&t);
}

static void without_a_terminal_a_full_conversation_says_how_to_go_on(void **state)
{
    (void)state;
    struct talk t = {.input = "question one\nquestion two\n/clear\nquestion 3\n",
                     .answers = full,
                     .n_answers = 2,
                     .context = 30};
    run_talk(&t);
    assert_true(t.ok);
    assert_holds(t.err, "/clear");
    assert_string_equal(t.seen, "user: question one|\nuser: question 3|\n");
    end_talk(&t);
}

static void an_answer_that_fills_the_context_can_be_given_again(void **state)
{
    (void)state;
    static const struct scripted_answer answers[] = {{{"0123456789"}, STEP_END, NULL},
                                                     {{"abc", "defghij"}, STEP_END, NULL},
                                                     {{"abc", "defghij"}, STEP_END, NULL}};
    struct talk t = {.input = "question one\ntwo\n\n",
                     .answers = answers,
                     .n_answers = 3,
                     .context = 30,
                     .terminal = true};
    run_talk(&t);
    assert_holds(t.err, "Drop the oldest 2 turns");
    assert_string_equal(t.out, "0123456789\nabc\nabcdefghij\n");
    assert_string_equal(
        t.seen,
        "user: question one|\nuser: question one|assistant: 0123456789|user: two|\nuser: two|\n");
    end_talk(&t);
}

static void a_model_that_cannot_see_says_so_when_attaching(void **state)
{
    (void)state;
    struct talk t = {
        .input = "/image cat.ppm\nhi\n", .answers = two, .n_answers = 2, .blind = "no eyes here"};
    run_talk(&t);
    assert_holds(t.err, "no eyes here");
    assert_string_equal(t.seen, "user: hi|\n");
    end_talk(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_go_to_out_and_the_conversation_grows),
        cmocka_unit_test(pictures_are_attached_by_command_and_by_path),
        cmocka_unit_test(commands_are_never_sent_to_the_model),
        cmocka_unit_test(a_backslash_goes_on_in_the_next_line),
        cmocka_unit_test(an_error_in_one_turn_leaves_the_chat_going),
        cmocka_unit_test(regenerating_asks_the_same_again),
        cmocka_unit_test(system_text_and_clear_change_what_is_asked),
        cmocka_unit_test(interrupting_keeps_what_was_said),
        cmocka_unit_test(answers_are_cleaned_for_the_terminal),
        cmocka_unit_test(json_gives_one_line_for_each_answer),
        cmocka_unit_test(a_full_conversation_offers_to_drop_the_oldest_turns),
        cmocka_unit_test(without_a_terminal_a_full_conversation_says_how_to_go_on),
        cmocka_unit_test(an_answer_that_fills_the_context_can_be_given_again),
        cmocka_unit_test(a_model_that_cannot_see_says_so_when_attaching),
    };
    return cmocka_run_group_tests(tests, enter_picture_folder, leave_picture_folder);
}
