// app/draft, app/private_file and the state folder: what outlives the program.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "app/draft.h"
#include "app/paths.h"
#include "app/private_file.h"
#include "tests/unit/app_pictures.h"

static struct picture_folder folder;

static int set_up(void **state)
{
    (void)state;
    unsetenv("PUMICE_HOME");
    unsetenv("XDG_STATE_HOME");
    return make_folder(&folder) || setenv("HOME", folder.path, 1);
}

static int tear_down(void **state)
{
    (void)state;
    return remove_folder(&folder);
}

static mode_t mode_of(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 ? s.st_mode & 07777 : 0;
}

static void assert_draft(const char *want)
{
    char *text = draft_load();
    if (want)
        assert_string_equal(text, want);
    else
        assert_null(text);
    free(text);
}

static void a_draft_comes_back_until_it_is_empty(void **state)
{
    (void)state;
    assert_draft(NULL);
    assert_true(draft_save("")); // nothing to remove is fine
    assert_true(draft_save("What is\n\xc3\xa4 cat?"));
    assert_draft("What is\n\xc3\xa4 cat?");
    assert_true(draft_save("Why?"));
    assert_draft("Why?");
    assert_int_equal(mode_of(".local/state/pumice/draft"), 0600);
    assert_int_equal(mode_of(".local/state/pumice"), 0700);
    assert_int_equal(system("test \"$(ls -A .local/state/pumice)\" = draft"), 0);
    assert_true(draft_save(""));
    assert_draft(NULL);
    assert_int_equal(mode_of(".local/state/pumice/draft"), 0);
}

static void what_is_no_text_is_not_loaded(void **state)
{
    (void)state;
    assert_true(draft_save("x"));
    make_text(".local/state/pumice/draft", "half \xc3");
    assert_draft(NULL);
    assert_int_equal(system("head -c 2000000 /dev/zero | tr '\\0' x > .local/state/pumice/draft"),
                     0);
    assert_draft(NULL);
    assert_int_equal(system("printf 'a\\0b' > .local/state/pumice/draft"), 0);
    assert_draft(NULL);
    unlink(".local/state/pumice/draft");
    assert_int_equal(mkfifo(".local/state/pumice/draft", 0600), 0);
    assert_draft(NULL);
    unlink(".local/state/pumice/draft");
}

static void the_state_folder_follows_the_environment(void **state)
{
    (void)state;
    struct buffer b = {0};
    struct error e = {0};
    char want[128];
    snprintf(want, sizeof(want), "%s/xdg", folder.path);
    setenv("XDG_STATE_HOME", want, 1);
    assert_true(paths_state_file("history", &b, &e));
    strcat(want, "/pumice/history");
    assert_string_equal(b.data, want);
    assert_int_equal(mode_of("xdg/pumice"), 0700);
    buffer_clear(&b);
    setenv("PUMICE_HOME", folder.path, 1);
    assert_true(paths_state_file("history", &b, &e));
    snprintf(want, sizeof(want), "%s/state/history", folder.path);
    assert_string_equal(b.data, want);
    assert_int_equal(mode_of("state"), 0700);
    buffer_free(&b);
    unsetenv("PUMICE_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_false(paths_state_file("history", &b, &e));
    assert_int_equal(e.kind, ERROR_RUNTIME);
    assert_false(draft_save("x"));
    assert_draft(NULL);
    setenv("HOME", folder.path, 1);
    buffer_free(&b);
}

static void a_failed_write_leaves_the_old_file_and_nothing_else(void **state)
{
    (void)state;
    struct error e = {0};
    assert_int_equal(mkdir("files", 0700), 0);
    assert_true(private_file_write("files/a", "one", 3, false, &e));
    assert_false(private_file_write("files/a", "two", 3, false, &e));
    assert_non_null(strstr(e.text, "files/a is already there"));
    assert_int_equal(system("test \"$(cat files/a)\" = one"), 0);
    assert_true(private_file_write("files/a", "two", 3, true, &e));
    assert_int_equal(system("test \"$(cat files/a)\" = two"), 0);
    assert_false(private_file_write("nowhere/a", "x", 1, false, &e));
    assert_non_null(strstr(e.text, "nowhere/a cannot be written"));
    assert_false(private_file_write("files", "x", 1, true, &e)); // a folder
    assert_int_equal(system("test \"$(ls -A files)\" = a && ! ls -d files.* 2>/dev/null"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draft_comes_back_until_it_is_empty),
        cmocka_unit_test(what_is_no_text_is_not_loaded),
        cmocka_unit_test(the_state_folder_follows_the_environment),
        cmocka_unit_test(a_failed_write_leaves_the_old_file_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
