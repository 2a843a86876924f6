// An answer that ends in words: the template's stop text is cut off, where the same prompt as ids
// goes on over it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

enum { MOST = 40 };

static struct engine *engine;

static size_t ids_of(const char *prompt, int32_t *ids, size_t room)
{
    struct buffer text = {0};
    struct error e = {0};
    if (!probe_tokens_json(default_model(), NULL, "plain", NULL, prompt, NULL, 0, false, &text, &e))
        fail_msg("%s", e.text);
    json_t *list = json_loads(text.data, 0, NULL);
    size_t n = json_array_size(list);
    assert_in_range(n, 1, room);
    for (size_t i = 0; i < n; i++)
        ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
    json_decref(list);
    buffer_free(&text);
    return n;
}

// What the model says to the same ids, whatever it is.
static void say_on(const char *prompt, char *out, size_t room)
{
    static const struct sampling greedy = {0};
    struct error e = {0};
    int32_t ids[64];
    size_t n = ids_of(prompt, ids, 64), used = 0;
    struct session *s = open_session(engine);
    struct sync_report report;
    assert_true(session_sync_ids(s, &(struct id_chunk){ids, (uint32_t)n}, NULL, 0, &report, &e));
    for (int i = 0; i < MOST; i++) {
        struct token t;
        if (session_next(s, &greedy, &t, &e) != STEP_TOKEN)
            break;
        assert_false(t.cut);
        assert_true(used + t.size < room);
        memcpy(out + used, t.text, t.size);
        used += t.size;
    }
    out[used] = '\0';
    session_destroy(s);
}

static void the_stop_text_ends_the_answer_and_is_not_in_it(void **state)
{
    (void)state;
    static const char *const prompts[] = {"red: a colour\ndog: an animal\nrose:",
                                          "1. one\n2. two\n3.", "Q: red\nA: a colour\nQ: dog\nA:"};
    static const struct sampling greedy = {0};
    for (size_t i = 0; i < 3; i++) {
        char all[1024], said[1024] = "";
        say_on(prompts[i], all, sizeof(all));
        char *newline = strchr(all, '\n');
        assert_non_null(newline); // or the prompt is of no use here
        struct session *s = open_session(engine);
        struct message m = ask(prompts[i], NULL, 0);
        sync_to(s, &m, 1);
        struct error e = {0};
        struct token t;
        enum step step;
        while ((step = session_next(s, &greedy, &t, &e)) == STEP_TOKEN)
            strncat(said, t.text, t.size);
        assert_int_equal(step, STEP_END);
        assert_true(t.cut);
        assert_int_equal(t.id, -1);
        strncat(said, t.text, t.size);
        *newline = '\0';
        assert_string_equal(said, all);
        session_destroy(s);
    }
}

static int load(void **state)
{
    *state = engine = open_engine_with(
        &(struct engine_params){.model = default_model(), .chat_template = "plain"});
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stop_text_ends_the_answer_and_is_not_in_it),
    };
    need_default_model();
    return cmocka_run_group_tests(tests, load, close_engine);
}
