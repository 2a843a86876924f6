// app/plain_commands: what slash commands do to the conversation, the settings and the files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/app_pictures.h"
#include "tests/unit/plain_talk.h"

static const struct scripted_answer three[] = {
    {{"A ", "cat."}, STEP_END, NULL}, {{"A dog."}, STEP_END, NULL}, {{"A cow."}, STEP_END, NULL}};

static void talk(struct talk *t, const char *input)
{
    *t = (struct talk){.input = input, .answers = three, .n_answers = 3};
    run_talk(t);
    assert_true(t->ok);
}

static void make_program(const char *name, const char *what)
{
    char script[512];
    snprintf(script, sizeof(script), "#!/bin/sh\nPATH=/usr/bin:/bin\n%s\n", what);
    make_text(name, script);
    chmod(name, 0700);
}

// The clipboard of a desktop whose programs are the test's own.
static void use_own_programs(void)
{
    char folder[4096];
    assert_non_null(getcwd(folder, sizeof(folder)));
    setenv("PATH", folder, 1);
    setenv("WAYLAND_DISPLAY", "wayland-0", 1);
}

static char *read_file(const char *path)
{
    static char text[4096];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    return text;
}

static void undo_forgets_the_last_exchange(void **state)
{
    (void)state;
    struct talk t;
    talk(&t, "/undo\none\n/image cat.ppm\ntwo\n/undo\nthree\n");
    assert_string_equal(t.seen, "user: one|\nuser: one|assistant: A cat.|user[1]: two|\n"
                                "user: one|assistant: A cat.|user: three|\n");
    assert_holds(t.err, "nothing to forget");
    end_talk(&t);
}

static void edit_gives_the_question_back_with_its_pictures(void **state)
{
    (void)state;
    struct talk t;
    talk(&t, "/edit\n/image cat.ppm\none\n/edit\nanother\n");
    assert_string_equal(t.seen, "user[1]: one|\nuser[1]: another|\n");
    assert_holds(t.err, "no question yet");
    assert_holds(t.err, "\none\n");
    end_talk(&t);
}

static void what_was_taken_back_is_changed_in_the_editor(void **state)
{
    (void)state;
    make_program("editor", "text=$(cat \"$1\")\nprintf '%s more' \"$text\" > \"$1\"");
    setenv("VISUAL", "./editor", 1);
    struct talk t = {.input = "/editor\none\n/edit\n/editor\n",
                     .answers = three,
                     .n_answers = 3,
                     .terminal = true};
    run_talk(&t);
    assert_string_equal(t.seen, "user:  more|\nuser:  more|assistant: A cat.|user: one|\n"
                                "user:  more|assistant: A cat.|user: one more|\n");
    end_talk(&t);
    talk(&t, "/editor\n");
    assert_holds(t.err, "needs a terminal");
    end_talk(&t);
}

static void settings_are_set_and_shown(void **state)
{
    (void)state;
    struct talk t;
    talk(&t, "/set temp 0.5\n/set top-p 0.25\n/set top-p 2\n/set theme dark\n/system Be kind.\n"
             "/show\n/model\n");
    assert_holds(t.err, "[temp is 0.5 now]");
    assert_holds(t.err, "temp 0.5, top-p 0.25,");
    assert_holds(t.err, "system  Be kind.");
    assert_holds(t.err, "(images and theme are the full screen's)");
    assert_null(strstr(t.err, "top-p is 2"));
    assert_holds(t.err, "another one: pumice -m FILE");
    end_talk(&t);
}

static void pictures_are_described_in_words(void **state)
{
    (void)state;
    struct talk t;
    talk(&t, "/view\n/image cat.ppm\n/image 'my dog.ppm'\n/view 1\n/view\n/view 3\n");
    assert_holds(t.err, "picture 1 is cat.ppm, 3x2; the model sees it as 10 tokens");
    assert_holds(t.err, "picture 2 is my dog.ppm, 3x2;");
    assert_holds(t.err, "1 to 0 ");
    assert_holds(t.err, "1 to 2 ");
    end_talk(&t);
}

