// The terminal's life on a pseudo terminal: a child draws, the test is the terminal and looks at
// the bytes. What sequences mean is taken from xterm's "Control Sequences".
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
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "base/buffer.h"
#include "ui/term.h"

enum { PATIENCE_MS = 10000 };

// What the child does; what it wants to tell goes to `report`.
typedef void script(struct term *t, int report);

struct setup {
    script *run;
    const char *term;    // TERM; NULL: xterm-256color
    const char *answers; // to the question for its attributes; NULL: it has none of note
    const char *typed;   // after the answers
    enum picture_protocol pictures;
    bool plain; // no colour
    struct winsize window;
};

struct outcome {
    struct buffer screen; // all that the terminal got
    struct buffer report;
    int status;      // of the child, as from waitpid
    bool same_modes; // the terminal's modes are what they were
};

static void outcome_finish(struct outcome *o)
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

static size_t count(const struct buffer *b, const char *text)
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

static void be_the_terminal(const struct setup *s, int master, int report, struct outcome *o)
{
    size_t asked = 0;
    bool going = true;
    while (going) {
        struct pollfd fds[] = {{master, POLLIN, 0}, {report, POLLIN, 0}};
        if (poll(fds, 2, PATIENCE_MS) == 0)
            fail_msg("the child hangs");
        if (fds[0].revents)
            take(master, &o->screen);
        for (; asked < count(&o->screen, "\033[c"); asked++) {
            say(master, s->answers ? s->answers : "\033[?1;2c");
            say(master, asked == 0 ? s->typed : NULL);
        }
        if (fds[1].revents)
            going = take(report, &o->report);
    }
    // The child has ended; the rest is in the line's buffer.
    while (poll(&(struct pollfd){master, POLLIN, 0}, 1, 50) > 0 && take(master, &o->screen))
        ;
}

static struct outcome run(struct setup s)
{
    struct outcome o = {0};
    int master, slave, pipes[2];
    if (!s.window.ws_row)
        s.window = (struct winsize){24, 80, 484, 316};
    assert_int_equal(openpty(&master, &slave, NULL, NULL, &s.window), 0);
    assert_int_equal(pipe(pipes), 0);
    struct termios before, after;
    assert_int_equal(tcgetattr(slave, &before), 0);
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
    close(master);
    close(slave);
    close(pipes[0]);
    return o;
}

static struct outcome run_well(struct setup s)
{
    struct outcome o = run(s);
    if (!WIFEXITED(o.status) || WEXITSTATUS(o.status) != 0)
        fail_msg("the child failed: %s", o.screen.data ? o.screen.data : "");
    assert_true(o.same_modes);
    return o;
}

static const char *last_of(const struct buffer *b, const char *text)
{
    const char *found = NULL;
    for (const char *at = b->data ? b->data : ""; (at = strstr(at, text)); at++)
        found = at;
    return found;
}

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

static void put(struct term *t, int row, int col, const char *text)
{
    term_put(t, row, col, 80, text, strlen(text), (struct style){STYLE_TEXT, 0});
}

static void show_text(struct term *t, const char *text)
{
    term_begin(t);
    put(t, 1, 2, text);
    term_show(t);
}

// Waits for the next event that is not a change.
static bool wait_event(struct term *t, struct event *e)
{
    for (;;) {
        enum term_read r = term_read(t, e);
        if (r == TERM_EVENT)
            return true;
        if (r == TERM_CLOSED)
            return false;
        if (r == TERM_NOTHING &&
            poll(&(struct pollfd){term_fd(t), POLLIN, 0}, 1, term_pending(t) ? 50 : 3000) == 0 &&
            !term_pending(t))
            return false;
    }
}

// Until the terminal has answered.
static void wait_caps(struct term *t)
{
    struct event e;
    while (term_read(t, &e) != TERM_CHANGED)
        poll(&(struct pollfd){term_fd(t), POLLIN, 0}, 1, 200);
}

// ---- life

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
    // The child stops at once; the answer comes while it does, and must be gone from the line.
    struct outcome o = run_well((struct setup){.run = draw_once, .answers = "\033[?63;1;2;4c"});
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

// ---- what it can do

