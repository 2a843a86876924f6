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

static void decoder_equals_the_reference(void **state)
{
    const char *name = *state;
    char path[64];
    struct golden_case c;
    struct outcome o = {0};
    snprintf(path, sizeof(path), "/tmp/pumice-decoder-%d.gguf", (int)getpid());
    golden_read(&c, data_path("decoders/%s", name), "");
    bound_tells_apart(&c, "wrong", LOGITS_MOST);
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
    return run_cases("decoders", cases, COUNT(cases), decoder_equals_the_reference);
}
