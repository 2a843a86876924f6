// A model in several files, as llama.cpp's gguf-split cuts it: NAME-00001-of-00003.gguf and so on.
// The first has all metadata; each has its tensors, and keys that say which part it is.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/model/gguf_file.h"

enum {
    MOST_PARTS = 10000,
    TAIL = sizeof("-00001-of-00003.gguf") - 1,
};

struct place {
    uint32_t number, count; // number from 0
};

static bool read_place(const struct gguf *g, struct place *out)
{
    *out = (struct place){0, 1};
    gguf_get_u32(g, "split.no", &out->number);
    return gguf_get_u32(g, "split.count", &out->count) && out->count > 1;
}

static void tail_of(char out[TAIL + 1], uint32_t number, uint32_t count)
{
    snprintf(out, TAIL + 1, "-%05" PRIu32 "-of-%05" PRIu32 ".gguf", (number + 1) % 100000,
             count % 100000);
}

// Is this the first, under a name from which the others' follow?
static bool check_first(const struct gguf *g, struct place p, struct error *e)
{
    char tail[TAIL + 1];
    tail_of(tail, 0, p.count);
    if (p.count > MOST_PARTS)
        return gguf_damaged(g, e, "it says that it is one of %" PRIu32 " parts", p.count);
    if (p.number != 0)
        return error_set(e, ERROR_MODEL,
                         "%s is part %" PRIu32 " of a model in %" PRIu32
                         " parts; name the first, whose name ends in %s",
                         g->shown, p.number + 1, p.count, tail);
    size_t size = strlen(g->path);
    if (size < TAIL || strcmp(g->path + size - TAIL, tail) != 0)
        return error_set(e, ERROR_MODEL,
                         "%s is the first of %" PRIu32
                         " parts of a model, but its name does not end in %s; give all parts the "
                         "names that they came with",
                         g->shown, p.count, tail);
    return true;
}

static struct gguf *open_part(const struct gguf *g, struct place p, struct error *e)
{
    char *path = strdup(g->path);
    struct place seen;
    if (!path) {
        error_no_memory(e);
        return NULL;
    }
    char *tail = path + strlen(path) - TAIL;
    tail_of(tail, p.number, p.count);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    bool there = access(path, F_OK) == 0;
    if (!there)
        error_set(e, ERROR_MODEL,
                  "%s is one of %" PRIu32 " parts of a model, and part %" PRIu32
                  " (%s) is not beside it; put all parts into one folder",
                  g->shown, p.count, p.number + 1,
                  gguf_show((struct gguf_string){name, strlen(name)}).text);
    struct gguf *part = there ? gguf_open_file(path, e) : NULL;
    free(path);
    if (!part || (read_place(part, &seen) && seen.number == p.number && seen.count == p.count))
        return part;
    error_set(e, ERROR_MODEL,
              "%s is not part %" PRIu32 " of the model in %" PRIu32
              " parts that its name says; download it again",
              part->shown, p.number + 1, p.count);
    gguf_close(part);
    return NULL;
}

static bool open_parts(struct gguf *g, uint32_t count, struct error *e)
{
    g->parts = calloc(count, sizeof(struct gguf *));
    if (!g->parts)
        return error_no_memory(e);
    for (uint32_t i = 1; i < count; i++) {
        struct gguf *part = open_part(g, (struct place){i, count}, e);
        if (!part)
            return false;
        g->parts[g->part_count++] = part;
    }
    return true;
}

// The tensors of all parts as one table; names and data stay the parts'.
static bool join_tensors(struct gguf *g, struct error *e)
{
    size_t count = g->tensor_count, at = count;
    for (size_t i = 0; i < g->part_count; i++)
        count += g->parts[i]->tensor_count;
    struct gguf_tensor *tensors = realloc(g->tensors, (count + 1) * sizeof(*tensors));
    if (tensors)
        g->tensors = tensors;
    struct gguf_index *index = realloc(g->tensor_index, (count + 1) * sizeof(*index));
    if (index)
        g->tensor_index = index;
    if (!tensors || !index)
        return error_no_memory(e);
    for (size_t i = 0; i < g->part_count; at += g->parts[i++]->tensor_count)
        memcpy(tensors + at, g->parts[i]->tensors, g->parts[i]->tensor_count * sizeof(*tensors));
    for (size_t i = 0; i < count; i++)
        index[i] = (struct gguf_index){{tensors[i].name, strlen(tensors[i].name)}, i};
    const struct gguf_index *twice = gguf_sort_index(index, count);
    if (twice)
        return gguf_damaged(g, e, "the tensor \"%s\" is in two of its parts",
                            gguf_show(twice->name).text);
    g->tensor_count = count;
    return true;
}

bool gguf_join_parts(struct gguf *g, struct error *e)
{
    struct place p;
    uint32_t total;
    if (!read_place(g, &p))
        return true;
    if (!check_first(g, p, e) || !open_parts(g, p.count, e) || !join_tensors(g, e))
        return false;
    if (gguf_get_u32(g, "split.tensors.count", &total) && total != g->tensor_count)
        return gguf_damaged(g, e,
                            "its parts hold %zu tensors, and should hold %" PRIu32
                            "; download all of them again",
                            g->tensor_count, total);
    return true;
}