static void report_caps(struct term *t, int report)
{
    show_text(t, "hello");
    struct event e;
    enum term_read r;
    // Changed or not, all answers are in when the letter comes.
    while ((r = term_read(t, &e)) != TERM_EVENT && r != TERM_CLOSED)
        if (r == TERM_NOTHING)
            poll(&(struct pollfd){term_fd(t), POLLIN, 0}, 1, 3000);
    const struct term_caps *c = term_get_caps(t);
    static const char *const names[] = {"auto", "sixel", "half", "none"};
    dprintf(report, "%s %dx%d %d %d", names[c->pictures], c->cell_width, c->cell_height,
            c->sixel_colors, c->colors);
}

static void assert_caps(const char *answers, struct winsize window, enum picture_protocol forced,
                        const char *expected)
{
    struct outcome o = run_well((struct setup){.run = report_caps,
                                               .answers = answers,
                                               .typed = "x",
                                               .window = window,
                                               .pictures = forced});
    assert_string_equal(o.report.data, expected);
    outcome_finish(&o);
}

static void answers_become_capabilities(void **state)
{
    (void)state;
    const struct winsize bordered = {24, 80, 484, 316}, silent = {24, 80, 0, 0},
                         large = {60, 200, 1204, 784};
#define VT340 "\033[?1;0;1024S\033[?2;0;480;312S\033[?63;1;2;4;6;9;15;16;22;28c"
    assert_caps(VT340, bordered, PICTURES_AUTO, "sixel 6x13 1024 256");
    // The default xterm, tmux, VT132 whose class is 4.
    assert_caps("\033[?1;3;0S\033[?2;3;0S\033[?64;1;2;6;9;15c", bordered, PICTURES_AUTO,
                "half 6x13 256 256");
    assert_caps("\033[?1;2c", bordered, PICTURES_AUTO, "half 6x13 256 256");
    assert_caps("\033[?4;6c", bordered, PICTURES_AUTO, "half 6x13 256 256");
    assert_caps("\033[?62;4c", bordered, PICTURES_AUTO, "sixel 6x13 256 256");
    // The window's pixels are old (xterm's font was zoomed): the graphics know better.
    assert_caps("\033[?2;0;640;384S\033[?62;4c", bordered, PICTURES_AUTO, "sixel 8x16 256 256");
    // xterm says at most 1000; others name the largest picture.
    assert_caps("\033[?2;0;1000;780S\033[?62;4c", large, PICTURES_AUTO, "sixel 6x13 256 256");
    assert_caps("\033[?2;0;4097;4097S\033[?62;4c", bordered, PICTURES_AUTO, "sixel 6x13 256 256");
    assert_caps("\033[6;18;9t\033[?62;4c", silent, PICTURES_AUTO, "sixel 9x18 256 256");
    assert_caps("\033[6;0;9000t\033[?62;4c", silent, PICTURES_AUTO, "sixel 10x20 256 256");
    assert_caps(VT340, bordered, PICTURES_HALF, "half 6x13 1024 256");
    assert_caps("\033[?1;2c", bordered, PICTURES_SIXEL, "sixel 6x13 256 256");
}

static void show_before_and_after(struct term *t, int report)
{
    (void)report;
    show_text(t, "hello");
    wait_caps(t);
    show_text(t, "hello");
    show_text(t, "hello");
}

static void another_cell_size_draws_everything_again(void **state)
{
    (void)state;
    struct outcome o =
        run_well((struct setup){.run = show_before_and_after, .answers = "\033[?62;4c"});
    assert_int_equal(count(&o.screen, "hello"), 2);
    outcome_finish(&o);
}

static void report_keys(struct term *t, int report)
{
    struct event e;
    show_text(t, "hello");
    while (wait_event(t, &e) && !(e.kind == EVENT_KEY && e.code == 'q'))
        dprintf(report, "%d:%u ", e.kind == EVENT_KEY ? (int)e.key : -1, e.code);
}

static void answers_are_no_keys(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){
        .run = report_keys,
        .answers = "\033[?63;4c\033[?63;4c\033]11;rgb:0/0/0\033\\\033P>|xterm\033\\\033[1;1R",
        .typed = "aq"});
    assert_string_equal(o.report.data, "1:97 "); // INPUT_CHAR, 'a'
    outcome_finish(&o);
}

