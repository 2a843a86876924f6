// The default model's greedy answers against those of independent implementations, word for word
// wherever the smallest margin of an answer is above MARGIN: PyTorch's for the pictures of
// tests/data/answers, numpy's (tests/data/make_samples.py) for the project's own sample pictures.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define MARGIN 0.1

static struct engine *engine;
static struct session *session;

struct tally {
    size_t compared, equal, unsure, unsure_equal;
};

static bool answer_is(struct picture *picture, const char *question, const char *want, bool sure)
{
    sync_to(session,
            &(struct message){
                .role = ROLE_USER, .text = question, .pictures = &picture, .n_pictures = 1},
            1);
    struct answer got = hear_answer(session, NULL);
    bool equal = strcmp(got.text, want) == 0;
    if (!equal)
        print_message("%s%s: %s\n    wanted: %s\n    got:    %s\n", sure ? "" : "(unsure) ",
                      picture_name(picture), question, want, got.text);
    return equal;
}

static void compare(const char *file, const char *field, const char *pictures)
{
    struct tally t = {0};
    json_t *all = read_json(file);
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *item = json_array_get(all, i);
        char path[2048];
        snprintf(path, sizeof(path), "%s/%s", pictures,
                 json_string_value(json_object_get(item, "picture")));
        struct picture *picture = read_picture(path);
        bool sure = json_number_value(json_object_get(item, "margin")) > MARGIN;
        bool equal = answer_is(picture, json_string_value(json_object_get(item, "question")),
                               json_string_value(json_object_get(item, field)), sure);
        *(sure ? &t.compared : &t.unsure) += 1;
        *(sure ? &t.equal : &t.unsure_equal) += equal;
        picture_unref(picture);
    }
    json_decref(all);
    print_message("%s: %zu answers compared, %zu equal; of %zu with a margin of %.1f or less %zu "
                  "equal\n",
                  field, t.compared, t.equal, t.unsure, MARGIN, t.unsure_equal);
    assert_true(t.compared > 0);
    assert_int_equal(t.equal, t.compared);
}

static void answers_equal_pytorchs(void **state)
{
    (void)state;
    compare(data_path("answers/answers.json"), "torch", data_path("answers/pictures"));
}

static void answers_about_the_sample_pictures_equal_numpys(void **state)
{
    (void)state;
    compare(data_path("answers/samples.json"), "numpy", data_path("../../assets/pictures"));
}

static int load(void **state)
{
    *state = engine = open_engine(default_model(), default_eyes(), 0);
    session = open_session(engine);
    return 0;
}

static int unload(void **state)
{
    session_destroy(session);
    return close_engine(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_equal_pytorchs),
        cmocka_unit_test(answers_about_the_sample_pictures_equal_numpys),
    };
    need_default_model();
    return cmocka_run_group_tests(tests, load, unload);
}
