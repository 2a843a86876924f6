// app/complete: what Tab makes of paths and words. Every completed path is read back by
// attach_path.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "app/attach.h"
#include "app/clock.h"
#include "app/complete.h"
#include "tests/unit/app_pictures.h"

static struct picture_folder folder;

static int set_up(void **state)
{
    (void)state;
    if (make_folder(&folder) != 0)
        return -1;
    setenv("HOME", folder.path, 1);
    static const char *const folders[] = {"cats", "it's mine", "cats/more", "~", "empty"};
    static const char *const files[] = {"cat.txt",        "cat b.png",       "cat a.JPG",
                                        ".cat.png",       "it's.png",        "back\\slash.png",
                                        "\"quoted\".png", "cats/one.png",    "it's mine/x.png",
                                        "\xc3\xa4h.png",  "\xc3\xb6h.png",   "~/odd.png",
                                        "~odd.png",       "bad\x1b[31m.png", "bad\xff.png",
                                        "bad\n.png",      " blanks .png",    "bad\xe2\x80\xae.png"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
        if (mkdir(folders[i], 0700) != 0)
            return -1;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        make_text(files[i], "");
    return mkfifo("cat.fifo", 0600) || symlink("cats", "catlink") || symlink("none", "catnone");
}

static int tear_down(void **state)
{
    (void)state;
    return remove_folder(&folder);
}

// The words, in order, with "|" between them, and what they have in common.
static void assert_choices(const char *typed, size_t most, const char *want, const char *common)
{
    struct choices c;
    struct error e = {0};
    struct buffer b = {0};
    assert_true(complete_path(typed, most, &c, &e));
    buffer_add_text(&b, "");
    for (size_t i = 0; i < c.count; i++)
        buffer_printf(&b, "%s%s", i ? "|" : "", c.list[i].word);
    if (strcmp(b.data, want) != 0)
        fail_msg("%s gives %s, not %s", typed, b.data, want);
    if (common)
        assert_string_equal(c.common, common);
    else
        assert_null(c.common);
    buffer_free(&b);
    choices_finish(&c);
}

static void pictures_come_first_then_folders_then_others(void **state)
{
    (void)state;
    assert_choices("cat", 9, "cat\\ a.JPG|cat\\ b.png|catlink/|cats/|cat.txt", "cat");
    assert_choices("./cat\\ ", 9, "./cat\\ a.JPG|./cat\\ b.png", "./cat\\ ");
    assert_choices("cats/", 9, "cats/one.png|cats/more/", "cats/");
    assert_choices("cats/o", 9, "cats/one.png", "cats/one.png");
    assert_choices(".c", 9, ".cat.png", ".cat.png");
    assert_choices("empty/", 9, "", NULL);
    assert_choices("nothing", 9, "", NULL);
    assert_choices("nothing/x", 9, "", NULL);
    assert_choices("cat.txt/x", 9, "", NULL);
}

static void the_shown_part_is_the_last_one(void **state)
{
    (void)state;
    struct choices c;
    assert_true(complete_path("'cats/", 9, &c, NULL));
    assert_int_equal(c.count, 2);
    assert_string_equal(c.list[0].shown, "one.png");
    assert_string_equal(c.list[1].shown, "more/");
    assert_false(c.more);
    choices_finish(&c);
}

static void a_quote_goes_on_as_it_began(void **state)
{
    (void)state;
    assert_choices("'cat ", 9, "'cat a.JPG'|'cat b.png'", "'cat ");
    assert_choices("\"cat a", 9, "\"cat a.JPG\"", "\"cat a.JPG\"");
    assert_choices("'cats", 9, "'cats/", "'cats/");
    assert_choices("'cats/o", 9, "'cats/one.png'", "'cats/one.png'");
    assert_choices("it's.", 9, "it\\'s.png", "it\\'s.png");
    assert_choices("it\\'s\\ ", 9, "it\\'s\\ mine/", "it\\'s\\ mine/");
    assert_choices("it\\'s\\ mine/", 9, "it\\'s\\ mine/x.png", "it\\'s\\ mine/x.png");
    assert_choices("'it'\\''s m", 9, "\"it's mine/", "\"it's mine/");
    assert_choices("\"it's mine/", 9, "\"it's mine/x.png\"", "\"it's mine/x.png\"");
    assert_choices("cat\\", 9, "cat\\ a.JPG|cat\\ b.png|catlink/|cats/|cat.txt", "cat");
}

static void the_tilde_stays(void **state)
{
    (void)state;
    assert_choices("~/cats/o", 9, "~/cats/one.png", "~/cats/one.png");
    assert_choices("~/cat\\ a", 9, "~/cat\\ a.JPG", "~/cat\\ a.JPG");
    assert_choices("\\~/", 9, "\\~/odd.png", "\\~/odd.png");
    assert_choices("~o", 9, "\\~odd.png", "\\~odd.png");
}

static void what_is_common_ends_with_a_whole_character(void **state)
{
    (void)state;
    // U+00E4 and U+00F6 begin with the same byte.
    assert_choices("./\xc3", 9, "./\xc3\xa4h.png|./\xc3\xb6h.png", "./");
}

static void names_that_cannot_be_typed_are_left_out(void **state)
{
    (void)state;
    assert_choices("bad", 9, "", NULL);
}

static void every_completed_file_is_the_one_that_attach_opens(void **state)
{
    (void)state;
    static const char *const begins[] = {"./", "'./", "\"./", "",
                                         "~/", "'",   "\"",   "it\\'s\\ mine/"};
    size_t files = 0;
    for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++) {
        struct choices c;
        assert_true(complete_path(begins[i], 100, &c, NULL));
        for (size_t k = 0; k < c.count; k++) {
            struct buffer path = {0};
            struct stat s;
            size_t size = strlen(c.list[k].shown);
            if (c.list[k].shown[size - 1] != '/') {
                assert_true(attach_path(c.list[k].word, &path, NULL));
                if (stat(path.data, &s) != 0)
                    fail_msg("%s is read as %s", c.list[k].word, path.data);
                assert_string_equal(path.data + path.size - size, c.list[k].shown);
                files++;
            }
            buffer_free(&path);
        }
        choices_finish(&c);
    }
    assert_true(files > 40);
}

