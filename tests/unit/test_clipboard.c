// app/clipboard: the desktop's programs, played by small scripts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>

#include "app/clipboard.h"
#include "app/clock.h"
#include "tests/unit/app_pictures.h"
#include "tests/unit/desktop.h"

static void assert_picture(const char *want)
{
    struct buffer out = {0};
    struct error e = {0};
    if (!clipboard_read_picture(&out, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(out.size, strlen(want));
    assert_string_equal(out.data, want);
    buffer_free(&out);
}

static void assert_no_picture(const char *part)
{
    struct buffer out = {0};
    struct error e = {0};
    buffer_add_text(&out, "kept");
    assert_false(clipboard_read_picture(&out, NULL, &e));
    assert_int_equal(e.kind, ERROR_PICTURE);
    if (!strstr(e.text, part))
        fail_msg("'%s' does not speak of '%s'", e.text, part);
    assert_string_equal(out.data, "kept");
    buffer_free(&out);
}

// ---- pictures

static void the_best_type_is_asked_for(void **state)
{
    (void)state;
    make_program("wl-paste", "case \"$*\" in\n"
                             "--list-types) printf 'text/plain\\nimage/bmp\\nimage/jpeg\\n';;\n"
                             "*) echo noise >&2; printf %s \"$*\";; esac");
    assert_picture("--no-newline --type image/jpeg");
    make_program("wl-paste",
                 "case \"$*\" in\n"
                 "--list-types) printf 'image/png-not\\nx-image/png\\nimage/gif\\nimage/webp';;\n"
                 "*) printf %s \"$*\";; esac");
    assert_picture("--no-newline --type image/webp");
    assert_no_child();
}

static void x_is_asked_by_xclip(void **state)
{
    (void)state;
    unsetenv("WAYLAND_DISPLAY");
    setenv("DISPLAY", ":0", 1);
    make_program("xclip", "case \"$4\" in\n"
                          "TARGETS) printf 'TARGETS\\nimage/png\\n';;\n"
                          "*) printf %s \"$*\";; esac");
    assert_picture("-selection clipboard -t image/png -o");
    setenv("WAYLAND_DISPLAY", "wayland-0", 1); // but no wl-paste: X programs run there as well
    assert_picture("-selection clipboard -t image/png -o");
}

static void no_picture_is_one_sentence(void **state)
{
    (void)state;
    make_program("wl-paste", "printf 'text/plain\\n'");
    assert_no_picture("no picture in the clipboard");
    make_program("wl-paste", "echo 'Nothing is copied' >&2; exit 1");
    assert_no_picture("no picture in the clipboard");
    make_program("wl-paste", "test \"$1\" = --list-types && echo image/png");
    assert_no_picture("no picture in the clipboard"); // it was gone in between
    make_program("wl-paste", "test \"$1\" = --list-types && echo image/png; exit 0");
    assert_no_picture("no picture in the clipboard");
    make_program("wl-paste", "yes text/plain");
    assert_no_picture("no picture in the clipboard");
    assert_no_child();
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    assert_no_picture("without wl-paste");
    unsetenv("WAYLAND_DISPLAY");
    setenv("DISPLAY", ":0", 1);
    assert_no_picture("without xclip");
    unsetenv("DISPLAY");
    assert_no_picture("no clipboard here");
    assert_no_picture("/image PATH");
}

static void half_a_gigabyte_is_refused_at_the_limit(void **state)
{
    (void)state;
    make_program("wl-paste", "test \"$1\" = --list-types && echo image/png && exit\n"
                             "head -c 500000000 /dev/zero");
    double begun = clock_ms();
    assert_no_picture("over 64 MiB");
    assert_true(clock_ms() - begun < 4000);
    assert_no_child();
}

static void a_program_that_hangs_is_ended_with_what_it_started(void **state)
{
    (void)state;
    make_program("wl-paste", "test \"$1\" = --list-types && echo image/png && exit\n"
                             "printf half; sleep 100 & echo $! > sleeper; wait");
    double begun = clock_ms();
    assert_no_picture("within 5 seconds");
    double took = clock_ms() - begun;
    assert_true(took > 4900 && took < 7000);
    assert_no_child();
    // Ended, though perhaps not yet waited for by whoever inherited it.
    assert_int_equal(system("/bin/sleep 0.2; ! /bin/grep -q '^State:.[RS]' "
                            "/proc/$(/bin/cat sleeper)/status 2>/dev/null"),
                     0);
}

static void *set_flag(void *flag)
{
    usleep(100000);
    atomic_store((atomic_bool *)flag, true);
    return NULL;
}

static void the_flag_stops_it(void **state)
{
    (void)state;
    make_program("wl-paste", "exec sleep 100");
    atomic_bool stop = false;
    pthread_t thread;
    struct buffer out = {0};
    struct error e = {0};
    double begun = clock_ms();
    assert_int_equal(pthread_create(&thread, NULL, set_flag, &stop), 0);
    assert_false(clipboard_read_picture(&out, &stop, &e));
    assert_true(clock_ms() - begun < 2000);
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    pthread_join(thread, NULL);
    assert_no_child();
    buffer_free(&out);
}

// ---- texts

static void a_text_is_copied_as_it_is(void **state)
{
    (void)state;
    static const char text[] = "a 'quoted' \"$HOME\" \xc3\xa4\n";
    make_program("wl-copy", "cat > copied; echo noise; printf %s \"$*\" > arguments");
    assert_true(clipboard_write_text(text, strlen(text)));
    struct buffer seen = {0};
    FILE *f = fopen("copied", "r");
    assert_non_null(f);
    assert_true(buffer_reserve(&seen, 100));
    seen.size = fread(seen.data, 1, 100, f);
    fclose(f);
    assert_int_equal(seen.size, strlen(text));
    assert_memory_equal(seen.data, text, seen.size);
    buffer_free(&seen);
    assert_no_child();
}

static void the_next_program_is_tried(void **state)
{
    (void)state;
    setenv("DISPLAY", ":0", 1);
    make_program("wl-copy", "exit 1");
    assert_false(clipboard_write_text("x", 1));
    make_program("xsel", "test \"$*\" = '-b -i' && cat > copied");
    assert_true(clipboard_write_text("xsel", 4));
    assert_int_equal(system("/bin/grep -q '^xsel$' copied"), 0);
    make_program("xclip", "test \"$*\" = '-selection clipboard -i' && cat > copied");
    assert_true(clipboard_write_text("xclip", 5));
    assert_int_equal(system("/bin/grep -q '^xclip$' copied"), 0);
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    assert_false(clipboard_write_text("x", 1));
}

static void a_program_that_stays_is_left_alone_and_no_zombie(void **state)
{
    (void)state;
    enum { SIZE = 4 << 20 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, 'x', SIZE);
    make_program("wl-copy", "echo $$ > stays; sleep 0.6; wc -c > copied");
    double begun = clock_ms();
    assert_true(clipboard_write_text(text, SIZE));
    assert_true(clock_ms() - begun < 500);
    free(text);
    assert_int_equal(system("/bin/sleep 1; test \"$(/bin/cat copied)\" = 4194304"), 0);
    assert_int_equal(system("! test -e /proc/$(/bin/cat stays)"), 0);
    assert_no_child();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_best_type_is_asked_for, empty_desktop),
        cmocka_unit_test_setup(x_is_asked_by_xclip, empty_desktop),
        cmocka_unit_test_setup(no_picture_is_one_sentence, empty_desktop),
        cmocka_unit_test_setup(what_is_missing_is_named, empty_desktop),
        cmocka_unit_test_setup(half_a_gigabyte_is_refused_at_the_limit, empty_desktop),
        cmocka_unit_test_setup(a_program_that_hangs_is_ended_with_what_it_started, empty_desktop),
        cmocka_unit_test_setup(the_flag_stops_it, empty_desktop),
        cmocka_unit_test_setup(a_text_is_copied_as_it_is, empty_desktop),
        cmocka_unit_test_setup(the_next_program_is_tried, empty_desktop),
        cmocka_unit_test_setup(a_program_that_stays_is_left_alone_and_no_zombie, empty_desktop),
    };
    return cmocka_run_group_tests(tests, make_desktop, remove_desktop);
}
