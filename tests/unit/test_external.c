// app/external: an editor in between, played by small scripts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/stat.h>

#include "app/external.h"
#include "tests/unit/app_pictures.h"

static struct picture_folder folder;

static int set_up(void **state)
{
    (void)state;
    if (make_folder(&folder) != 0 || mkdir("run", 0700) != 0)
        return -1;
    char run[96];
    snprintf(run, sizeof(run), "%s/run", folder.path);
    return setenv("XDG_RUNTIME_DIR", run, 1) || unsetenv("VISUAL");
}

static int tear_down(void **state)
{
    (void)state;
    return remove_folder(&folder);
}

// An editor that does `what` to its last argument, as a script in the folder.
static void make_editor(const char *what)
{
    char script[512], path[96];
    snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", what);
    snprintf(path, sizeof(path), "%s/edit", folder.path);
    make_text("edit", script);
    chmod("edit", 0700);
    setenv("EDITOR", path, 1);
}

static void assert_nothing_is_left(void)
{
    assert_int_equal(system("test -z \"$(ls -A run)\""), 0);
}

static void assert_edited(const char *text, const char *want)
{
    struct buffer out = {0};
    struct error e = {0};
    if (!external_edit(text, &out, &e))
        fail_msg("%s", e.text);
    assert_string_equal(out.data, want);
    buffer_free(&out);
    assert_nothing_is_left();
}

static void assert_fails(const char *part)
{
    struct buffer out = {0};
    struct error e = {0};
    buffer_add_text(&out, "kept");
    assert_false(external_edit("text", &out, &e));
    assert_int_equal(e.kind, ERROR_RUNTIME);
    if (!strstr(e.text, part))
        fail_msg("'%s' does not speak of '%s'", e.text, part);
    assert_string_equal(out.data, "kept");
    buffer_free(&out);
    assert_nothing_is_left();
}

static void the_text_goes_out_and_comes_back(void **state)
{
    (void)state;
    make_editor("exit 0");
    assert_edited("", "");
    assert_edited("a", "a");
    assert_edited("a\nb\n", "a\nb\n");
    assert_edited("quote \" ' $HOME `x`", "quote \" ' $HOME `x`");
    make_editor("echo more >> \"$1\"");
    assert_edited("a", "a\nmore");
    make_editor("printf new > \"$1.x\"; mv \"$1.x\" \"$1\""); // as many editors save
    assert_edited("a", "new");
    make_editor(": > \"$1\"");
    assert_edited("a", "");
}

static void the_file_is_private_and_markdown(void **state)
{
    (void)state;
    make_editor("{ stat -c %a \"$1\"; basename \"$(dirname \"$1\")\"; basename \"$1\" | sed "
                "'s/-....../-/'; } > seen");
    assert_edited("a", "a");
    assert_int_equal(system("test \"$(cat seen)\" = \"$(printf '600\\nrun\\npumice-.md')\""), 0);
}

static void visual_comes_before_editor_and_may_have_arguments(void **state)
{
    (void)state;
    make_editor("exit 3");
    setenv("VISUAL", "MARK=x ./my\\ editor --wait 'two words'", 1);
    make_text("my editor",
              "#!/bin/sh\ntest \"$1$2\" = '--waittwo words' && echo \"$MARK$#\" > \"$3\"\n");
    chmod("my editor", 0700);
    assert_edited("a", "x3");
    setenv("VISUAL", "", 1);
    assert_fails("status 3");
    unsetenv("VISUAL");
}

static void vi_is_the_last_resort(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof(path), "%s:%s", folder.path, getenv("PATH"));
    setenv("PATH", path, 1);
    unsetenv("EDITOR");
    make_text("vi", "#!/bin/sh\necho vi > \"$1\"\n");
    chmod("vi", 0700);
    assert_edited("a", "vi");
}

static void what_goes_wrong_is_told_and_nothing_is_left(void **state)
{
    (void)state;
    make_editor("kill -9 $$");
    assert_fails("failed"); // by the shell's status or by the signal, as the shell does it
    make_editor("rm \"$1\"");
    assert_fails("cannot be read");
    make_editor("head -c 1048577 /dev/zero | tr '\\0' x > \"$1\"");
    assert_fails("over 1024 KiB");
    make_editor("printf 'half \\303' > \"$1\"");
    assert_fails("UTF-8");
    make_editor("printf 'a\\0b' > \"$1\"");
    assert_fails("UTF-8");
    make_editor("rm \"$1\"; mkfifo \"$1\"");
    assert_fails("ordinary");
    setenv("EDITOR", "/nothing/here -w", 1);
    assert_fails("'/nothing/here -w' cannot be run");
}

static void another_folder_is_taken_where_the_first_takes_nothing(void **state)
{
    (void)state;
    setenv("XDG_RUNTIME_DIR", "/nothing", 1);
    char run[96];
    snprintf(run, sizeof(run), "%s/run", folder.path);
    setenv("TMPDIR", run, 1);
    make_editor("echo \"$1\" > \"$1\"");
    struct buffer out = {0};
    assert_true(external_edit("a", &out, NULL));
    assert_memory_equal(out.data, run, strlen(run));
    buffer_free(&out);
    assert_nothing_is_left();
    setenv("XDG_RUNTIME_DIR", run, 1);
    unsetenv("TMPDIR");
}

static volatile sig_atomic_t interrupts;

static void on_interrupt(int number)
{
    (void)number;
    interrupts++;
}

// Blocked and handled, as in the program; the editor gets Ctrl+C with the whole group.
static void signals_are_the_editors_and_come_back_as_they_were(void **state)
{
    (void)state;
    struct sigaction ours = {.sa_handler = on_interrupt}, after;
    sigset_t blocked, mask;
    sigaction(SIGINT, &ours, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTSTP);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    char pid[16];
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("TESTER", pid, 1);
    // The last digits: the C library ignores two signals of its own beyond the first 31.
    make_editor("kill -INT $TESTER\n"
                "grep -E 'SigBlk|SigIgn' /proc/self/status | grep -o '.......$' > \"$1\"");
    struct buffer out = {0};
    assert_true(external_edit("a", &out, NULL));
    assert_string_equal(out.data, "0000000\n0000000");
    buffer_free(&out);
    sigaction(SIGINT, NULL, &after);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    assert_ptr_equal(after.sa_handler, on_interrupt);
    assert_true(sigismember(&mask, SIGTSTP) && sigismember(&mask, SIGINT));
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    assert_int_equal(interrupts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_goes_out_and_comes_back),
        cmocka_unit_test(the_file_is_private_and_markdown),
        cmocka_unit_test(visual_comes_before_editor_and_may_have_arguments),
        cmocka_unit_test(vi_is_the_last_resort),
        cmocka_unit_test(what_goes_wrong_is_told_and_nothing_is_left),
        cmocka_unit_test(another_folder_is_taken_where_the_first_takes_nothing),
        cmocka_unit_test(signals_are_the_editors_and_come_back_as_they_were),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
