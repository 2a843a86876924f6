// app/export: a conversation as Markdown.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "app/export.h"
#include "base/buffer.h"
#include "tests/unit/app_pictures.h"

static struct picture_folder folder;
static struct chat *chat;

static int set_up(void **state)
{
    (void)state;
    if (make_folder(&folder) != 0 || mkdir("sub", 0700) != 0)
        return -1;
    make_picture("my (cat) 100%.png");
    make_picture("b:\xc3\xa4.png");
    chat = chat_create(NULL);
    return chat ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    chat_destroy(chat);
    return remove_folder(&folder);
}

static void attach(const char *path, const char *name)
{
    struct picture *p = picture_create("P6\n1 1\n255\nabc", 14, name, NULL);
    assert_non_null(p);
    assert_true(chat_attach(chat, p, path, NULL));
}

static void assert_file(const char *path, const char *want)
{
    static char text[4096];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(text, want);
}

static void converse(void)
{
    static const char one[] = "**Two** `cats`:\n\n- a\n- b\n", two[] = "No.\x1b[31m";
    chat_clear(chat);
    assert_true(chat_set_system(chat, "Be brief.\nBe kind.", NULL));
    attach("my (cat) 100%.png", "my [cat]_1.png");
    attach("clipboard", "clipboard");
    assert_true(chat_ask(chat, "What is this?", NULL));
    assert_true(chat_answer(chat, one, strlen(one), NULL, NULL));
    attach("b:\xc3\xa4.png", "b:\xc3\xa4.png");
    assert_true(chat_ask(chat, "And\nthis?", NULL));
    assert_true(chat_answer(chat, two, strlen(two), NULL, NULL));
    attach("waiting.png", "waiting.png");
}

#define REST(before)                                                                               \
    "> Be brief.\n> Be kind.\n\n"                                                                  \
    "## You\n\n"                                                                                   \
    "![my \\[cat\\]\\_1.png](" before "my%20%28cat%29%20100%25.png)\n\n"                           \
    "*picture: clipboard*\n\n"                                                                     \
    "What is this?\n\n"                                                                            \
    "## Pumice\n\n"                                                                                \
    "**Two** `cats`:\n\n- a\n- b\n\n"                                                              \
    "## You\n\n"                                                                                   \
    "![b:\xc3\xa4.png](" before "b%3A%C3%A4.png)\n\n"                                              \
    "And\nthis?\n\n"                                                                               \
    "## Pumice\n\n"                                                                                \
    "No.\x1b[31m\n"

static void the_conversation_is_written_word_for_word(void **state)
{
    (void)state;
    struct error e = {0};
    struct stat s;
    converse();
    if (!export_markdown(chat, "chat.md", NULL, &e))
        fail_msg("%s", e.text);
    assert_file("chat.md", "# Conversation\n\n" REST(""));
    assert_int_equal(stat("chat.md", &s), 0);
    assert_int_equal(s.st_mode & 07777, 0600);
}

static void links_hold_from_another_folder(void **state)
{
    (void)state;
    converse();
    assert_true(export_markdown(chat, "sub/chat.md", NULL, NULL));
    char want[4096], here[4096];
    assert_non_null(realpath(".", here));
    snprintf(want, sizeof(want), "](%.100s/my%%20%%28cat%%29%%20100%%25.png)", here);
    static char text[4096];
    FILE *f = fopen("sub/chat.md", "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    assert_non_null(strstr(text, want));
}

static void title_and_headings_are_as_given(void **state)
{
    (void)state;
    const struct export_params params = {
        .title = "Cats *and*\ndogs \x1b", .user = "Ada", .model = "SmolLM2_135M"};
    chat_clear(chat);
    assert_true(chat_set_system(chat, NULL, NULL));
    assert_true(chat_ask(chat, "Hello", NULL));
    assert_true(chat_answer(chat, "Hi", 2, NULL, NULL));
    assert_true(export_markdown(chat, "titled.md", &params, NULL));
    assert_file("titled.md", "# Cats \\*and\\* dogs \xef\xbf\xbd\n\n## Ada\n\nHello\n\n"
                             "## SmolLM2\\_135M\n\nHi\n");
    chat_clear(chat);
    assert_true(export_markdown(chat, "empty.md", NULL, NULL));
    assert_file("empty.md", "# Conversation\n");
}

static void a_file_is_replaced_only_if_asked(void **state)
{
    (void)state;
    struct error e = {0};
    const struct export_params replace = {.replace = true};
    make_text("there.md", "mine");
    chat_clear(chat);
    assert_true(chat_set_system(chat, NULL, NULL));
    assert_false(export_markdown(chat, "there.md", NULL, &e));
    assert_int_equal(e.kind, ERROR_RUNTIME);
    assert_non_null(strstr(e.text, "there.md is already there"));
    assert_file("there.md", "mine");
    assert_true(export_markdown(chat, "there.md", &replace, &e));
    assert_file("there.md", "# Conversation\n");
    assert_false(export_markdown(chat, "nowhere/chat.md", NULL, &e));
    assert_non_null(strstr(e.text, "nowhere/chat.md cannot be written: No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_conversation_is_written_word_for_word),
        cmocka_unit_test(links_hold_from_another_folder),
        cmocka_unit_test(title_and_headings_are_as_given),
        cmocka_unit_test(a_file_is_replaced_only_if_asked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
