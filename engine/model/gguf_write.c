// What a file is to hold, and its tables.
#include <stdlib.h>
#include <string.h>

#include "engine/model/gguf_write_internal.h"

struct gguf_writer *gguf_writer_create(const char *path, struct error *e)
{
    struct gguf_writer *w = calloc(1, sizeof(*w));
    if (!w) {
        error_no_memory(e);
        return NULL;
    }
    w->file = -1;
    w->alignment = GGUF_ALIGNMENT;
    w->path = strdup(path);
    if (!w->path) {
        error_no_memory(e);
        goto fail;
    }
    gguf_show_path(w->shown, path);
    if (!gguf_create_temporary(w, e))
        goto fail;
    return w;
fail:
    gguf_writer_destroy(w);
    return NULL;
}

void gguf_writer_destroy(struct gguf_writer *w)
{
    if (!w)
        return;
    free(w->tensors);
    free(w->keys);
    buffer_free(&w->pairs);
    gguf_discard_temporary(w);
    free(w->path);
    free(w);
}

static bool failed(const struct gguf_writer *w)
{
    return w->failure.kind != ERROR_NONE;
}

// Room for one more item in an array that grows by doubling.
static bool grow(struct gguf_writer *w, void **items, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return true;
    size_t more = *room ? 2 * *room : 32;
    void *p = reallocarray(*items, more, size);
    if (!p)
        return error_no_memory(&w->failure);
    *items = p;
    *room = more;
    return true;
}

static bool add_string(struct buffer *b, struct gguf_string s)
{
    uint64_t size = s.size;
    return buffer_add(b, &size, sizeof(size)) && buffer_add(b, s.data, s.size);
}

void gguf_write_pair(struct gguf_writer *w, const struct gguf_pair *pair)
{
    void *keys = w->keys;
    if (failed(w) || !grow(w, &keys, &w->pair_room, w->pair_count, sizeof(*w->keys)))
        return;
    w->keys = keys;
    w->keys[w->pair_count] = (struct gguf_index){pair->key, w->pair_count};
    w->pair_count++;
    uint32_t type = pair->type, item_type = pair->item_type;
    bool ok = add_string(&w->pairs, pair->key) && buffer_add(&w->pairs, &type, sizeof(type));
    if (ok && type == GGUF_ARRAY)
        ok = buffer_add(&w->pairs, &item_type, sizeof(item_type)) &&
             buffer_add(&w->pairs, &pair->count, sizeof(pair->count));
    if (!ok || !buffer_add(&w->pairs, pair->data, pair->size))
        error_no_memory(&w->failure);
    // Readers place the tensors by this pair, so the writer has to do the same.
    if (gguf_is_alignment_key(pair->key) && !gguf_alignment(pair, &w->alignment))
        error_set(&w->failure, ERROR_RUNTIME, "%s cannot be written: its alignment is not valid",
                  w->shown);
}

static void write_value(struct gguf_writer *w, const char *key, enum gguf_value_type type,
                        const void *data, size_t size)
{
    struct gguf_pair pair = {
        .key = {key, strlen(key)},
        .type = type,
        .item_type = type,
        .count = 1,
        .data = data,
        .size = size,
    };
    gguf_write_pair(w, &pair);
}

void gguf_write_string(struct gguf_writer *w, const char *key, const char *text)
{
    struct buffer b = {0};
    if (add_string(&b, (struct gguf_string){text, strlen(text)}))
        write_value(w, key, GGUF_STRING, b.data, b.size);
    else if (!failed(w))
        error_no_memory(&w->failure);
    buffer_free(&b);
}

void gguf_write_u32(struct gguf_writer *w, const char *key, uint32_t value)
{
    write_value(w, key, GGUF_U32, &value, sizeof(value));
}

void gguf_write_f32(struct gguf_writer *w, const char *key, float value)
{
    write_value(w, key, GGUF_F32, &value, sizeof(value));
}

