#include "model_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_values.h"

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "a model file cannot be made: %s\n", what);
    exit(1);
}

struct model_file model_file_start(const char *name, const char *path)
{
    struct error e = {0};
    struct model_file f = {.writer = gguf_writer_create(path, &e),
                           .seed = random_start(name, 1).state};
    if (!f.writer)
        give_up(e.text);
    return f;
}

void model_file_finish(struct model_file *f)
{
    struct error e = {0};
    if (!gguf_write_finish(f->writer, &e))
        give_up(e.text);
    gguf_writer_destroy(f->writer);
    for (size_t i = 0; i < f->n_kept; i++)
        free(f->kept[i]);
    free(f->kept);
}

void *model_file_keep(struct model_file *f, size_t size)
{
    void **more = reallocarray(f->kept, f->n_kept + 1, sizeof(*more));
    void *bytes = malloc(size);
    if (!more || !bytes)
        give_up("no memory");
    f->kept = more;
    return f->kept[f->n_kept++] = bytes;
}

static void add(struct model_file *f, const char *name, struct gguf_tensor t, const void *data)
{
    char *copy = model_file_keep(f, strlen(name) + 1);
    memcpy(copy, name, strlen(name) + 1);
    t.name = copy;
    t.data = data;
    gguf_write_tensor(f->writer, &t);
}

static void add_random(struct model_file *f, const char *name, struct gguf_tensor t,
                       float deviation)
{
    const struct quant *q = quant_find(t.type);
    uint64_t count = t.dims[0] * t.dims[1] * t.dims[2] * t.dims[3];
    struct random_bits r = random_start(name, f->seed);
    t.size = count / q->elems * q->bytes;
    void *data = model_file_keep(f, t.size);
    if (t.dims[0] % q->elems != 0)
        give_up("rows are no whole blocks");
    random_values(&r, t.type, 0, deviation, count, data);
    add(f, name, t, data);
}

void model_file_matrix(struct model_file *f, const char *name, enum quant_type type,
                       uint32_t columns, uint32_t rows, float deviation)
{
    add_random(f, name,
               (struct gguf_tensor){.n_dims = 2, .dims = {columns, rows, 1, 1}, .type = type},
               deviation);
}

void model_file_patches(struct model_file *f, const char *name, uint32_t patch, uint32_t rows,
                        float deviation)
{
    add_random(
        f, name,
        (struct gguf_tensor){.n_dims = 4, .dims = {patch, patch, 3, rows}, .type = QUANT_F16},
        deviation);
}

void model_file_floats(struct model_file *f, const char *name, const float *values, uint32_t size)
{
    uint64_t bytes = size * sizeof(*values);
    add(f, name,
        (struct gguf_tensor){
            .n_dims = 1, .dims = {size, 1, 1, 1}, .type = QUANT_F32, .size = bytes},
        memcpy(model_file_keep(f, bytes), values, bytes));
}

void model_file_vector(struct model_file *f, const char *name, uint32_t size, float mean,
                       float deviation)
{
    float *values = model_file_keep(f, size * sizeof(*values));
    struct random_bits r = random_start(name, f->seed);
    random_values(&r, QUANT_F32, mean, deviation, size, values);
    model_file_floats(f, name, values, size);
}

void model_file_array(struct model_file *f, const char *key, enum gguf_value_type type,
                      const void *items, uint32_t count, size_t size)
{
    gguf_write_pair(f->writer, &(struct gguf_pair){.key = {key, strlen(key)},
                                                   .type = GGUF_ARRAY,
                                                   .item_type = type,
                                                   .count = count,
                                                   .data = items,
                                                   .size = size});
}

bool model_file_write(const char *name, const char *path)
{
    struct decoder_recipe decoder;
    const struct tower_recipe *tower = tower_recipe_find(name);
    if (tower)
        tower_file_write(tower, path);
    else if (decoder_recipe_find(name, &decoder))
        decoder_file_write(&decoder, path);
    else
        return false;
    return true;
}
