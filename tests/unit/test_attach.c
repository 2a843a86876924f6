// app/attach: paths as a person types, drops or pastes them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/attach.h"
#include "tests/unit/app_pictures.h"

static struct picture_folder folder;

static int set_up(void **state)
{
    (void)state;
    if (make_folder(&folder) != 0)
        return -1;
    setenv("HOME", folder.path, 1);
    make_picture("my cat.png");
    make_picture("it's.png");
    make_picture("new\nline.png");
    make_picture("back\\slash.png");
    make_picture("~odd.png");
    make_picture("\"quoted\".png");
    make_text("notes.txt", "not a picture");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return remove_folder(&folder);
}

static void assert_path(const char *typed, const char *want)
{
    struct buffer b = {0};
    struct error e = {0};
    if (!attach_path(typed, &b, &e))
        fail_msg("%s: %s", typed, e.text);
    assert_string_equal(b.data, want);
    buffer_free(&b);
}

static void assert_refused(const char *typed, const char *part)
{
    struct buffer b = {0};
    struct error e = {0};
    assert_false(attach_path(typed, &b, &e));
    assert_int_equal(e.kind, ERROR_PICTURE);
    if (!strstr(e.text, part))
        fail_msg("'%s' does not speak of '%s'", e.text, part);
    buffer_free(&b);
}

static const char *in_folder(const char *format)
{
    static char text[256];
    snprintf(text, sizeof(text), format, folder.path);
    return text;
}

static void quotes_backslashes_and_blanks_are_understood(void **state)
{
    (void)state;
    assert_path("my cat.png", "my cat.png");
    assert_path("  my cat.png \t", "my cat.png");
    assert_path("my\\ cat.png", "my cat.png");
    assert_path("'my cat.png'", "my cat.png");
    assert_path("\"my cat.png\" ", "my cat.png");
    assert_path("my' 'cat.png", "my cat.png");
    assert_path("it\\'s.png", "it's.png");
    assert_path("'it'\\''s.png'", "it's.png");
    assert_path("\"it's.png\"", "it's.png");
    assert_path("'back\\slash.png'", "back\\slash.png");
    assert_path("back\\\\slash.png", "back\\slash.png");
    assert_path("'no\\\\escape'", "no\\\\escape");
    assert_path("\"back\\\\slash.png\"", "back\\slash.png");
}

static void what_names_a_file_as_it_stands_is_that_file(void **state)
{
    (void)state;
    assert_path("it's.png", "it's.png");
    assert_path("back\\slash.png", "back\\slash.png");
    assert_path("~odd.png", "~odd.png");
    assert_path("\"quoted\".png", "\"quoted\".png");
    assert_path("new\nline.png", "new\nline.png");
}

static void the_tilde_is_home(void **state)
{
    (void)state;
    char want[128];
    snprintf(want, sizeof(want), "%s/my cat.png", folder.path);
    assert_path("~/my cat.png", want);
    assert_path("~/my\\ cat.png", want);
    assert_path("~", folder.path);
    assert_path("~nobody/x.png", "~nobody/x.png");
}

// RFC 8089 and the percent encoding of RFC 3986.
static void file_uris_are_decoded(void **state)
{
    (void)state;
    char want[128];
    snprintf(want, sizeof(want), "%s/my cat.png", folder.path);
    assert_path(in_folder("file://%s/my%%20cat.png"), want);
    assert_path(in_folder("file://localhost%s/my%%20cat.png\r\n"), want);
    snprintf(want, sizeof(want), "%s/new\nline.png", folder.path);
    assert_path(in_folder("file://%s/new%%0aline.png"), want);
    assert_path("file:///caf%C3%A9", "/caf\xc3\xa9");
    assert_refused("file://elsewhere/x.png", "this machine");
    assert_refused("file:///x%2", "%");
    assert_refused("file:///x%zz", "%");
    assert_refused("file:///x%00y", "%");
}

static void a_missing_name_and_an_open_quote_are_told(void **state)
{
    (void)state;
    assert_refused("", "missing");
    assert_refused(" \t", "missing");
    assert_refused("'my cat.png", "'");
    assert_path("isn't there.png", "isn't there.png"); // an apostrophe, not an open quote
}

static void only_a_path_that_exists_counts_as_a_dropped_file(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool is;
    } cases[] = {
        {"./my\\ cat.png", true},
        {"'my cat.png'", true},
        {"~/it's.png", true},
        {"./notes.txt", true},
        {"my cat.png", false},
        {"./nothing.png", false},
        {"\"hello\", he said", false},
        {"'tis a question", false},
        {"...", false},
        {".", false},
        {"~", false},
        {"/", false},
        {"", false},
        {"file:///nothing", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buffer b = {0};
        if (attach_is_file(cases[i].line, &b) != cases[i].is)
            fail_msg("'%s' is taken for %s", cases[i].line, cases[i].is ? "text" : "a file");
        buffer_free(&b);
    }
}

static void reading_gives_the_picture_or_the_reason(void **state)
{
    (void)state;
    char *path = NULL;
    struct error e = {0};
    struct picture *p = attach_read("'my cat.png'", &path, &e);
    assert_non_null(p);
    assert_string_equal(path, "my cat.png");
    uint32_t width, height;
    picture_size(p, &width, &height);
    assert_int_equal(width, 3);
    assert_int_equal(height, 2);
    picture_unref(p);
    free(path);
    assert_null(attach_read("nothing here.png", &path, &e));
    assert_int_equal(e.kind, ERROR_PICTURE);
    assert_non_null(strstr(e.text, "nothing here.png"));
    assert_null(attach_read("notes.txt", &path, &e));
    assert_int_equal(e.kind, ERROR_PICTURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_backslashes_and_blanks_are_understood),
        cmocka_unit_test(what_names_a_file_as_it_stands_is_that_file),
        cmocka_unit_test(the_tilde_is_home),
        cmocka_unit_test(file_uris_are_decoded),
        cmocka_unit_test(a_missing_name_and_an_open_quote_are_told),
        cmocka_unit_test(only_a_path_that_exists_counts_as_a_dropped_file),
        cmocka_unit_test(reading_gives_the_picture_or_the_reason),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