void gguf_write_bool(struct gguf_writer *w, const char *key, bool value)
{
    unsigned char byte = value;
    write_value(w, key, GGUF_BOOL, &byte, sizeof(byte));
}

void gguf_write_tensor(struct gguf_writer *w, const struct gguf_tensor *t)
{
    void *tensors = w->tensors;
    if (failed(w) || !grow(w, &tensors, &w->tensor_room, w->tensor_count, sizeof(*w->tensors)))
        return;
    w->tensors = tensors;
    w->tensors[w->tensor_count++] = *t;
}

static uint64_t padding(const struct gguf_writer *w, uint64_t size)
{
    return (w->alignment - size % w->alignment) % w->alignment;
}

static bool add_padding(struct buffer *b, uint64_t size)
{
    if (!buffer_reserve(b, size))
        return false;
    memset(b->data + b->size, 0, size);
    b->size += size;
    b->data[b->size] = '\0';
    return true;
}

// All that comes before the tensor data, its padding included.
static bool build_tables(const struct gguf_writer *w, struct buffer *b)
{
    uint32_t version = 3;
    uint64_t counts[2] = {w->tensor_count, w->pair_count};
    bool ok = buffer_add(b, "GGUF", 4) && buffer_add(b, &version, sizeof(version)) &&
              buffer_add(b, counts, sizeof(counts)) && buffer_add(b, w->pairs.data, w->pairs.size);
    uint64_t offset = 0;
    for (size_t i = 0; ok && i < w->tensor_count; i++) {
        const struct gguf_tensor *t = &w->tensors[i];
        ok = add_string(b, (struct gguf_string){t->name, strlen(t->name)}) &&
             buffer_add(b, &t->n_dims, sizeof(t->n_dims)) &&
             buffer_add(b, t->dims, t->n_dims * sizeof(*t->dims)) &&
             buffer_add(b, &t->type, sizeof(t->type)) && buffer_add(b, &offset, sizeof(offset));
        offset += t->size + padding(w, t->size);
    }
    return ok && add_padding(b, padding(w, b->size));
}

static bool check_names(struct gguf_writer *w, struct error *e)
{
    const struct gguf_index *twice = gguf_sort_index(w->keys, w->pair_count);
    if (twice)
        return error_set(e, ERROR_RUNTIME,
                         "%s cannot be written: the metadata key \"%s\" is there twice", w->shown,
                         gguf_show(twice->name).text);
    struct gguf_index *names = calloc(w->tensor_count + 1, sizeof(*names));
    if (!names)
        return error_no_memory(e);
    for (size_t i = 0; i < w->tensor_count; i++)
        names[i].name = (struct gguf_string){w->tensors[i].name, strlen(w->tensors[i].name)};
    twice = gguf_sort_index(names, w->tensor_count);
    if (twice)
        error_set(e, ERROR_RUNTIME, "%s cannot be written: the tensor \"%s\" is there twice",
                  w->shown, gguf_show(twice->name).text);
    free(names);
    return !twice;
}

static bool write_file(const struct gguf_writer *w, struct error *e)
{
    struct buffer tables = {0};
    struct buffer zeros = {0};
    bool ok = build_tables(w, &tables) && add_padding(&zeros, w->alignment);
    if (!ok)
        error_no_memory(e);
    ok = ok && gguf_write_all(w, tables.data, tables.size, e);
    for (size_t i = 0; ok && i < w->tensor_count; i++) {
        const struct gguf_tensor *t = &w->tensors[i];
        ok = gguf_write_all(w, t->data, t->size, e) &&
             gguf_write_all(w, zeros.data, padding(w, t->size), e);
    }
    buffer_free(&zeros);
    buffer_free(&tables);
    return ok;
}

bool gguf_write_finish(struct gguf_writer *w, struct error *e)
{
    bool ok = !failed(w);
    if (!ok)
        error_set(e, w->failure.kind, "%s", w->failure.text);
    ok = ok && check_names(w, e) && write_file(w, e) && gguf_put_in_place(w, e);
    if (!ok)
        gguf_discard_temporary(w);
    return ok;
}
