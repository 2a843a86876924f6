#include <stdlib.h>
#include <string.h>

#include "engine/model/gguf_file.h"

size_t gguf_pair_count(const struct gguf *g)
{
    return g->pair_count;
}

const struct gguf_pair *gguf_pair_at(const struct gguf *g, size_t i)
{
    return &g->pairs[i];
}

const struct gguf_pair *gguf_find_pair(const struct gguf *g, const char *key)
{
    const struct gguf_index *found = gguf_search_index(g->pair_index, g->pair_count, key);
    return found ? &g->pairs[found->at] : NULL;
}

size_t gguf_tensor_count(const struct gguf *g)
{
    return g->tensor_count;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i)
{
    return &g->tensors[i];
}

const struct gguf_tensor *gguf_find_tensor(const struct gguf *g, const char *name)
{
    const struct gguf_index *found = gguf_search_index(g->tensor_index, g->tensor_count, name);
    return found ? &g->tensors[found->at] : NULL;
}

// Item i of a pair whose items have a fixed size. false: not an integer, or above INT64_MAX.
static bool item_i64(const struct gguf_pair *p, size_t i, int64_t *out)
{
    size_t size = gguf_item_size(p->item_type);
    uint64_t bits = 0;
    if (size)
        memcpy(&bits, (const unsigned char *)p->data + i * size, size);
    switch (p->item_type) {
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32:
    case GGUF_I64:
        *out = (int64_t)bits;
        return true;
    case GGUF_U64:
        if (bits > INT64_MAX)
            return false;
        *out = (int64_t)bits;
        return true;
    case GGUF_I8:
        *out = (int8_t)bits;
        return true;
    case GGUF_I16:
        *out = (int16_t)bits;
        return true;
    case GGUF_I32:
        *out = (int32_t)bits;
        return true;
    default:
        return false;
    }
}

static bool item_f32(const struct gguf_pair *p, size_t i, float *out)
{
    if (p->item_type == GGUF_F32) {
        memcpy(out, (const unsigned char *)p->data + i * sizeof(*out), sizeof(*out));
        return true;
    }
    if (p->item_type != GGUF_F64)
        return false;
    double wide;
    memcpy(&wide, (const unsigned char *)p->data + i * sizeof(wide), sizeof(wide));
    *out = (float)wide;
    return true;
}

// NULL: absent, or an array.
static const struct gguf_pair *find_single(const struct gguf *g, const char *key)
{
    const struct gguf_pair *p = gguf_find_pair(g, key);
    return p && p->type != GGUF_ARRAY ? p : NULL;
}

bool gguf_get_i64(const struct gguf *g, const char *key, int64_t *out)
{
    const struct gguf_pair *p = find_single(g, key);
    return p && item_i64(p, 0, out);
}

bool gguf_get_u32(const struct gguf *g, const char *key, uint32_t *out)
{
    int64_t value;
    if (!gguf_get_i64(g, key, &value) || value < 0 || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

bool gguf_get_f32(const struct gguf *g, const char *key, float *out)
{
    const struct gguf_pair *p = find_single(g, key);
    return p && item_f32(p, 0, out);
}

bool gguf_get_bool(const struct gguf *g, const char *key, bool *out)
{
    const struct gguf_pair *p = find_single(g, key);
    if (!p || p->type != GGUF_BOOL)
        return false;
    *out = *(const unsigned char *)p->data != 0;
    return true;
}

// The string at `at`, which opening the file has checked; returns what follows it.
static const char *read_string(const char *at, struct gguf_string *out)
{
    uint64_t size;
    memcpy(&size, at, sizeof(size));
    *out = (struct gguf_string){at + sizeof(size), size};
    return out->data + size;
}

bool gguf_get_string(const struct gguf *g, const char *key, struct gguf_string *out)
{
    const struct gguf_pair *p = find_single(g, key);
    if (!p || p->type != GGUF_STRING)
        return false;
    read_string(p->data, out);
    return true;
}

// NULL: absent, or not an array.
static const struct gguf_pair *find_array(const struct gguf *g, const char *key)
{
    const struct gguf_pair *p = gguf_find_pair(g, key);
    return p && p->type == GGUF_ARRAY ? p : NULL;
}

size_t gguf_array_count(const struct gguf *g, const char *key)
{
    const struct gguf_pair *p = find_array(g, key);
    return p ? p->count : 0;
}

bool gguf_array_f32(const struct gguf *g, const char *key, size_t i, float *out)
{
    const struct gguf_pair *p = find_array(g, key);
    return p && i < p->count && item_f32(p, i, out);
}

bool gguf_array_i64(const struct gguf *g, const char *key, size_t i, int64_t *out)
{
    const struct gguf_pair *p = find_array(g, key);
    return p && i < p->count && item_i64(p, i, out);
}

bool gguf_array_strings(const struct gguf *g, const char *key, struct gguf_string **out,
                        size_t *count)
{
    const struct gguf_pair *p = find_array(g, key);
    if (!p || p->item_type != GGUF_STRING)
        return false;
    // One more than needed: calloc may return NULL for nothing.
    struct gguf_string *strings = calloc(p->count + 1, sizeof(*strings));
    if (!strings)
        return false;
    const char *at = p->data;
    for (size_t i = 0; i < p->count; i++)
        at = read_string(at, &strings[i]);
    *out = strings;
    *count = p->count;
    return true;
}