static void escape_is_a_key_after_a_moment(void **state)
{
    (void)state;
    struct outcome o =
        run_well((struct setup){.run = report_keys, .answers = "\033[?63;4c", .typed = "\033"});
    char expected[32];
    snprintf(expected, sizeof(expected), "%d:0 ", INPUT_ESCAPE);
    assert_string_equal(o.report.data, expected);
    outcome_finish(&o);
}

// ---- drawing

static void draw_foreign_text(struct term *t, int report)
{
    term_begin(t);
    int used = term_put(t, 0, 0, 80,
                        "\033[31mred\a\xe2\x80\xae"
                        "x",
                        14, (struct style){STYLE_TEXT, 0});
    dprintf(report, "%d ", used);
    dprintf(report, "%d ", term_put(t, 1, 0, 5, "日本語", 9, (struct style){STYLE_TEXT, 0}));
    dprintf(report, "%d ", term_put(t, 2, 78, 9, "abc", 3, (struct style){STYLE_TEXT, 0}));
    dprintf(report, "%d ", term_put(t, 99, 0, 9, "abc", 3, (struct style){STYLE_TEXT, 0}));
    dprintf(report, "%d", term_put(t, 3, -1, 9, "abc", 3, (struct style){STYLE_TEXT, 0}));
    put(t, 4, 0, "é─e\xcc\x81 \xc2\xa0|");
    term_fill(t, -5, -5, 6, 6, (struct style){STYLE_BAR, 0});
    term_fill(t, 20, 70, 100, 100, (struct style){STYLE_BAR, 0});
    term_frame(t, 22, 77, 5, 5, (struct style){STYLE_BOX, 0});
    term_show(t);
}

static void foreign_text_cannot_steer_the_terminal(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_foreign_text, .plain = true});
    assert_int_equal(count(&o.screen, "\033[31m"), 0);
    assert_int_equal(count(&o.screen, "\a"), 0);
    assert_int_equal(count(&o.screen, "\xe2\x80\xae"), 0);
    assert_int_equal(count(&o.screen, "red"), 1);
    outcome_finish(&o);
}

static void text_is_cut_at_clusters_and_edges(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_foreign_text});
    assert_non_null(strstr(o.report.data, " 4 2 0 0"));
    assert_int_equal(count(&o.screen, "日本"), 1);
    assert_int_equal(count(&o.screen, "語"), 0);
    // Without LANG, too; and a no-break space is an ordinary one.
    assert_int_equal(count(&o.screen, "é─e\xcc\x81"), 1);
    assert_int_equal(count(&o.screen, "\xc2\xa0"), 0);
    outcome_finish(&o);
}

static void draw_colors(struct term *t, int report)
{
    (void)report;
    term_begin(t);
    for (uint8_t role = 0; role < STYLE_COUNT; role++)
        term_put(t, role, 0, 80, "role", 4, (struct style){role, EMPHASIS_BOLD});
    term_show(t);
    term_set_theme(t, THEME_LIGHT);
    term_show(t);
}

static void no_color_has_no_color(void **state)
{
    (void)state;
    static const char *const names[] = {"xterm-256color", "xterm", "vt100"};
    for (size_t i = 0; i < 3; i++) {
        struct outcome o =
            run_well((struct setup){.run = draw_colors, .plain = i == 0, .term = names[i]});
        bool colored = count(&o.screen, "8;5;") > 0;
        for (char color = '0'; color < '8'; color++)
            colored = colored || count(&o.screen, (char[]){'\033', '[', '3', color, 'm', '\0'});
        assert_int_equal(colored, i == 1);
        outcome_finish(&o);
    }
}

static void copy_text(struct term *t, int report)
{
    (void)report;
    // RFC 4648, section 10.
    static const char *const texts[] = {"f", "fo", "foo", "foob", "fooba", "foobar"};
    for (size_t i = 0; i < 6; i++)
        term_copy(t, texts[i], i + 1);
    term_bell(t);
}

static void copies_by_osc_52(void **state)
{
    (void)state;
    static const char *const coded[] = {"Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    struct outcome o = run_well((struct setup){.run = copy_text});
    for (size_t i = 0; i < 6; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "\033]52;c;%s\033\\", coded[i]);
        assert_int_equal(count(&o.screen, expected), 1);
    }
    assert_int_equal(count(&o.screen, "\a"), 1);
    // Nothing was drawn; the screen is left all the same, and not entered after that.
    assert_true(last_of(&o.screen, "\033[?1049l") > last_of(&o.screen, "\033[?1049h"));
    outcome_finish(&o);
}

