// The screen's life: what it refuses to run on, and that whatever ends it puts the terminal back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "tests/unit/term_script.h"

// Each was set, and is put back after it was last set.
static void assert_restored(const struct buffer *screen)
{
    static const char *const pairs[][2] = {
        {"\033[?1049h", "\033[?1049l"}, {"\033[?2004h", "\033[?2004l"},
        {"\033[?1000h", "\033[?1000l"}, {"\033[?1006h", "\033[?1006l"},
        {"\033[?25l", "\033[?25h"},     {"\033[?1000h", "\033[0m"},
        {"\033[?1000h", "\033\\"},      {"\033[?1000h", "\033[?2026l"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const char *on = last_of(screen, pairs[i][0]), *off = last_of(screen, pairs[i][1]);
        assert_non_null(on);
        assert_non_null(off);
        assert_true(off > on);
    }
}

static void draw_once(struct term *t, int report)
{
    (void)report;
    show_text(t, "hello, screen");
}

static void what_was_set_is_put_back(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_once, .answers = "\033[?1;2c"});
    assert_restored(&o.screen);
    assert_int_equal(count(&o.screen, "hello, screen"), 1);
    outcome_finish(&o);
}

static void answers_do_not_outlive_the_program(void **state)
{
    (void)state;
    // The child stops at once; the answer comes while it does, and must be gone from the line: the
    // shell would take it for typed.
    struct outcome o = run_well((struct setup){.run = draw_once, .answers = "\033[?63;1;2;4c"});
    assert_int_equal(o.unread, 0);
    assert_int_equal(count(&o.screen, "63;1;2;4c"), 0); // not echoed either
    outcome_finish(&o);
}

static void refuses_what_is_no_screen(void **state)
{
    (void)state;
    static const char *const names[] = {"dumb", "no-such-terminal", ""};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct outcome o = run_well((struct setup){.run = draw_once, .term = names[i]});
        assert_non_null(strstr(o.report.data, "refused: "));
        assert_non_null(strstr(o.report.data, names[i]));
        assert_int_equal(count(&o.screen, "hello"), 0);
        outcome_finish(&o);
    }
}

static void refuses_what_is_no_terminal(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDIN_FILENO);
        struct error e = {0};
        bool refused = !term_start(&(struct term_params){.mouse = true}, &e);
        term_restore(); // does nothing
        term_stop(NULL);
        _exit(refused && e.kind == ERROR_RUNTIME && strstr(e.text, "--plain") ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void fall(struct term *t, int how)
{
    show_text(t, "hello");
    term_guard_crashes();
    raise(how);
}

static void fall_by_abort(struct term *t, int report)
{
    (void)report;
    show_text(t, "hello");
    term_guard_crashes();
    abort();
}

static void fall_by_fault(struct term *t, int report)
{
    (void)report;
    fall(t, SIGSEGV);
}

static void crashes_put_the_terminal_back(void **state)
{
    (void)state;
    const struct {
        script *run;
        int signal;
    } list[] = {{fall_by_abort, SIGABRT}, {fall_by_fault, SIGSEGV}};
    for (size_t i = 0; i < 2; i++) {
        struct outcome o = run((struct setup){.run = list[i].run});
        assert_true(WIFSIGNALED(o.status));
        assert_int_equal(WTERMSIG(o.status), list[i].signal);
        assert_true(o.same_modes);
        assert_restored(&o.screen);
        outcome_finish(&o);
    }
}

static void restore_in_any_order(struct term *t, int report)
{
    (void)report;
    show_text(t, "hello");
    term_restore();
    term_restore();
}

static void restoring_twice_is_once(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = restore_in_any_order});
    assert_restored(&o.screen);
    assert_int_equal(count(&o.screen, "\033[?1049l"), 1);
    outcome_finish(&o);
}

static void suspend_and_resume(struct term *t, int report)
{
    struct termios modes;
    show_text(t, "hello");
    wait_caps(t);
    term_suspend(t);
    tcgetattr(STDIN_FILENO, &modes);
    dprintf(report, "%s ", modes.c_lflag & ICANON ? "cooked" : "raw");
    dprintf(STDOUT_FILENO, "outside");
    term_resume(t);
    tcgetattr(STDIN_FILENO, &modes);
    dprintf(report, "%s", modes.c_lflag & ICANON ? "cooked" : "raw");
    show_text(t, "hello");
}

static void a_suspended_screen_comes_back_whole(void **state)
{
    (void)state;
    struct outcome o =
        run_well((struct setup){.run = suspend_and_resume, .answers = "\033[?63;4c"});
    assert_string_equal(o.report.data, "cooked raw");
    assert_restored(&o.screen);
    char *outside = strstr(o.screen.data, "outside");
    assert_non_null(outside);
    assert_int_equal(count(&o.screen, "hello"), 2);
    assert_non_null(strstr(outside, "\033[?1049h"));
    assert_non_null(strstr(outside, "hello"));
    assert_int_equal(count(&o.screen, "\033[?2004h"), 2);
    outcome_finish(&o);
}

// Letters and Enter as they come; ^ for the Enter key, | for a newline.
static void report_keys(struct term *t, int report)
{
    struct event e;
    show_text(t, "hello");
    for (int keys = 0; keys < 7;) {
        if (term_read(t, &e) != TERM_EVENT) {
            poll(&(struct pollfd){term_fd(t), POLLIN, 0}, 1, 200);
            continue;
        }
        keys++;
        dprintf(report, "%s",
                e.kind != EVENT_KEY    ? "?"
                : e.key == INPUT_ENTER ? "^"
                : e.code == 'j'        ? "|"
                                       : (char[]){(char)e.code, '\0'});
    }
}

// In an ordinary terminal Enter is a newline; what is typed once the screen is there is not
// changed.
static void enter_counts_before_the_first_frame(void **state)
{
    (void)state;
    struct outcome o =
        run_well((struct setup){.run = report_keys, .early = "hi\rx", .typed = "y\n\r"});
    assert_string_equal(o.report.data, "hi^xy|^");
    outcome_finish(&o);
}

static void a_lost_terminal_is_told(void **state)
{
    (void)state;
    int master, slave, status;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(master);
        login_tty(slave);
        signal(SIGHUP, SIG_IGN);
        setenv("TERM", "xterm", 1);
        struct term *t = term_start(&(struct term_params){.color = true}, NULL);
        struct event e;
        enum term_read r = TERM_NOTHING;
        if (!t)
            _exit(1);
        show_text(t, "hello");
        for (int i = 0; i < 100 && r != TERM_CLOSED; i++) {
            poll(&(struct pollfd){term_fd(t), POLLIN, 0}, 1, 100);
            r = term_read(t, &e);
        }
        show_text(t, "into nothing");
        term_stop(t);
        _exit(r == TERM_CLOSED ? 0 : 2);
    }
    close(slave);
    char byte;
    assert_int_equal(read(master, &byte, 1), 1); // it has started
    close(master);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_set_is_put_back),
        cmocka_unit_test(answers_do_not_outlive_the_program),
        cmocka_unit_test(refuses_what_is_no_screen),
        cmocka_unit_test(refuses_what_is_no_terminal),
        cmocka_unit_test(crashes_put_the_terminal_back),
        cmocka_unit_test(restoring_twice_is_once),
        cmocka_unit_test(a_suspended_screen_comes_back_whole),
        cmocka_unit_test(enter_counts_before_the_first_frame),
        cmocka_unit_test(a_lost_terminal_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
