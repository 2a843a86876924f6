// app/worker and app/news: the engine's thread behind the screen, with a backend that goes on when
// the test lets it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "app/worker.h"
#include "tests/unit/worker_puppet.h"

enum { PATIENCE_MS = 10000 };

struct fixture {
    struct news_queue *news;
    struct worker *worker;
    struct puppet *puppet;
};

static struct fixture start(int steps, int answer)
{
    struct error e = {0};
    struct fixture f = {.news = news_create(&e), .puppet = puppet_create(steps, answer)};
    assert_non_null(f.news);
    assert_non_null(f.puppet);
    f.worker = worker_create(f.news, &e);
    assert_non_null(f.worker);
    return f;
}

static void finish(struct fixture *f)
{
    worker_destroy(f->worker);
    struct news n;
    while (news_take(f->news, &n))
        news_finish(&n);
    news_destroy(f->news);
}

// The next news, whose text is let go.
static struct news hear(struct fixture *f)
{
    struct news n;
    while (!news_take(f->news, &n)) {
        struct pollfd p = {news_fd(f->news), POLLIN, 0};
        assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    }
    news_finish(&n);
    return n;
}

static void assert_hears(struct fixture *f, enum news_kind kind, unsigned job)
{
    struct news n = hear(f);
    assert_int_equal(n.kind, kind);
    assert_int_equal(n.job, job);
}

static unsigned ask(struct fixture *f)
{
    static const struct sampling sampling;
    const struct message m = {.role = ROLE_USER, .text = "What?"};
    return worker_answer(f->worker, &m, 1, &sampling, 1000);
}

static unsigned prepare(struct fixture *f)
{
    const struct message m = {.role = ROLE_USER, .text = "Wh"};
    return worker_prepare(f->worker, &m, 1);
}

static void open_worker(struct fixture *f)
{
    struct error e = {0};
    assert_true(worker_start(f->worker, &f->puppet->backend, &e));
    puppet_allow(f->puppet, 1);
    assert_hears(f, NEWS_LOADED, 0);
}

static void an_answer_is_told_from_beginning_to_end(void **state)
{
    (void)state;
    struct fixture f = start(0, 3);
    open_worker(&f);
    unsigned job = ask(&f);
    assert_true(job > 0);
    struct news synced = hear(&f);
    assert_int_equal(synced.kind, NEWS_SYNCED);
    assert_int_equal(synced.report.prompt_tokens, strlen("What?"));
    puppet_allow(f.puppet, 4);
    for (int i = 0; i < 3; i++)
        assert_hears(&f, NEWS_TOKEN, job);
    struct news end = hear(&f);
    assert_int_equal(end.kind, NEWS_ANSWERED);
    assert_int_equal(end.end, END_OF_ANSWER);
    finish(&f);
}

static void a_failed_load_is_told(void **state)
{
    (void)state;
    struct fixture f = start(1, 0);
    struct error e = {0};
    f.puppet->failure = "not a model";
    assert_true(worker_start(f.worker, &f.puppet->backend, &e));
    struct news n = hear(&f);
    assert_int_equal(n.kind, NEWS_FAILED);
    assert_int_equal(n.job, 0);
    assert_string_equal(n.error.text, "not a model");
    finish(&f);
}

static void an_answer_is_stopped_between_two_tokens(void **state)
{
    (void)state;
    struct fixture f = start(0, -1);
    open_worker(&f);
    unsigned job = ask(&f);
    assert_hears(&f, NEWS_SYNCED, job);
    puppet_allow(f.puppet, 2);
    assert_hears(&f, NEWS_TOKEN, job);
    assert_hears(&f, NEWS_TOKEN, job);
    worker_stop(f.worker);
    struct news end = hear(&f);
    assert_int_equal(end.kind, NEWS_ANSWERED);
    assert_int_equal(end.end, END_STOPPED);
    // And the next one is not.
    unsigned next = ask(&f);
    assert_hears(&f, NEWS_SYNCED, next);
    puppet_allow(f.puppet, 1);
    assert_hears(&f, NEWS_TOKEN, next);
    finish(&f);
}

static void an_answer_that_waits_for_the_loading_is_taken_back(void **state)
{
    (void)state;
    struct fixture f = start(0, 1);
    struct error e = {0};
    assert_true(worker_start(f.worker, &f.puppet->backend, &e));
    unsigned job = ask(&f);
    worker_stop(f.worker);
    struct news end = hear(&f);
    assert_int_equal(end.kind, NEWS_ANSWERED);
    assert_int_equal(end.job, job);
    assert_int_equal(end.end, END_STOPPED);
    puppet_allow(f.puppet, PUPPET_FREE);
    assert_hears(&f, NEWS_LOADED, 0);
    unsigned next = ask(&f);
    assert_hears(&f, NEWS_SYNCED, next);
    finish(&f);
}

static void an_answer_ends_the_work_ahead(void **state)
{
    (void)state;
    struct fixture f = start(0, 1);
    open_worker(&f);
    unsigned ahead = prepare(&f);
    assert_true(ahead > 0);
    puppet_wait(f.puppet);
    unsigned job = ask(&f);
    assert_hears(&f, NEWS_PREPARED, ahead);
    assert_hears(&f, NEWS_SYNCED, job);
    // What is ahead must not end an answer.
    assert_int_equal(prepare(&f), 0);
    puppet_allow(f.puppet, PUPPET_FREE);
    assert_hears(&f, NEWS_TOKEN, job);
    assert_hears(&f, NEWS_ANSWERED, job);
    ahead = prepare(&f);
    assert_true(ahead > 0);
    assert_hears(&f, NEWS_PREPARED, ahead);
    finish(&f);
}

static void leaving_waits_for_nobody_who_listens(void **state)
{
    (void)state;
    struct fixture f = start(0, -1);
    open_worker(&f);
    assert_true(ask(&f) > 0);
    puppet_allow(f.puppet, PUPPET_FREE); // more tokens than the queue holds
    assert_int_equal(hear(&f).kind, NEWS_SYNCED);
    finish(&f);
}

static void leaving_ends_the_loading(void **state)
{
    (void)state;
    struct fixture f = start(0, 1);
    struct error e = {0};
    assert_true(worker_start(f.worker, &f.puppet->backend, &e));
    puppet_allow(f.puppet, 1);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_told_from_beginning_to_end),
        cmocka_unit_test(a_failed_load_is_told),
        cmocka_unit_test(an_answer_is_stopped_between_two_tokens),
        cmocka_unit_test(an_answer_that_waits_for_the_loading_is_taken_back),
        cmocka_unit_test(an_answer_ends_the_work_ahead),
        cmocka_unit_test(leaving_waits_for_nobody_who_listens),
        cmocka_unit_test(leaving_ends_the_loading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
