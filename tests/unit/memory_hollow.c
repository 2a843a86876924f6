#include "memory_hollow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ALIGN = 32, UINT32 = 4, FLOAT32 = 6, BOOL = 7, STRING = 8, ARRAY = 9 };

static void put(struct buffer *b, const void *bytes, size_t size)
{
    assert_true(buffer_add(b, bytes, size));
}

static void put_u32(struct buffer *b, uint32_t value)
{
    put(b, &value, sizeof(value));
}

static void put_u64(struct buffer *b, uint64_t value)
{
    put(b, &value, sizeof(value));
}

static void put_text(struct buffer *b, const char *text)
{
    put_u64(b, strlen(text));
    put(b, text, strlen(text));
}

static void put_key(struct hollow *h, const char *key, uint32_t type)
{
    put_text(&h->pairs, key);
    put_u32(&h->pairs, type);
    h->n_pairs++;
}

void hollow_u32(struct hollow *h, const char *key, uint32_t value)
{
    put_key(h, key, UINT32);
    put_u32(&h->pairs, value);
}

void hollow_f32(struct hollow *h, const char *key, float value)
{
    put_key(h, key, FLOAT32);
    put(&h->pairs, &value, sizeof(value));
}

void hollow_floats(struct hollow *h, const char *key, const float *values, uint32_t n)
{
    put_key(h, key, ARRAY);
    put_u32(&h->pairs, FLOAT32);
    put_u64(&h->pairs, n);
    put(&h->pairs, values, n * sizeof(*values));
}

void hollow_bool(struct hollow *h, const char *key, bool value)
{
    put_key(h, key, BOOL);
    put(&h->pairs, &(char){value}, 1);
}

void hollow_text(struct hollow *h, const char *key, const char *value)
{
    put_key(h, key, STRING);
    put_text(&h->pairs, value);
}

void hollow_tensor(struct hollow *h, const char *name, enum quant_type type, const uint64_t *dims)
{
    const struct quant *q = quant_find(type);
    uint64_t elements = 1;
    uint32_t n = 0;
    for (; dims[n]; n++)
        elements *= dims[n];
    put_text(&h->tensors, name);
    put_u32(&h->tensors, n);
    put(&h->tensors, dims, n * sizeof(*dims));
    put_u32(&h->tensors, type);
    put_u64(&h->tensors, h->size);
    h->size += (elements / q->elems * q->bytes + ALIGN - 1) / ALIGN * ALIGN;
    h->n_tensors++;
}

uint64_t hollow_write(struct hollow *h, const char *path)
{
    struct buffer head = {0};
    put(&head, "GGUF", 4);
    put_u32(&head, 3);
    put_u64(&head, h->n_tensors);
    put_u64(&head, h->n_pairs);
    put(&head, h->pairs.data, h->pairs.size);
    put(&head, h->tensors.data, h->tensors.size);
    uint64_t whole = (head.size + ALIGN - 1) / ALIGN * ALIGN + h->size;
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(head.data, 1, head.size, f), head.size);
    assert_int_equal(fflush(f), 0);
    assert_int_equal(ftruncate(fileno(f), (off_t)whole), 0);
    fclose(f);
    buffer_free(&head);
    buffer_free(&h->pairs);
    buffer_free(&h->tensors);
    *h = (struct hollow){0};
    return whole;
}
