// Opens arbitrary bytes as a GGUF file and reads all that the reader hands out.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "engine/model/gguf.h"
#include "engine/model/quant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Keeps the reads: what they add up to ends in a volatile.
static uint64_t sum_bytes(const void *data, uint64_t size)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < size; i++)
        sum += ((const unsigned char *)data)[i];
    return sum;
}

static void require(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t read_strings(const struct gguf *g, const char *key)
{
    struct gguf_string *strings;
    size_t count;
    uint64_t sum = 0;
    if (!gguf_array_strings(g, key, &strings, &count))
        return 0;
    require(count == gguf_array_count(g, key));
    for (size_t i = 0; i < count; i++)
        sum += sum_bytes(strings[i].data, strings[i].size);
    free(strings);
    return sum;
}

static uint64_t read_value(const struct gguf *g, const char *key)
{
    uint32_t u = 0;
    int64_t n = 0;
    float f = 0;
    bool b = false;
    struct gguf_string s = {"", 0};
    gguf_get_u32(g, key, &u);
    gguf_get_i64(g, key, &n);
    gguf_get_f32(g, key, &f);
    gguf_get_bool(g, key, &b);
    gguf_get_string(g, key, &s);
    uint64_t sum = u + (uint64_t)n + sum_bytes(&f, sizeof(f)) + b + sum_bytes(s.data, s.size);
    size_t count = gguf_array_count(g, key);
    for (size_t i = 0; i < count && i < 1000; i++) {
        if (gguf_array_f32(g, key, i, &f))
            sum += sum_bytes(&f, sizeof(f));
        if (gguf_array_i64(g, key, i, &n))
            sum += (uint64_t)n;
    }
    require(!gguf_array_f32(g, key, count, &f) && !gguf_array_i64(g, key, count, &n));
    return sum + read_strings(g, key);
}

static uint64_t read_pairs(const struct gguf *g)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < gguf_pair_count(g); i++) {
        const struct gguf_pair *p = gguf_pair_at(g, i);
        require(p->item_type != GGUF_ARRAY && p->key.size > 0);
        sum += sum_bytes(p->data, p->size);
        char *key = strndup(p->key.data, p->key.size);
        require(key != NULL);
        if (strlen(key) == p->key.size)
            require(gguf_find_pair(g, key) == p);
        sum += read_value(g, key);
        free(key);
    }
    return sum;
}

static uint64_t read_tensors(const struct gguf *g)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < gguf_tensor_count(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        require(gguf_find_tensor(g, t->name) == t && t->n_dims >= 1 && t->n_dims <= 4);
        require((uintptr_t)t->data % 8 == 0);
        const struct quant *q = quant_find(t->type);
        require(q && t->dims[0] % q->elems == 0);
        require(t->dims[0] / q->elems * t->dims[1] * t->dims[2] * t->dims[3] * q->bytes == t->size);
        sum += sum_bytes(t->data, t->size);
        float out[256];
        if (q->dequantize) {
            q->dequantize(t->data, out, 1);
            sum += sum_bytes(out, q->elems * sizeof(*out));
        }
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("gguf", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct error e = {0};
    struct gguf *g = gguf_open(path, &e);
    close(fd);
    if (!g) {
        require(e.kind == ERROR_MODEL && utf8_valid(e.text, strlen(e.text)));
        return 0;
    }
    volatile uint64_t sum = read_pairs(g) + read_tensors(g);
    (void)sum;
    gguf_close(g);
    return 0;
}
