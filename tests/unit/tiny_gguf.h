// Small GGUF files of metadata alone, right or wrong: add pairs, then open them as a file.
#pragma once

#include "engine/model/gguf.h"
#include "tests/unit/gguf_bytes.h"

// Zeroed memory is empty.
struct tiny_gguf {
    struct bytes pairs;
    uint64_t count;
};

static inline void tiny_string(struct tiny_gguf *t, const char *key, const char *text)
{
    put_key(&t->pairs, key, GGUF_STRING);
    put_text(&t->pairs, text);
    t->count++;
}

static inline void tiny_u32(struct tiny_gguf *t, const char *key, uint32_t value)
{
    put_key(&t->pairs, key, GGUF_U32);
    put_u32(&t->pairs, value);
    t->count++;
}

static inline void tiny_strings(struct tiny_gguf *t, const char *key, const char *const *texts,
                                size_t n)
{
    put_array_key(&t->pairs, key, GGUF_STRING, n);
    for (size_t i = 0; i < n; i++)
        put_text(&t->pairs, texts[i]);
    t->count++;
}

static inline void tiny_i32s(struct tiny_gguf *t, const char *key, const int32_t *values, size_t n)
{
    put_array_key(&t->pairs, key, GGUF_I32, n);
    put(&t->pairs, values, n * sizeof(*values));
    t->count++;
}

static inline void tiny_f32s(struct tiny_gguf *t, const char *key, const float *values, size_t n)
{
    put_array_key(&t->pairs, key, GGUF_F32, n);
    put(&t->pairs, values, n * sizeof(*values));
    t->count++;
}

// NULL with the reason in `e`.
static inline struct gguf *tiny_open(const struct tiny_gguf *t, struct error *e)
{
    struct bytes b;
    put_header(&b, 3, 0, t->count);
    put(&b, t->pairs.data, t->pairs.size);
    create_test_folder(NULL);
    const char *path = test_path("vocabulary.gguf");
    write_bytes(path, b.data, b.size);
    struct gguf *g = gguf_open(path, e);
    unlink(path);
    remove_test_folder(NULL);
    return g;
}
