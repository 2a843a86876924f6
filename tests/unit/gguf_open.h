// Bytes opened as a GGUF file: what is refused is refused in a harmless sentence.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "engine/model/gguf.h"
#include "tests/unit/gguf_bytes.h"

static inline struct gguf *open_bytes(const struct bytes *b, struct error *e)
{
    const char *path = test_path("a.gguf");
    write_bytes(path, b->data, b->size);
    struct gguf *g = gguf_open(path, e);
    unlink(path);
    return g;
}

static inline void check_sentence(const struct error *e, const char *file, const char *reason)
{
    assert_int_equal(e->kind, ERROR_MODEL);
    assert_true(utf8_valid(e->text, strlen(e->text)));
    assert_null(strpbrk(e->text, "\n\t\x1b"));
    if (!strstr(e->text, file) || !strstr(e->text, reason))
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", e->text, file, reason);
}

static inline void refuse(const struct bytes *b, const char *reason)
{
    struct error e = {0};
    struct gguf *g = open_bytes(b, &e);
    if (g)
        fail_msg("opened; expected \"%s\"", reason);
    check_sentence(&e, "a.gguf", reason);
}
