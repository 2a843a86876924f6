#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/model/gguf_file.h"

const void *gguf_take(struct gguf_cursor *c, uint64_t size)
{
    if (c->cut || size > c->left) {
        c->cut = true;
        return NULL;
    }
    const void *p = c->at;
    c->at += size;
    c->left -= size;
    return p;
}

uint32_t gguf_take_u32(struct gguf_cursor *c)
{
    uint32_t v = 0;
    const void *p = gguf_take(c, sizeof(v));
    if (p)
        memcpy(&v, p, sizeof(v));
    return v;
}

uint64_t gguf_take_u64(struct gguf_cursor *c)
{
    uint64_t v = 0;
    const void *p = gguf_take(c, sizeof(v));
    if (p)
        memcpy(&v, p, sizeof(v));
    return v;
}

struct gguf_string gguf_take_string(struct gguf_cursor *c)
{
    uint64_t size = gguf_take_u64(c);
    const char *data = gguf_take(c, size);
    return (struct gguf_string){data, data ? size : 0};
}

static int compare_names(struct gguf_string a, struct gguf_string b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_entries(const void *a, const void *b)
{
    const struct gguf_index *x = a, *y = b;
    return compare_names(x->name, y->name);
}

const struct gguf_index *gguf_sort_index(struct gguf_index *index, size_t count)
{
    if (count > 0) // an empty index may be NULL
        qsort(index, count, sizeof(*index), compare_entries);
    for (size_t i = 1; i < count; i++) {
        if (compare_entries(&index[i - 1], &index[i]) == 0)
            return &index[i];
    }
    return NULL;
}

const struct gguf_index *gguf_search_index(const struct gguf_index *index, size_t count,
                                           const char *name)
{
    struct gguf_index wanted = {.name = {name, strlen(name)}};
    return count ? bsearch(&wanted, index, count, sizeof(*index), compare_entries) : NULL;
}

bool gguf_is_alignment_key(struct gguf_string key)
{
    const char *name = "general.alignment";
    return key.size == strlen(name) && memcmp(key.data, name, key.size) == 0;
}

bool gguf_alignment(const struct gguf_pair *pair, uint32_t *out)
{
    uint32_t value;
    if (pair->type != GGUF_U32)
        return false;
    memcpy(&value, pair->data, sizeof(value));
    // The format asks for a multiple of 8; every pointer to numbers is then aligned, too.
    if (value < 8 || value > 1 << 20 || (value & (value - 1)) != 0)
        return false;
    *out = value;
    return true;
}

size_t gguf_item_size(uint32_t type)
{
    static const unsigned char sizes[] = {
        [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2, [GGUF_I16] = 2,
        [GGUF_U32] = 4, [GGUF_I32] = 4, [GGUF_F32] = 4, [GGUF_BOOL] = 1,
        [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
    };
    return type < sizeof(sizes) ? sizes[type] : 0;
}

// Cleans text for a sentence, which has neither lines nor tabs.
static size_t clean(char *out, size_t room, const char *text, size_t size)
{
    size_t used = utf8_clean(out, room, text, size);
    for (size_t i = 0; i < used; i++) {
        if (out[i] == '\n' || out[i] == '\t')
            out[i] = ' ';
    }
    return used;
}

struct gguf_shown gguf_show(struct gguf_string name)
{
    struct gguf_shown s;
    clean(s.text, sizeof(s.text), name.data, name.size);
    return s;
}

void gguf_show_path(char out[GGUF_SHOWN_PATH], const char *path)
{
    // A long path must not push the reason out of the error text; its end tells more than its
    // start.
    const size_t most = 160;
    size_t size = strlen(path);
    size_t used = 0;
    if (size > most) {
        used = clean(out, GGUF_SHOWN_PATH, "...", 3);
        path += size - most;
        while ((*path & 0xc0) == 0x80)
            path++;
    }
    clean(out + used, GGUF_SHOWN_PATH - used, path, strlen(path));
}

bool gguf_damaged(const struct gguf *g, struct error *e, const char *format, ...)
{
    char reason[400];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    return error_set(e, ERROR_MODEL, "the model file %s is damaged: %s; download it again",
                     g->shown, reason);
}

bool gguf_too_many(const struct gguf *g, const char *what, uint64_t count, struct error *e)
{
    return error_set(e, ERROR_MODEL,
                     "the model file %s is truncated or damaged: it claims %" PRIu64
                     " %s, too many for its %" PRIu64 " bytes; download it again",
                     g->shown, count, what, g->size);
}

bool gguf_tables_cut(const struct gguf *g, struct error *e)
{
    return error_set(e, ERROR_MODEL,
                     "the model file %s is truncated or damaged: its tables run past its end at "
                     "%" PRIu64 " bytes; download it again",
                     g->shown, g->size);
}