// ---- pictures

static void image(struct term *t, int row, int rows, uint64_t id, const char *bytes)
{
    term_image(t, &(struct term_image){.row = row,
                                       .col = 10,
                                       .rows = rows,
                                       .cols = 20,
                                       .id = id,
                                       .bytes = bytes,
                                       .size = strlen(bytes)});
}

#define FIRST  "\033Pq#FIRST\033\\"
#define SECOND "\033Pq#SECOND\033\\"

// Frames are told apart in the output by a number that goes past the terminal's code.
static void begin(struct term *t, int number)
{
    dprintf(STDOUT_FILENO, "<%d>", number);
    term_begin(t);
}

static void popup(struct term *t, const char *text)
{
    term_fill(t, 4, 15, 3, 10, (struct style){STYLE_TEXT, 0});
    put(t, 5, 16, text);
}

static void draw_pictures(struct term *t, int report)
{
    (void)report;
    begin(t, 1);
    image(t, 3, 5, 1, FIRST);
    term_show(t);
    begin(t, 2); // nothing new
    image(t, 3, 5, 1, FIRST);
    term_show(t);
    begin(t, 3); // a popup over it: its cells alone
    image(t, 3, 5, 1, FIRST);
    popup(t, "popup");
    term_show(t);
    begin(t, 4); // another picture under it
    image(t, 3, 5, 2, SECOND);
    popup(t, "popup");
    term_show(t);
    begin(t, 5); // the popup is closed
    image(t, 3, 5, 2, SECOND);
    term_show(t);
    begin(t, 6); // it moves
    image(t, 4, 5, 2, SECOND);
    term_show(t);
    begin(t, 7); // it is gone
    term_show(t);
    begin(t, 8); // and back
    image(t, 4, 5, 2, SECOND);
    term_show(t);
    begin(t, 9);
    image(t, 4, 5, 2, SECOND);
    term_repaint(t);
    term_show(t);
    begin(t, 10);
    term_show(t);
}

// What was sent for a frame, as words.
static void assert_sent(const struct outcome *o, int number, const char *expected)
{
    char mark[16], next[16];
    snprintf(mark, sizeof(mark), "<%d>", number);
    snprintf(next, sizeof(next), "<%d>", number + 1);
    const char *at = strstr(o->screen.data, mark);
    assert_non_null(at);
    const char *stop = strstr(at, next);
    assert_non_null(stop);
    struct buffer seen = {0};
    for (; at < stop; at++) {
        if (!strncmp(at, FIRST, strlen(FIRST)))
            buffer_add_text(&seen, "first ");
        else if (!strncmp(at, SECOND, strlen(SECOND)))
            buffer_add_text(&seen, "second ");
        else if (!strncmp(at, "popup", 5))
            buffer_add_text(&seen, "popup ");
    }
    assert_string_equal(seen.data ? seen.data : "", expected);
    buffer_free(&seen);
}

static void pictures_are_sent_when_they_must_be(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "first ", "", "popup ", "second popup ", "second ", "second ", "", "second ", "second ",
    };
    struct outcome o = run_well((struct setup){.run = draw_pictures});
    for (int i = 0; i < 9; i++)
        assert_sent(&o, i + 1, expected[i]);
    assert_non_null(strstr(o.screen.data, "<2><3>")); // not a byte
    outcome_finish(&o);
}

static void a_picture_keeps_the_cursor(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_pictures});
    const char *saved = strstr(o.screen.data, "\0337"),
               *placed = strstr(o.screen.data, "\033[4;11H" FIRST),
               *restored = strstr(o.screen.data, "\0338");
    assert_non_null(saved);
    assert_non_null(placed);
    assert_non_null(restored);
    assert_true(saved < placed && placed < restored);
    outcome_finish(&o);
}

static void draw_odd_pictures(struct term *t, int report)
{
    (void)report;
    term_begin(t);
    image(t, 19, 5, 1, FIRST); // the last row: the screen would scroll
    image(t, -1, 5, 1, FIRST);
    image(t, 22, 5, 1, "HALF");
    image(t, 22, 2, 3, "line one\nline two\nline three");
    put(t, 0, 0, "end");
    term_show(t);
}

