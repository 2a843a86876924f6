// What a conversation costs and that it changes no numbers: the default model's sessions against
// fresh ones over the same ids, and the columns and pictures that were really computed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

// The template's part before a user's first picture, and the rows of one.
enum { BEFORE = 24, ROWS = 49 };

static struct engine *engine;

static uint64_t columns(void)
{
    struct engine_counters c;
    engine_get_counters(engine, &c);
    return c.columns;
}

static uint64_t encoded(void)
{
    struct engine_counters c;
    engine_get_counters(engine, &c);
    return c.pictures;
}

static struct message reply(const struct answer *a)
{
    return (struct message){
        .role = ROLE_ASSISTANT, .text = a->text, .ids = a->ids, .n_ids = a->count};
}

static void equals_a_fresh_one(struct session *s, const struct message *messages, size_t n,
                               double most, const char *what)
{
    struct session *fresh = open_session(engine);
    struct sync_report r = sync_to(fresh, messages, n);
    assert_int_equal(r.cached_tokens, 0);
    check_same_logits(engine, s, fresh, most, what);
    session_destroy(fresh);
}

// Syncs, and what the report says was computed is what was.
static struct sync_report sync_and_count(struct session *s, const struct message *messages,
                                         size_t n, uint64_t pictures)
{
    uint64_t columns_before = columns(), encoded_before = encoded();
    struct sync_report r = sync_to(s, messages, n);
    assert_int_equal(columns() - columns_before, r.prompt_tokens - r.cached_tokens);
    assert_int_equal(encoded() - encoded_before, pictures);
    assert_int_equal(session_positions(s), r.prompt_tokens);
    return r;
}

static void a_second_turn_reuses_everything(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    struct message messages[3] = {ask("What is in this picture?", &rings, 1)};
    struct sync_report r = sync_and_count(s, messages, 1, 1);
    assert_int_equal(r.cached_tokens, 0);
    assert_int_equal(r.n_pictures, 1);
    assert_int_equal(r.picture_tokens[0], ROWS);
    assert_true(r.picture_ms[0] > 0 && r.encode_ms > 0);
    uint32_t first = r.prompt_tokens;
    struct answer a = hear_answer(s, NULL);
    assert_int_equal(a.step, STEP_END);
    messages[1] = reply(&a);
    messages[2] = ask("How many objects are there?", NULL, 0);
    r = sync_and_count(s, messages, 3, 0);
    assert_int_equal(r.cached_tokens, first + a.count);
    assert_true(r.picture_ms[0] == 0 && r.encode_ms == 0);
    uint32_t tokens;
    assert_true(session_count(s, messages, 3, &tokens, NULL));
    assert_int_equal(tokens, r.prompt_tokens);
    equals_a_fresh_one(s, messages, 3, ROUNDED_MOST, "turn 2");
    // Once more: nothing is left to do.
    r = sync_and_count(s, messages, 3, 0);
    assert_int_equal(r.cached_tokens, r.prompt_tokens);
    session_destroy(s);
}

// The second session's memory is not the one that was made while loading.
static void the_same_calls_give_the_same_bits(void **state)
{
    (void)state;
    size_t n = engine_get_info(engine)->vocabulary;
    float *first = malloc(n * sizeof(float));
    struct message question = ask("Describe this picture.", &word, 1);
    assert_non_null(first);
    for (int run = 0; run < 3; run++) {
        struct session *s = open_session(engine);
        sync_to(s, &question, 1);
        for (int32_t id = 400; id < 406; id++)
            assert_true(session_force(s, id, NULL));
        if (run == 0)
            memcpy(first, session_logits(s), n * sizeof(float));
        assert_memory_equal(first, session_logits(s), n * sizeof(float));
        session_destroy(s);
    }
    free(first);
}

static void what_is_prefilled_while_writing_is_not_computed_twice(void **state)
{
    (void)state;
    static const char *const written[] = {"", "What", "What is wri", "What is written in this pic"};
    struct session *s = open_session(engine);
    struct error e = {0};
    uint64_t before = columns();
    for (size_t i = 0; i < COUNT(written); i++) {
        struct message m = ask(written[i], &word, 1);
        if (!session_sync(s, &m, 1, true, NULL, &e))
            fail_msg("%s", e.text);
    }
    uint64_t early = columns() - before;
    assert_true(early >= BEFORE + ROWS); // the picture is there before the question is
    struct message whole = ask("What is written in this picture?", &word, 1);
    struct sync_report r = sync_and_count(s, &whole, 1, 0);
    assert_int_equal(r.cached_tokens, early);
    assert_int_equal(columns() - before, r.prompt_tokens);
    equals_a_fresh_one(s, &whole, 1, SAME_MOST, "prefilled while writing");
    session_destroy(s);
}

