// Answers token by token: stopped at any moment, from any thread, in turns with another session,
// and sampled. What comes after a stop is what a fresh session says.
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fixture.h"

static struct engine *engine;
static struct message questions[2];
static struct answer alone[2]; // what fresh sessions say to them

// The session answers the first question as if nothing had been.
static void still_answers(struct session *s)
{
    session_resume(s);
    sync_to(s, &questions[0], 1);
    struct answer a = hear_answer(s, NULL);
    assert_true(same_answers(&a, &alone[0]));
}

static enum step next(struct session *s, struct token *t)
{
    struct error e = {0};
    enum step step = session_next(s, &(struct sampling){0}, t, &e);
    if (step == STEP_FAILED)
        fail_msg("%s", e.text);
    return step;
}

// ---- stops

static void stopped_sync(struct session *s, const struct message *m)
{
    struct error e = {0};
    session_stop(s);
    assert_false(session_sync(s, m, 1, false, NULL, &e));
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    session_resume(s);
}

static void a_stop_before_a_sync_ends_it(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    stopped_sync(s, &questions[0]);
    still_answers(s);
    stopped_sync(s, &questions[0]); // all of it is in the cache
    sync_to(s, &questions[0], 1);
    stopped_sync(s, &questions[0]); // and the logits are there
    still_answers(s);
    session_destroy(s);
}

static void a_stop_before_a_step_ends_it(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    struct token t;
    sync_to(s, &questions[0], 1);
    assert_int_equal(next(s, &t), STEP_TOKEN);
    session_stop(s);
    for (int i = 0; i < 2; i++)
        assert_int_equal(next(s, &t), STEP_STOPPED);
    session_resume(s);
    for (size_t i = 1; i < alone[0].count; i++) {
        assert_int_equal(next(s, &t), STEP_TOKEN);
        assert_int_equal(t.id, alone[0].ids[i]);
    }
    assert_int_equal(next(s, &t), STEP_END);
    still_answers(s);
    session_destroy(s);
}

struct stopper {
    struct session *session;
    long microseconds;
};

static void *stop_later(void *data)
{
    const struct stopper *x = data;
    nanosleep(&(struct timespec){.tv_nsec = x->microseconds * 1000}, NULL);
    session_stop(x->session);
    return NULL;
}

static pthread_t start_stopper(struct stopper *x)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_later, x), 0);
    return thread;
}

// Each time later, until the work is done before the stop.
static void a_stop_during_a_sync_ends_it(void **state)
{
    (void)state;
    unsigned stopped = 0;
    struct session *s = open_session(engine);
    for (long delay = 100; delay < 200000; delay *= 5) {
        struct error e = {0};
        struct stopper x = {s, delay};
        session_truncate(s, 0);
        pthread_t thread = start_stopper(&x);
        bool done = session_sync(s, &questions[0], 1, false, NULL, &e);
        pthread_join(thread, NULL);
        assert_true(done || e.kind == ERROR_INTERRUPTED);
        stopped += !done;
        still_answers(s);
    }
    print_message("%u syncs were stopped\n", stopped);
    assert_true(stopped > 0);
    session_destroy(s);
}

struct signalled_stopper {
    struct session *session;
    sem_t heard, sent;
};

static void *stop_when_heard(void *data)
{
    struct signalled_stopper *x = data;
    sem_wait(&x->heard);
    session_stop(x->session);
    sem_post(&x->sent);
    return NULL;
}

// Goes on with the answer while another thread stops it from its next token on, whenever that gets
// its turn, but before the step that would end the answer.
static enum step hear_until_stopped(struct session *s, size_t *heard)
{
    struct signalled_stopper x = {.session = s};
    struct token t;
    enum step step;
    pthread_t thread;
    assert_int_equal(sem_init(&x.heard, 0, 0) | sem_init(&x.sent, 0, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, stop_when_heard, &x), 0);
    while ((step = next(s, &t)) == STEP_TOKEN) {
        assert_true(*heard < alone[0].count);
        assert_int_equal(t.id, alone[0].ids[(*heard)++]);
        sem_post(&x.heard);
        if (*heard == alone[0].count)
            sem_wait(&x.sent);
    }
    sem_post(&x.heard); // where no token came
    pthread_join(thread, NULL);
    sem_destroy(&x.heard);
    sem_destroy(&x.sent);
    session_resume(s);
    return step;
}