static void a_large_folder_is_quick_and_gives_the_first_by_name(void **state)
{
    (void)state;
    enum { FILES = 5000 };
    assert_int_equal(mkdir("large", 0700), 0);
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "large/p%04d.png", i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    struct choices c;
    double begun = clock_ms();
    assert_true(complete_path("large/p", 50, &c, NULL));
    print_message("%d files: %.1f ms\n", FILES, clock_ms() - begun);
    assert_int_equal(c.count, 50);
    assert_true(c.more);
    assert_string_equal(c.common, "large/p");
    assert_string_equal(c.list[0].word, "large/p0000.png");
    assert_string_equal(c.list[49].word, "large/p0049.png");
    choices_finish(&c);
    // What is common is common to all, not only to those that are kept.
    assert_true(complete_path("large/p1", 2, &c, NULL));
    assert_string_equal(c.common, "large/p1");
    choices_finish(&c);
}

static void words_are_those_of_the_table(void **state)
{
    (void)state;
    static const char *const table[] = {"image", "images", "regen", "r\xc3\xa4t", "r\xc3\xb6t"};
    struct choices c;
    assert_true(complete_word("im", table, 5, &c, NULL));
    assert_int_equal(c.count, 2);
    assert_string_equal(c.list[0].word, "image");
    assert_string_equal(c.list[1].word, "images");
    assert_string_equal(c.common, "image");
    choices_finish(&c);
    assert_true(complete_word("r\xc3", table, 5, &c, NULL));
    assert_int_equal(c.count, 2);
    assert_string_equal(c.common, "r");
    choices_finish(&c);
    assert_true(complete_word("x", table, 5, &c, NULL));
    assert_int_equal(c.count, 0);
    assert_null(c.common);
    choices_finish(&c);
}

static void assert_line(const char *line, const char *want, const char *common)
{
    static const char *const parameters[] = {"images", "temp", "top-p", NULL};
    static const struct complete_command commands[] = {{"image", true, NULL},
                                                       {"images", false, NULL},
                                                       {"set", false, parameters},
                                                       {"stats", false, NULL}};
    struct choices c;
    struct buffer b = {0};
    assert_true(complete_line(line, commands, 4, 9, &c, NULL));
    buffer_add_text(&b, "");
    for (size_t i = 0; i < c.count; i++)
        buffer_printf(&b, "%s%s", i ? "|" : "", c.list[i].word);
    assert_string_equal(b.data, want);
    assert_string_equal(c.common ? c.common : "", common);
    buffer_free(&b);
    choices_finish(&c);
}

static void a_line_is_a_command_its_argument_or_a_path(void **state)
{
    (void)state;
    assert_line("/im", "/image|/images", "/image");
    assert_line("/se", "/set ", "/set ");
    assert_line("/stat", "/stats", "/stats");
    assert_line("/image  cats/o", "/image  cats/one.png", "/image  cats/one.png");
    assert_line("/set t", "/set temp|/set top-p", "/set t");
    assert_line("/stats c", "", "");
    assert_line("/unknown c", "", "");
    assert_line("./cats/o", "./cats/one.png", "./cats/one.png");
    assert_line("'cats/o", "'cats/one.png'", "'cats/one.png'");
    assert_line("cats/o", "", "");
    assert_line("/image a\ncats/o", "", "");
    assert_line("", "", "");
    char line[128], want[160];
    snprintf(line, sizeof(line), "%s/cats/o", folder.path);
    snprintf(want, sizeof(want), "%sne.png", line);
    assert_line(line, want, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come_first_then_folders_then_others),
        cmocka_unit_test(the_shown_part_is_the_last_one),
        cmocka_unit_test(a_quote_goes_on_as_it_began),
        cmocka_unit_test(the_tilde_stays),
        cmocka_unit_test(what_is_common_ends_with_a_whole_character),
        cmocka_unit_test(names_that_cannot_be_typed_are_left_out),
        cmocka_unit_test(every_completed_file_is_the_one_that_attach_opens),
        cmocka_unit_test(a_large_folder_is_quick_and_gives_the_first_by_name),
        cmocka_unit_test(words_are_those_of_the_table),
        cmocka_unit_test(a_line_is_a_command_its_argument_or_a_path),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