static void an_edit_of_an_earlier_turn_keeps_what_is_before_it(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    struct message messages[3] = {ask("What is in this picture?", &rings, 1),
                                  {.role = ROLE_ASSISTANT, .text = "Rings."},
                                  ask("How many are there?", NULL, 0)};
    sync_and_count(s, messages, 3, 0);
    messages[0].text = "What is in the corner?";
    struct sync_report r = sync_and_count(s, messages, 3, 0);
    assert_int_equal(r.cached_tokens, BEFORE + ROWS + 4); // newline, What, is, in
    equals_a_fresh_one(s, messages, 3, SAME_MOST, "edited");
    session_destroy(s);
}

static void a_dropped_picture_is_gone_and_the_other_not_encoded_again(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    struct picture *both[] = {rings, word};
    struct message with = ask("What is in these pictures?", both, 2);
    struct sync_report r = sync_and_count(s, &with, 1, 0);
    assert_int_equal(r.n_pictures, 2);
    uint32_t before = r.prompt_tokens;
    struct message without = ask("What is in these pictures?", &word, 1);
    r = sync_and_count(s, &without, 1, 0);
    assert_int_equal(r.cached_tokens, BEFORE);
    assert_int_equal(r.prompt_tokens, before - ROWS - 1);
    equals_a_fresh_one(s, &without, 1, SAME_MOST, "dropped");
    r = sync_and_count(s, &with, 1, 0);
    assert_int_equal(r.cached_tokens, BEFORE);
    equals_a_fresh_one(s, &with, 1, SAME_MOST, "and back");
    session_destroy(s);
}

static void the_same_picture_twice_is_encoded_once(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    struct picture *twice[] = {read_picture(data_path("answers/pictures/clip-1.png")),
                               read_picture(data_path("answers/pictures/clip-1.png"))};
    struct message m = ask("What is in these pictures?", twice, 2);
    struct sync_report r = sync_and_count(s, &m, 1, 1);
    assert_int_equal(r.n_pictures, 2);
    assert_int_equal(r.picture_tokens[0], ROWS);
    assert_int_equal(r.picture_tokens[1], ROWS);
    assert_true(r.picture_ms[0] > 0 && r.picture_ms[1] == 0);
    session_destroy(s);
    picture_unref(twice[0]);
    picture_unref(twice[1]);
}

// The pictures' handles may go once the session has them.
static void a_session_needs_the_pictures_only_while_it_is_called(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    struct picture *p = read_picture(data_path("answers/pictures/clip-2.png"));
    struct message m = ask("What is this?", &p, 1);
    sync_and_count(s, &m, 1, 1);
    picture_unref(p);
    assert_true(session_force(s, 504, NULL));
    p = read_picture(data_path("answers/pictures/clip-2.png"));
    m = ask("What is that?", &p, 1);
    struct sync_report r = sync_and_count(s, &m, 1, 0);
    assert_true(r.cached_tokens > BEFORE + ROWS);
    picture_unref(p);
    session_destroy(s);
}

static int load(void **state)
{
    *state = engine = open_engine(default_model(), default_eyes(), 0);
    read_pictures();
    return 0;
}

static uint64_t prepared(const struct engine *e)
{
    struct engine_counters c;
    engine_get_counters(e, &c);
    return c.pictures_ahead;
}

static void pictures_prepared_while_loading_are_the_same(void **state)
{
    (void)state;
    struct picture *const pictures[] = {rings, word, rings};
    const struct engine_params params = {
        .model = default_model(), .mmproj = default_eyes(), .pictures = pictures, .n_pictures = 3};
    struct engine *ahead = open_engine_with(&params);
    assert_int_equal(prepared(engine), 0);
    assert_int_equal(prepared(ahead), 2);
    struct message question = ask("What is in these pictures?", pictures, 3);
    struct session *then = open_session(ahead), *now = open_session(engine);
    sync_to(then, &question, 1);
    sync_to(now, &question, 1);
    assert_memory_equal(session_logits(then), session_logits(now),
                        engine_get_info(engine)->vocabulary * sizeof(float));
    session_destroy(now);
    session_destroy(then);
    engine_destroy(ahead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_turn_reuses_everything),
        cmocka_unit_test(the_same_calls_give_the_same_bits),
        cmocka_unit_test(what_is_prefilled_while_writing_is_not_computed_twice),
        cmocka_unit_test(an_edit_of_an_earlier_turn_keeps_what_is_before_it),
        cmocka_unit_test(a_dropped_picture_is_gone_and_the_other_not_encoded_again),
        cmocka_unit_test(the_same_picture_twice_is_encoded_once),
        cmocka_unit_test(a_session_needs_the_pictures_only_while_it_is_called),
        cmocka_unit_test(pictures_prepared_while_loading_are_the_same),
    };
    need_default_model();
    return cmocka_run_group_tests(tests, load, close_engine);
}
