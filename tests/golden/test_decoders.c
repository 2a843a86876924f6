// Families of decoders against transformers: each case is a model that is made here with random
// weights (decoder_recipes.c), a prompt longer than what it is about (a window, an original
// context), and the logits and continuation that make/decoders.py computed from the same file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "compare.h"
#include "model_file.h"

static const char *const cases[] = {
    "llama-mha",  "llama-linear", "llama-tied-biases", "llama3", "llama3-rope",
    "mistral",    "yi",           "mistral-window",    "qwen2",  "phi3",
    "phi3-short", "phi3-long",
};

// What a wrong engine would give is well above the bound, or the case proves nothing.
static void bound_tells_apart(const struct golden_case *c)
{
    const char *what;
    json_t *off;
    json_object_foreach(json_object_get(c->json, "wrong"), what, off)
    {
        if (!(json_number_value(off) > 100 * LOGITS_MOST))
            fail_msg("%s changes the logits by %.1e only", what, json_number_value(off));
    }
}

static void decoder_equals_the_reference(void **state)
{
    const char *name = *state;
    char path[64];
    struct golden_case c;
    struct outcome o = {0};
    snprintf(path, sizeof(path), "/tmp/pumice-decoder-%d.gguf", (int)getpid());
    golden_read(&c, data_path("decoders/%s", name), "");
    bound_tells_apart(&c);
    assert_true(model_file_write(c.lm, path));
    struct engine *engine = open_engine(path, NULL, c.context);
    unlink(path);
    struct session *s = open_session(engine);
    compare_logits(&c, engine, s, &o);
    outcome_print(name, &o);
    session_destroy(s);
    engine_destroy(engine);
    golden_finish(&c);
}

int main(void)
{
    static struct CMUnitTest tests[COUNT(cases)];
    static char names[COUNT(cases)][64];
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(names[i], sizeof(names[i]), "%s", cases[i]);
        for (char *at = names[i]; *at; at++)
            *at = *at == '-' ? '_' : *at;
        tests[i] = (struct CMUnitTest){.name = names[i],
                                       .test_func = decoder_equals_the_reference,
                                       .initial_state = (void *)cases[i]};
    }
    return _cmocka_run_group_tests("decoders", tests, COUNT(cases), NULL, NULL);
}