static void half_blocks_are_lines_and_sixels_never_scroll(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_odd_pictures});
    assert_int_equal(count(&o.screen, "FIRST"), 0);
    assert_int_equal(count(&o.screen, "HALF"), 0);
    assert_int_equal(count(&o.screen, "\033[23;11Hline one\033[24;11Hline two"), 1);
    assert_int_equal(count(&o.screen, "three"), 0);
    outcome_finish(&o);
}

static void draw_stacked(struct term *t, int report)
{
    (void)report;
    for (int frame = 0; frame < 2; frame++) {
        term_begin(t);
        image(t, 3, 5, frame ? 3 : 1, FIRST);
        popup(t, "日本語");
        image(t, 5, 1, 2, SECOND);
        term_show(t);
    }
}

static void what_lies_over_a_picture_is_sent_after_it(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_stacked});
    assert_int_equal(count(&o.screen, FIRST), 2);
    assert_int_equal(count(&o.screen, SECOND), 2);
    assert_true(last_of(&o.screen, SECOND) > last_of(&o.screen, FIRST));
    outcome_finish(&o);
}

static void draw_narrow(struct term *t, int report)
{
    (void)report;
    for (int frame = 0; frame < 3; frame++) {
        term_begin(t);
        put(t, 3, 0, frame == 2 ? "left" : "LEFT");
        put(t, 3, 20, frame == 2 ? "right" : "RIGHT");
        term_image(t, &(struct term_image){.row = 3,
                                           .col = 10,
                                           .rows = 1,
                                           .cols = 4,
                                           .id = 1,
                                           .bytes = FIRST,
                                           .size = strlen(FIRST)});
        term_show(t);
    }
}

static void a_narrow_picture_survives_changes_on_both_sides(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = draw_narrow});
    assert_int_equal(count(&o.screen, FIRST), 2); // at first, and when curses wrote through it
    outcome_finish(&o);
}

static void grow(struct term *t, int report)
{
    int rows, cols;
    show_text(t, "hello");
    wait_caps(t);
    ioctl(STDOUT_FILENO, TIOCSWINSZ, &(struct winsize){40, 120, 0, 0});
    term_resized(t);
    struct event e;
    dprintf(report, "%s ", term_read(t, &e) == TERM_CHANGED ? "changed" : "same");
    term_size(t, &rows, &cols);
    dprintf(report, "%dx%d ", rows, cols);
    term_begin(t);
    put(t, 39, 100, "corner");
    term_show(t);
    ioctl(STDOUT_FILENO, TIOCSWINSZ, &(struct winsize){1, 1, 0, 0});
    term_resized(t);
    term_size(t, &rows, &cols);
    dprintf(report, "%dx%d", rows, cols);
    term_begin(t);
    put(t, 0, 0, "corner");
    image(t, 0, 5, 1, FIRST);
    term_show(t);
}

static void a_new_size_is_taken_over(void **state)
{
    (void)state;
    struct outcome o = run_well((struct setup){.run = grow, .answers = "\033[?63;4c"});
    assert_string_equal(o.report.data, "changed 40x120 1x1");
    assert_int_equal(count(&o.screen, "corner"), 1);
    assert_int_equal(count(&o.screen, FIRST), 0);
    outcome_finish(&o);
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
        cmocka_unit_test(a_lost_terminal_is_told),
        cmocka_unit_test(answers_become_capabilities),
        cmocka_unit_test(another_cell_size_draws_everything_again),
        cmocka_unit_test(answers_are_no_keys),
        cmocka_unit_test(escape_is_a_key_after_a_moment),
        cmocka_unit_test(foreign_text_cannot_steer_the_terminal),
        cmocka_unit_test(text_is_cut_at_clusters_and_edges),
        cmocka_unit_test(no_color_has_no_color),
        cmocka_unit_test(copies_by_osc_52),
        cmocka_unit_test(pictures_are_sent_when_they_must_be),
        cmocka_unit_test(a_picture_keeps_the_cursor),
        cmocka_unit_test(half_blocks_are_lines_and_sixels_never_scroll),
        cmocka_unit_test(what_lies_over_a_picture_is_sent_after_it),
        cmocka_unit_test(a_narrow_picture_survives_changes_on_both_sides),
        cmocka_unit_test(a_new_size_is_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
