// app/browser: walking through folders in search of a picture.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "app/browser.h"
#include "app/clock.h"
#include "tests/unit/app_pictures.h"

static struct picture_folder folder;
static struct browser *browser;

static int set_up(void **state)
{
    (void)state;
    if (make_folder(&folder) != 0 || mkdir("cats", 0700) || mkdir("Birds", 0700) ||
        mkdir("cats/deep", 0700) || mkdir(".hidden", 0700) || symlink("nowhere", "broken.png"))
        return -1;
    static const char *const files[] = {"b.PNG",  "a.jpeg",       "C.webp",     "notes.txt",
                                        ".x.png", "\x1b[31mred",  "cats/1.gif", "cats/2.bmp",
                                        "d.ppm",  "esc\x1b\n.jpg"};
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        make_text(files[i], "");
    return mkfifo("pipe.png", 0600);
}

static int tear_down(void **state)
{
    (void)state;
    return remove_folder(&folder);
}

static int begin(void **state)
{
    (void)state;
    browser = browser_create(NULL, NULL);
    return browser ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    browser_destroy(browser);
    return 0;
}

// What is shown, with "|" between, a slash after folders and * before the selected one.
static void assert_shown(const char *want)
{
    struct buffer b = {0};
    buffer_add_text(&b, "");
    for (size_t i = 0; i < browser_count(browser); i++) {
        const struct listing_entry *f = browser_at(browser, i);
        buffer_printf(&b, "%s%s%s%s", i ? "|" : "", i == browser_selected(browser) ? "*" : "",
                      f->shown, f->folder ? "/" : "");
    }
    assert_string_equal(b.data, want);
    buffer_free(&b);
}

static void type(const char *text)
{
    for (; *text; text++)
        assert_true(browser_filter_add(browser, (unsigned char)*text));
}

static void open_selected(const char *want)
{
    struct buffer path = {0};
    struct error e = {0};
    if (!browser_open(browser, &path, &e))
        fail_msg("%s", e.text);
    assert_string_equal(path.data ? path.data : "", want);
    buffer_free(&path);
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s%s", folder.path, name);
    return path;
}

#define USUAL "Birds/|cats/|a.jpeg|b.PNG|C.webp|d.ppm|esc\xef\xbf\xbd?.jpg"

static void folders_then_pictures_by_name_and_no_others(void **state)
{
    (void)state;
    assert_shown("*" USUAL);
    assert_string_equal(browser_title(browser), folder.path);
    assert_string_equal(browser_status(browser), "7 here, and 4 that are hidden");
    browser_toggle_hidden(browser);
    assert_shown(".hidden/|*Birds/|cats/|.x.png|a.jpeg|b.PNG|C.webp|d.ppm|esc\xef\xbf\xbd?.jpg|"
                 "\xef\xbf\xbd[31mred|notes.txt");
    assert_string_equal(browser_status(browser), "11 here");
    browser_toggle_hidden(browser);
    assert_shown("*" USUAL);
}

static void moves_stop_at_both_ends(void **state)
{
    (void)state;
    browser_move(browser, -1);
    assert_int_equal(browser_selected(browser), 0);
    browser_move(browser, 3);
    assert_int_equal(browser_selected(browser), 3);
    browser_move(browser, -2);
    assert_int_equal(browser_selected(browser), 1);
    browser_move(browser, LONG_MAX);
    assert_int_equal(browser_selected(browser), 6);
    browser_move(browser, 1);
    assert_int_equal(browser_selected(browser), 6);
    browser_move(browser, LONG_MIN);
    assert_int_equal(browser_selected(browser), 0);
}

static void the_window_moves_no_more_than_needed(void **state)
{
    (void)state;
    assert_int_equal(browser_first_visible(browser, 3), 0);
    browser_move(browser, 2);
    assert_int_equal(browser_first_visible(browser, 3), 0);
    browser_move(browser, 1);
    assert_int_equal(browser_first_visible(browser, 3), 1);
    browser_move(browser, -2);
    assert_int_equal(browser_first_visible(browser, 3), 1);
    browser_move(browser, -1);
    assert_int_equal(browser_first_visible(browser, 3), 0);
    browser_move(browser, 100);
    assert_int_equal(browser_first_visible(browser, 3), 4);
    assert_int_equal(browser_first_visible(browser, 5), 2); // a larger window leaves no empty rows
    assert_int_equal(browser_first_visible(browser, 50), 0);
}

static void a_file_is_chosen_by_its_path(void **state)
{
    (void)state;
    struct buffer path = {0};
    assert_false(browser_selected_picture(browser, &path)); // a folder
    browser_move(browser, 2);
    assert_true(browser_selected_picture(browser, &path));
    assert_string_equal(path.data, in_folder("/a.jpeg"));
    open_selected(in_folder("/a.jpeg"));
    browser_move(browser, 100);
    open_selected(in_folder("/esc\x1b\n.jpg")); // the bytes, not what is shown
    buffer_free(&path);
}

