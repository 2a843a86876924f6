// app/chat: turns and pictures of a conversation, without an engine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/chat.h"
#include "base/buffer.h"

static struct chat *chat;

static int set_up(void **state)
{
    (void)state;
    chat = chat_create(NULL);
    return chat ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    chat_destroy(chat);
    return 0;
}

static void attach(const char *name)
{
    struct error e = {0};
    struct picture *p = picture_create("P6\n1 1\n255\nabc", 14, name, &e);
    if (!p)
        fail_msg("%s", e.text);
    assert_true(chat_attach(chat, p, name, NULL));
}

static void answer(const char *text, int32_t id)
{
    assert_true(chat_answer(chat, text, strlen(text), &id, NULL));
}

// The conversation in a line: "S:text U[a,b]:text A{1,2}:text".
static void assert_conversation(const char *want)
{
    size_t n;
    struct buffer b = {0};
    const struct message *m = chat_messages(chat, 0, &n, NULL);
    assert_non_null(m);
    for (size_t i = 0; i < n; i++) {
        buffer_printf(&b, "%s%c", i ? " " : "", "SUA"[m[i].role]);
        for (size_t k = 0; k < m[i].n_pictures; k++)
            buffer_printf(&b, "[%s]", picture_name(m[i].pictures[k]));
        for (size_t k = 0; k < m[i].n_ids; k++)
            buffer_printf(&b, "{%d}", m[i].ids[k]);
        buffer_printf(&b, ":%s", m[i].text);
    }
    assert_string_equal(b.data ? b.data : "", want);
    buffer_free(&b);
}

static void a_question_takes_the_waiting_pictures(void **state)
{
    (void)state;
    attach("a");
    attach("b");
    assert_true(chat_ask(chat, "what?", NULL));
    assert_conversation("U[a][b]:what?");
    answer("A ", 7);
    answer("cat", 9);
    assert_conversation("U[a][b]:what? A{7}{9}:A cat");
    attach("c");
    assert_true(chat_ask(chat, "and?", NULL));
    assert_conversation("U[a][b]:what? A{7}{9}:A cat U[c]:and?");
}

static void an_answer_can_be_its_text_alone(void **state)
{
    (void)state;
    chat_forget_ids(chat); // there is none
    assert_true(chat_ask(chat, "what?", NULL));
    answer("A ", 7);
    answer("cat", 9);
    chat_forget_ids(chat);
    assert_conversation("U:what? A:A cat");
}

static void the_system_text_comes_first_and_can_go(void **state)
{
    (void)state;
    assert_true(chat_set_system(chat, "be kind", NULL));
    assert_true(chat_ask(chat, "hi", NULL));
    assert_conversation("S:be kind U:hi");
    assert_true(chat_set_system(chat, NULL, NULL));
    assert_conversation("U:hi");
}

static void waiting_pictures_are_put_into_another_order(void **state)
{
    (void)state;
    for (const char *name = "abcd"; *name; name++)
        attach((char[]){*name, '\0'});
    assert_int_equal(chat_waiting_count(chat), 4);
    chat_move_waiting(chat, 0, 2); // bcad
    chat_move_waiting(chat, 3, 0); // dbca
    chat_move_waiting(chat, 1, 1);
    assert_true(chat_ask(chat, "what?", NULL));
    assert_conversation("U[d][b][c][a]:what?");
    assert_int_equal(chat_waiting_count(chat), 0);
}

static void a_question_taken_back_leaves_its_pictures_waiting(void **state)
{
    (void)state;
    attach("a");
    assert_true(chat_ask(chat, "what?", NULL));
    chat_take_back(chat);
    assert_conversation("");
    bool waiting = false;
    chat_picture(chat, 0, NULL, &waiting);
    assert_true(waiting);
    assert_true(chat_ask(chat, "again?", NULL));
    assert_conversation("U[a]:again?");
    answer("yes", 1);
    chat_take_back(chat); // answered: stays
    assert_conversation("U[a]:again? A{1}:yes");
}

static void regenerating_opens_the_question_again(void **state)
{
    (void)state;
    assert_false(chat_undo_answer(chat));
    assert_true(chat_ask(chat, "what?", NULL));
    assert_false(chat_undo_answer(chat));
    answer("A cat", 3);
    assert_true(chat_undo_answer(chat));
    assert_conversation("U:what?");
    answer("A dog", 4);
    assert_conversation("U:what? A{4}:A dog");
}

static void pictures_are_numbered_through_and_dropped_anywhere(void **state)
{
    (void)state;
    attach("a");
    attach("b");
    assert_true(chat_ask(chat, "1", NULL));
    answer("x", 1);
    attach("c");
    attach("d");
    assert_int_equal(chat_picture_count(chat), 4);
    const char *path;
    bool waiting;
    chat_picture(chat, 1, &path, &waiting);
    assert_string_equal(path, "b");
    assert_false(waiting);
    chat_picture(chat, 2, &path, &waiting);
    assert_string_equal(path, "c");
    assert_true(waiting);
    chat_drop_picture(chat, 2);
    chat_drop_picture(chat, 0);
    assert_true(chat_ask(chat, "2", NULL));
    assert_conversation("U[b]:1 A{1}:x U[d]:2");
}

static void old_turns_are_forgotten_with_their_pictures(void **state)
{
    (void)state;
    assert_true(chat_set_system(chat, "s", NULL));
    attach("a");
    assert_true(chat_ask(chat, "1", NULL));
    answer("x", 1);
    attach("b");
    assert_true(chat_ask(chat, "2", NULL));
    size_t n;
    const struct message *m = chat_messages(chat, 2, &n, NULL);
    assert_int_equal(n, 2); // a look ahead: nothing is gone yet
    assert_string_equal(m[1].text, "2");
    assert_int_equal(chat_turn_count(chat), 3);
    chat_forget(chat, 2);
    assert_conversation("S:s U[b]:2");
    assert_int_equal(chat_picture_count(chat), 1);
}

static void clearing_keeps_the_system_text_only(void **state)
{
    (void)state;
    assert_true(chat_set_system(chat, "s", NULL));
    attach("a");
    assert_true(chat_ask(chat, "1", NULL));
    answer("x", 1);
    attach("b");
    chat_clear(chat);
    assert_int_equal(chat_picture_count(chat), 0);
    assert_conversation("S:s");
    assert_string_equal(chat_system(chat), "s");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_question_takes_the_waiting_pictures),
        TEST(an_answer_can_be_its_text_alone),
        TEST(the_system_text_comes_first_and_can_go),
        TEST(waiting_pictures_are_put_into_another_order),
        TEST(a_question_taken_back_leaves_its_pictures_waiting),
        TEST(regenerating_opens_the_question_again),
        TEST(pictures_are_numbered_through_and_dropped_anywhere),
        TEST(old_turns_are_forgotten_with_their_pictures),
        TEST(clearing_keeps_the_system_text_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
