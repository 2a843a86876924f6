// The child and the terminal around it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "tests/unit/term_script.h"

enum { PATIENCE_MS = 10000 };

void outcome_finish(struct outcome *o)
{
    buffer_free(&o->screen);
    buffer_free(&o->report);
}

static void child(const struct setup *s, int slave, int report)
{
    login_tty(slave);
    setenv("TERM", s->term ? s->term : "xterm-256color", 1);
    unsetenv("LANG");
    unsetenv("LC_ALL");
    unsetenv("LC_CTYPE");
    unsetenv("COLORTERM");
    struct error e = {0};
    struct term_params p = {.color = !s->plain, .pictures = s->pictures, .mouse = true};
    struct term *t = term_start(&p, &e);
    if (!t)
        dprintf(report, "refused: %s", e.text);
    else
        s->run(t, report);
    term_stop(t);
    exit(0);
}

// Reads what is there; false at the end.
static bool take(int fd, struct buffer *out)
{
    char bytes[65536];
    ssize_t n = read(fd, bytes, sizeof(bytes));
    if (n > 0)
        assert_true(buffer_add(out, bytes, (size_t)n));
    return n > 0;
}

size_t count(const struct buffer *b, const char *text)
{
    size_t n = 0;
    for (const char *at = b->data ? b->data : ""; (at = strstr(at, text)); at++)
        n++;
    return n;
}

static void say(int fd, const char *text)
{
    if (text)
        assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

// To each question for its attributes that has not been answered yet.
static void answer(const struct setup *s, int master, const struct buffer *screen, size_t *answered)
{
    for (; *answered < count(screen, "\033[c"); ++*answered) {
        say(master, s->answers ? s->answers : "\033[?1;2c");
        say(master, *answered == 0 ? s->typed : NULL);
    }
}

static void be_the_terminal(const struct setup *s, int master, int report, struct outcome *o)
{
    size_t answered = 0;
    bool going = true;
    while (going) {
        struct pollfd fds[] = {{master, POLLIN, 0}, {report, POLLIN, 0}};
        if (poll(fds, 2, PATIENCE_MS) == 0)
            fail_msg("the child hangs");
        if (fds[0].revents)
            take(master, &o->screen);
        answer(s, master, &o->screen, &answered);
        if (fds[1].revents)
            going = take(report, &o->report);
    }
    // The child has ended; the rest is in the line's buffer.
    while (poll(&(struct pollfd){master, POLLIN, 0}, 1, 50) > 0 && take(master, &o->screen))
        answer(s, master, &o->screen, &answered);
}

// Without the modes in which a line counts only once it has ended.
static int unread_bytes(int slave, struct termios modes)
{
    int n;
    cfmakeraw(&modes);
    assert_int_equal(tcsetattr(slave, TCSANOW, &modes), 0);
    assert_int_equal(ioctl(slave, FIONREAD, &n), 0);
    return n;
}

struct outcome run(struct setup s)
{
    struct outcome o = {0};
    int master, slave, pipes[2];
    if (!s.window.ws_row)
        s.window = (struct winsize){24, 80, 484, 316};
    assert_int_equal(openpty(&master, &slave, NULL, NULL, &s.window), 0);
    assert_int_equal(pipe(pipes), 0);
    struct termios before, after;
    assert_int_equal(tcgetattr(slave, &before), 0);
    say(master, s.early);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(master);
        close(pipes[0]);
        child(&s, slave, pipes[1]);
    }
    close(pipes[1]);
    be_the_terminal(&s, master, pipes[0], &o);
    assert_int_equal(waitpid(pid, &o.status, 0), pid);
    assert_int_equal(tcgetattr(slave, &after), 0);
    o.same_modes = before.c_iflag == after.c_iflag && before.c_oflag == after.c_oflag &&
                   before.c_lflag == after.c_lflag && before.c_cflag == after.c_cflag &&
                   memcmp(before.c_cc, after.c_cc, sizeof(before.c_cc)) == 0;
    o.unread = unread_bytes(slave, after);
    close(master);
    close(slave);
    close(pipes[0]);
    return o;
}

struct outcome run_well(struct setup s)
{
    struct outcome o = run(s);
    if (!WIFEXITED(o.status) || WEXITSTATUS(o.status) != 0)
        fail_msg("the child failed: %s", o.screen.data ? o.screen.data : "");
    assert_true(o.same_modes);
    return o;
}

const char *last_of(const struct buffer *b, const char *text)
{
    const char *found = NULL;
    for (const char *at = b->data ? b->data : ""; (at = strstr(at, text)); at++)
        found = at;
    return found;
}

// ---- what a child may do

void put(struct term *t, int row, int col, const char *text)
{
    term_put(t, row, col, 80, text, strlen(text), (struct style){STYLE_TEXT, 0});
}

void show_text(struct term *t, const char *text)
{
    term_begin(t);
    put(t, 1, 2, text);
    term_show(t);
}

void wait_caps(struct term *t)
{
    struct event e;
    while (term_read(t, &e) != TERM_CHANGED)
        poll(&(struct pollfd){term_fd(t), POLLIN, 0}, 1, 200);
}

void image(struct term *t, int row, int rows, uint64_t id, const char *bytes)
{
    term_image(t, &(struct term_image){.row = row,
                                       .col = 10,
                                       .rows = rows,
                                       .cols = 20,
                                       .id = id,
                                       .bytes = bytes,
                                       .size = strlen(bytes)});
}
