// app/child: programs that are run and read, within limits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>

#include "app/child.h"
#include "app/clock.h"
#include "tests/unit/desktop.h"

static void limits_are_kept_to_the_byte_and_in_time(void **state)
{
    (void)state;
    struct buffer out = {0};
    const char *write_ten[] = {"/bin/echo", "123456789", NULL}, *wait[] = {"/bin/sleep", "9", NULL};
    struct child_limits limits = {.bytes = 10, .until = clock_ms() + 2000};
    assert_int_equal(child_read(write_ten, &limits, &out), CHILD_DONE);
    assert_string_equal(out.data, "123456789\n");
    limits.bytes = 9;
    assert_int_equal(child_read(write_ten, &limits, &out), CHILD_TOO_LARGE);
    assert_int_equal(out.size, 10);
    limits.until = clock_ms() + 100;
    assert_int_equal(child_read(wait, &limits, &out), CHILD_TOO_SLOW);
    assert_true(clock_ms() - limits.until < 500);
    // It closed its output, but does not end.
    make_program("silent", "exec >&-; exec sleep 9");
    const char *silent[] = {"silent", NULL};
    limits.until = clock_ms() + 100;
    assert_int_equal(child_read(silent, &limits, &out), CHILD_TOO_SLOW);
    assert_true(clock_ms() - limits.until < 500);
    assert_string_equal(out.data, "123456789\n");
    assert_no_child();
    buffer_free(&out);
}

static void a_child_has_default_signals_none_blocked_and_a_session_of_its_own(void **state)
{
    (void)state;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);
    // The last digits: the C library ignores two signals of its own beyond the first 31.
    const char *argv[] = {"/bin/grep", "-ohE", "Sig(Blk|Ign):|.......$", "/proc/self/status", NULL};
    const char *session[] = {"session", NULL};
    struct buffer out = {0};
    struct child_limits limits = {.bytes = 4096, .until = clock_ms() + 2000};
    assert_int_equal(child_read(argv, &limits, &out), CHILD_DONE);
    assert_non_null(strstr(out.data, "SigBlk:\n0000000\n"));
    assert_non_null(strstr(out.data, "SigIgn:\n0000000\n"));
    buffer_clear(&out);
    make_program("session", "set -- $(cat /proc/$$/stat); test $1 = $6");
    assert_int_equal(child_read(session, &limits, &out), CHILD_DONE);
    buffer_free(&out);
    signal(SIGPIPE, pipe_before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(limits_are_kept_to_the_byte_and_in_time, empty_desktop),
        cmocka_unit_test_setup(a_child_has_default_signals_none_blocked_and_a_session_of_its_own,
                               empty_desktop),
    };
    return cmocka_run_group_tests(tests, make_desktop, remove_desktop);
}