static void folders_are_entered_and_left(void **state)
{
    (void)state;
    browser_move(browser, 1);
    open_selected("");
    assert_shown("*deep/|1.gif|2.bmp");
    assert_string_equal(browser_title(browser), in_folder("/cats"));
    open_selected("");
    assert_shown("");
    assert_string_equal(browser_status(browser), "0 here");
    assert_int_equal(browser_first_visible(browser, 3), 0);
    struct buffer path = {0};
    struct error e = {0};
    assert_false(browser_open(browser, &path, &e));
    assert_false(browser_selected_picture(browser, &path));
    browser_move(browser, 1);
    browser_move(browser, -1);
    assert_true(browser_parent(browser, NULL));
    assert_shown("*deep/|1.gif|2.bmp");
    assert_true(browser_parent(browser, NULL));
    assert_shown("Birds/|*cats/|a.jpeg|b.PNG|C.webp|d.ppm|esc\xef\xbf\xbd?.jpg");
    buffer_free(&path);
}

static void the_root_is_its_own_parent(void **state)
{
    (void)state;
    browser_destroy(browser);
    browser = browser_create("/", NULL);
    assert_non_null(browser);
    assert_string_equal(browser_title(browser), "/");
    assert_true(browser_parent(browser, NULL));
    assert_string_equal(browser_title(browser), "/");
    while (strcmp(browser_at(browser, browser_selected(browser))->name, "tmp") != 0)
        browser_move(browser, 1);
    open_selected("");
    assert_string_equal(browser_title(browser), "/tmp");
    assert_true(browser_parent(browser, NULL));
    assert_string_equal(browser_at(browser, browser_selected(browser))->name, "tmp");
}

static void typing_narrows_down_and_keeps_the_selected(void **state)
{
    (void)state;
    browser_move(browser, 4);
    type("E");
    assert_shown("a.jpeg|*C.webp|esc\xef\xbf\xbd?.jpg");
    assert_string_equal(browser_status(browser), "\"E\": 3 of 7");
    type("bp");
    assert_shown("*C.webp");
    assert_string_equal(browser_status(browser), "\"Ebp\": 1 of 7");
    type("x");
    assert_shown("");
    assert_true(browser_filter_back(browser));
    assert_shown("*C.webp");
    assert_true(browser_filter_add(browser, 0xe4)); // two bytes
    assert_shown("");
    for (int i = 0; i < 4; i++)
        assert_true(browser_filter_back(browser));
    assert_false(browser_filter_back(browser));
    assert_string_equal(browser_status(browser), "7 here, and 4 that are hidden");
    type("cats");
    open_selected("");
    assert_shown("*deep/|1.gif|2.bmp"); // the filter is forgotten
    while (browser_filter_add(browser, 'x'))
        ;
    assert_shown("");
}

static void a_folder_that_cannot_be_read_is_a_sentence(void **state)
{
    (void)state;
    struct error e = {0};
    struct buffer path = {0};
    assert_null(browser_create("nothing", &e));
    assert_int_equal(e.kind, ERROR_PICTURE);
    assert_non_null(strstr(e.text, "nothing cannot be looked into (No such file"));
    // The folder goes between the listing and the key.
    type("Birds");
    assert_int_equal(rmdir("Birds"), 0);
    assert_false(browser_open(browser, &path, &e));
    assert_non_null(strstr(e.text, "/Birds cannot be looked into"));
    assert_shown("*Birds/");
    assert_int_equal(mkdir("Birds", 0700), 0);
    buffer_free(&path);
}

static void a_large_folder_is_cut_and_says_so(void **state)
{
    (void)state;
    char name[64];
    assert_int_equal(mkdir("large", 0700), 0);
    for (int i = 0; i <= LISTING_MOST_ENTRIES; i++) {
        snprintf(name, sizeof(name), "large/p%05d.png", i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    browser_destroy(browser);
    double begun = clock_ms();
    browser = browser_create("large", NULL);
    print_message("%d files: %.1f ms\n", LISTING_MOST_ENTRIES, clock_ms() - begun);
    assert_non_null(browser);
    assert_int_equal(browser_count(browser), LISTING_MOST_ENTRIES);
    assert_string_equal(browser_status(browser),
                        "20000 of the first 20000 entries; type the path of any other");
    unlink(name);
    browser_destroy(browser);
    browser = browser_create("large", NULL);
    assert_non_null(browser);
    assert_string_equal(browser_status(browser), "20000 here"); // exactly the limit
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(folders_then_pictures_by_name_and_no_others),
        TEST(moves_stop_at_both_ends),
        TEST(the_window_moves_no_more_than_needed),
        TEST(a_file_is_chosen_by_its_path),
        TEST(folders_are_entered_and_left),
        TEST(the_root_is_its_own_parent),
        TEST(typing_narrows_down_and_keeps_the_selected),
        TEST(a_folder_that_cannot_be_read_is_a_sentence),
        TEST(a_large_folder_is_cut_and_says_so),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