static void waiting_pictures_change_places(void **state)
{
    (void)state;
    struct talk t;
    talk(&t, "/image cat.ppm\none\n/image cat.ppm\n/image 'my dog.ppm'\n/move 3 2\n/images\n"
             "/move 1 2\n/move 2 4\n/move 2\n/move 2 3 4\n");
    assert_holds(t.err, "[picture 3 is picture 2 now]");
    assert_holds(t.err, "2  my dog.ppm");
    assert_holds(t.err, "3  cat.ppm");
    const char *refused = t.err;
    for (int i = 0; i < 4; i++)
        assert_non_null(refused = strstr(refused + 1, "two pictures that wait"));
    end_talk(&t);
}

static void figures_are_of_the_last_answer(void **state)
{
    (void)state;
    struct talk t;
    talk(&t, "one\n/stats\n");
    // A token is a byte of text: "one", and two pieces of an answer.
    assert_holds(t.err, "of 1000 tokens used; the last prompt: 3 tokens, 0 of them cached");
    assert_holds(t.err, "said 2 in");
    end_talk(&t);
}

static void a_conversation_is_written_to_a_file(void **state)
{
    (void)state;
    struct talk t;
    talk(&t, "one\n/export talk.md\n/export talk.md\n");
    assert_holds(read_file("talk.md"), "A cat.");
    assert_holds(t.err, "[written to talk.md]");
    assert_holds(t.err, "talk.md is already there");
    end_talk(&t);
}

static void answers_and_code_are_copied(void **state)
{
    (void)state;
    static const struct scripted_answer code[] = {
        {{"First:\n```\none\n```\nthen\n```c\ntwo\n```\n"}, STEP_END, NULL}};
    make_program("wl-copy", "cat > copied");
    use_own_programs();
    struct talk t = {.input = "/copy\nwrite\n/copy 2\n", .answers = code, .n_answers = 1};
    run_talk(&t);
    assert_string_equal(read_file("copied"), "two\n");
    assert_holds(t.err, "there is no answer yet");
    end_talk(&t);
    t = (struct talk){.input = "write\n/copy 3\n/copy\n", .answers = code, .n_answers = 1};
    run_talk(&t);
    assert_holds(t.err, "no code block 3");
    assert_string_equal(read_file("copied"), code[0].pieces[0]);
    end_talk(&t);
    unlink("wl-copy");
    talk(&t, "one\n/copy\n");
    assert_holds(t.err, "install wl-copy, xclip or xsel");
    end_talk(&t);
}

static void a_picture_is_pasted(void **state)
{
    (void)state;
    make_program("wl-paste", "test \"$1\" = --list-types && echo image/png || cat cat.ppm");
    use_own_programs();
    struct talk t;
    talk(&t, "/paste\nwhat?\n");
    assert_string_equal(t.seen, "user[1]: what?|\n");
    assert_holds(t.err, "[picture 1: clipboard, 3x2, 10 tokens]");
    end_talk(&t);
    unlink("wl-paste");
    talk(&t, "/paste\n");
    assert_holds(t.err, "wl-paste");
    end_talk(&t);
}

static int leave(void **state)
{
    setenv("PATH", "/usr/bin:/bin", 1);
    return leave_picture_folder(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undo_forgets_the_last_exchange),
        cmocka_unit_test(edit_gives_the_question_back_with_its_pictures),
        cmocka_unit_test(what_was_taken_back_is_changed_in_the_editor),
        cmocka_unit_test(settings_are_set_and_shown),
        cmocka_unit_test(pictures_are_described_in_words),
        cmocka_unit_test(waiting_pictures_change_places),
        cmocka_unit_test(figures_are_of_the_last_answer),
        cmocka_unit_test(a_conversation_is_written_to_a_file),
        cmocka_unit_test(answers_and_code_are_copied),
        cmocka_unit_test(a_picture_is_pasted),
    };
    return cmocka_run_group_tests(tests, enter_picture_folder, leave);
}