static void a_stop_during_an_answer_ends_it_and_it_can_go_on(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    unsigned stopped = 0;
    size_t heard = 0;
    enum step step;
    sync_to(s, &questions[0], 1);
    while ((step = hear_until_stopped(s, &heard)) == STEP_STOPPED)
        stopped++;
    assert_int_equal(step, STEP_END);
    print_message("%u steps were stopped\n", stopped);
    assert_int_equal(heard, alone[0].count);
    assert_true(stopped > 0);
    still_answers(s);
    session_destroy(s);
}

static void has_nothing_to_sample(struct session *s)
{
    struct error e = {0};
    struct token t;
    assert_int_equal(session_next(s, &(struct sampling){0}, &t, &e), STEP_FAILED);
    assert_int_equal(e.kind, ERROR_RUNTIME);
    assert_non_null(strstr(e.text, "no question"));
}

static void nothing_is_sampled_where_there_are_no_logits(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    has_nothing_to_sample(s);
    assert_true(session_sync(s, &questions[1], 1, true, NULL, NULL));
    has_nothing_to_sample(s);
    sync_to(s, &questions[0], 1);
    session_truncate(s, 30);
    has_nothing_to_sample(s);
    still_answers(s);
    session_destroy(s);
}

// ---- turns

static void two_sessions_take_turns(void **state)
{
    (void)state;
    struct session *s[2];
    for (int i = 0; i < 2; i++) {
        s[i] = open_session(engine);
        sync_to(s[i], &questions[i], 1);
    }
    for (size_t k = 0; k < alone[0].count || k < alone[1].count; k++)
        for (int i = 0; i < 2; i++) {
            struct token t;
            if (k >= alone[i].count)
                continue;
            assert_int_equal(next(s[i], &t), STEP_TOKEN);
            assert_int_equal(t.id, alone[i].ids[k]);
        }
    session_destroy(s[0]);
    session_destroy(s[1]);
}

// ---- sampling

static struct answer sampled(const struct sampling *how)
{
    struct session *s = open_session(engine);
    sync_to(s, &questions[0], 1);
    struct answer a = hear_answer(s, how);
    session_destroy(s);
    return a;
}

static void a_seed_gives_the_same_text_again(void **state)
{
    (void)state;
    struct sampling how = {.temperature = 1.5F, .top_p = 0.95F, .seed = 7};
    struct answer a = sampled(&how), b = sampled(&how);
    assert_true(same_answers(&a, &b));
    how.seed = 8;
    struct answer c = sampled(&how);
    assert_false(same_answers(&a, &c));
    assert_false(same_answers(&a, &alone[0]));
}

static void temperature_0_is_the_argmax(void **state)
{
    (void)state;
    struct session *s = open_session(engine);
    struct sampling how = {.top_p = 0.5F, .top_k = 3, .seed = 3};
    struct token t;
    sync_to(s, &questions[1], 1);
    // The logits that a token was sampled from are there until the next call.
    for (size_t i = 0; i < alone[1].count; i++) {
        assert_int_equal(session_next(s, &how, &t, NULL), STEP_TOKEN);
        assert_int_equal(t.id, greatest(session_logits(s), engine_get_info(engine)->vocabulary));
        assert_int_equal(t.id, alone[1].ids[i]);
    }
    session_destroy(s);
}

static int load(void **state)
{
    *state = engine = open_engine(default_model(), default_eyes(), 0);
    read_pictures();
    questions[0] = ask("What is in this picture?", &rings, 1);
    questions[1] = ask("What is written here?", &word, 1);
    for (int i = 0; i < 2; i++) {
        struct session *s = open_session(engine);
        sync_to(s, &questions[i], 1);
        alone[i] = hear_answer(s, NULL);
        assert_int_equal(alone[i].step, STEP_END);
        session_destroy(s);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_before_a_sync_ends_it),
        cmocka_unit_test(a_stop_before_a_step_ends_it),
        cmocka_unit_test(a_stop_during_a_sync_ends_it),
        cmocka_unit_test(a_stop_during_an_answer_ends_it_and_it_can_go_on),
        cmocka_unit_test(nothing_is_sampled_where_there_are_no_logits),
        cmocka_unit_test(two_sessions_take_turns),
        cmocka_unit_test(a_seed_gives_the_same_text_again),
        cmocka_unit_test(temperature_0_is_the_argmax),
    };
    need_default_model();
    return cmocka_run_group_tests(tests, load, close_engine);
}
