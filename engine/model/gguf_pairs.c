#include <inttypes.h>
#include <stdlib.h>

#include "engine/model/gguf_file.h"

enum {
    LEAST_PAIR = 8 + 1 + 4 + 1, // name of one byte, type, value of one byte
    MOST_ITEMS = 1 << 30,
    MOST_KEY = 65535,
};

// Stops quietly when the cursor is cut; the caller looks.
static bool parse_type(const struct gguf *g, struct gguf_cursor *c, struct gguf_pair *p,
                       struct error *e)
{
    uint32_t type = gguf_take_u32(c);
    uint32_t item = type;
    uint64_t count = 1;
    if (type == GGUF_ARRAY) {
        item = gguf_take_u32(c);
        count = gguf_take_u64(c);
        if (item == GGUF_ARRAY)
            return gguf_damaged(g, e, "the value of \"%s\" is an array of arrays",
                                gguf_show(p->key).text);
        if (count > MOST_ITEMS)
            return gguf_damaged(g, e, "the array \"%s\" claims %" PRIu64 " items",
                                gguf_show(p->key).text, count);
    }
    if (item > GGUF_F64)
        return gguf_damaged(g, e, "\"%s\" has a value of the unknown type %" PRIu32,
                            gguf_show(p->key).text, item);
    p->type = (enum gguf_value_type)type;
    p->item_type = (enum gguf_value_type)item;
    p->count = count;
    return true;
}

static bool parse_pair(const struct gguf *g, struct gguf_cursor *c, struct gguf_pair *p, size_t i,
                       struct error *e)
{
    p->key = gguf_take_string(c);
    if (!c->cut && (p->key.size == 0 || p->key.size > MOST_KEY))
        return gguf_damaged(g, e, "the name of metadata pair %zu has %zu bytes", i + 1,
                            p->key.size);
    if (!c->cut && !parse_type(g, c, p, e))
        return false;
    const unsigned char *start = c->at;
    if (p->item_type == GGUF_STRING) {
        for (uint64_t k = 0; k < p->count && !c->cut; k++)
            gguf_take_string(c);
    } else {
        gguf_take(c, p->count * gguf_item_size(p->item_type));
    }
    p->data = start;
    p->size = (size_t)(c->at - start);
    return c->cut ? gguf_tables_cut(g, e) : true;
}

bool gguf_parse_pairs(struct gguf *g, struct gguf_cursor *c, uint64_t count, struct error *e)
{
    if (count > c->left / LEAST_PAIR || count > GGUF_MOST_RECORDS)
        return gguf_too_many(g, "metadata pairs", count, e);
    // One more than needed: calloc may return NULL for nothing.
    g->pairs = calloc(count + 1, sizeof(*g->pairs));
    g->pair_index = calloc(count + 1, sizeof(*g->pair_index));
    if (!g->pairs || !g->pair_index)
        return error_no_memory(e);
    for (size_t i = 0; i < count; i++) {
        if (!parse_pair(g, c, &g->pairs[i], i, e))
            return false;
        g->pair_index[i] = (struct gguf_index){g->pairs[i].key, i};
    }
    g->pair_count = count;
    const struct gguf_index *twice = gguf_sort_index(g->pair_index, count);
    if (twice)
        return gguf_damaged(g, e, "the metadata key \"%s\" is there twice",
                            gguf_show(twice->name).text);
    return true;
}
