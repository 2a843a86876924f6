// Where the model files are, and opening them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/vocabulary.h"

const char *smollm_model(void)
{
    const char *model = getenv("PUMICE_TEST_MODEL");
    if (!model) {
        print_message("PUMICE_TEST_MODEL is not set to a GGUF file with SmolLM2's vocabulary\n");
        skip();
    }
    return model;
}

const char *reference_model(const char *name)
{
    static char path[512];
    const char *folder = getenv("PUMICE_REFERENCE");
    assert_non_null(folder);
    snprintf(path, sizeof(path), "%s/tokenizers/%s", folder, name);
    return path;
}

struct subject open_subject(const char *path)
{
    struct error e = {0};
    struct subject s = {.g = gguf_open(path, &e)};
    if (s.g)
        s.t = tokenizer_create(s.g, &e);
    if (!s.t)
        fail_msg("%s", e.text);
    return s;
}

void close_subject(struct subject *s)
{
    tokenizer_destroy(s->t);
    gguf_close(s->g);
}
