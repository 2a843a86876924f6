#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/gguf_file.h"
#include "engine/model/quant.h"

enum { LEAST_TENSOR = 8 + 1 + 4 + 8 + 4 + 8 }; // name of one byte, one dimension, type, offset

static bool read_alignment(const struct gguf *g, uint32_t *alignment, struct error *e)
{
    const struct gguf_pair *p = gguf_find_pair(g, "general.alignment");
    *alignment = GGUF_ALIGNMENT;
    if (p && p->type != GGUF_U32)
        return gguf_damaged(g, e, "the type of general.alignment is not u32");
    if (p && !gguf_alignment(p, alignment))
        return gguf_damaged(g, e, "its alignment is not a power of two from 8 to 1048576");
    return true;
}

static bool parse_name(struct gguf *g, struct gguf_cursor *c, size_t i, struct error *e)
{
    struct gguf_string name = gguf_take_string(c);
    if (c->cut)
        return gguf_tables_cut(g, e);
    if (name.size == 0 || name.size >= GGUF_NAME_ROOM || memchr(name.data, '\0', name.size))
        return gguf_damaged(g, e, "the name of tensor %zu is not a text of 1 to %d bytes", i + 1,
                            GGUF_NAME_ROOM - 1);
    memcpy(g->names[i], name.data, name.size);
    g->tensors[i].name = g->names[i];
    g->tensor_index[i] = (struct gguf_index){name, i};
    return true;
}

// Dimensions whose product fits 63 bits, so that it may be counted in either signedness.
static bool parse_dims(const struct gguf *g, struct gguf_cursor *c, struct gguf_tensor *t,
                       const char *shown, struct error *e)
{
    t->n_dims = gguf_take_u32(c);
    if (!c->cut && (t->n_dims < 1 || t->n_dims > 4))
        return gguf_damaged(g, e,
                            "the tensor \"%s\" has %" PRIu32 " dimensions, 1 to 4 are allowed",
                            shown, t->n_dims);
    uint64_t elements = 1;
    for (uint32_t d = 0; d < 4; d++) {
        t->dims[d] = d < t->n_dims ? gguf_take_u64(c) : 1;
        if (c->cut)
            return gguf_tables_cut(g, e);
        if (t->dims[d] == 0)
            return gguf_damaged(g, e, "the tensor \"%s\" has a dimension of 0", shown);
        if (__builtin_mul_overflow(elements, t->dims[d], &elements) || elements > INT64_MAX)
            return gguf_damaged(g, e, "the tensor \"%s\" has absurdly large dimensions", shown);
    }
    return true;
}

// Needs the dimensions; sets the type and the size in bytes.
static bool parse_type(const struct gguf *g, struct gguf_cursor *c, struct gguf_tensor *t,
                       const char *shown, struct error *e)
{
    t->type = gguf_take_u32(c);
    if (c->cut)
        return gguf_tables_cut(g, e);
    const struct quant *q = quant_find(t->type);
    if (!q)
        return error_set(e, ERROR_MODEL,
                         "the model file %s holds the tensor \"%s\" of type number %" PRIu32
                         ", which is unknown to this program or no longer in use; get the model in "
                         "another quantization",
                         g->shown, shown, t->type);
    if (t->dims[0] % q->elems != 0)
        return gguf_damaged(g, e,
                            "the tensor \"%s\" has rows of %" PRIu64
                            " elements, which are not whole blocks of %s",
                            shown, t->dims[0], q->name);
    uint64_t blocks = t->dims[0] / q->elems * t->dims[1] * t->dims[2] * t->dims[3];
    if (__builtin_mul_overflow(blocks, q->bytes, &t->size) || t->size > INT64_MAX)
        return gguf_damaged(g, e, "the tensor \"%s\" has absurdly large dimensions", shown);
    return true;
}

// Where a tensor's bytes lie, counted from the start of the tensor data.
struct extent {
    uint64_t offset;
    struct gguf_tensor *tensor;
};

static bool parse_tensor(struct gguf *g, struct gguf_cursor *c, size_t i, uint32_t alignment,
                         struct extent *x, struct error *e)
{
    struct gguf_tensor *t = &g->tensors[i];
    if (!parse_name(g, c, i, e))
        return false;
    struct gguf_shown shown = gguf_show(g->tensor_index[i].name);
    if (!parse_dims(g, c, t, shown.text, e) || !parse_type(g, c, t, shown.text, e))
        return false;
    *x = (struct extent){gguf_take_u64(c), t};
    if (c->cut)
        return gguf_tables_cut(g, e);
    if (x->offset % alignment != 0)
        return gguf_damaged(g, e,
                            "the tensor \"%s\" lies at the offset %" PRIu64
                            ", which is not a multiple of %" PRIu32,
                            shown.text, x->offset, alignment);
    return true;
}

static int compare_extents(const void *a, const void *b)
{
    uint64_t x = ((const struct extent *)a)->offset;
    uint64_t y = ((const struct extent *)b)->offset;
    return (x > y) - (x < y);
}

static struct gguf_shown show(const struct gguf_tensor *t)
{
    return gguf_show((struct gguf_string){t->name, strlen(t->name)});
}

// Any order of the data is fine, gaps too. `start` is where they begin in the file.
static bool place_tensors(const struct gguf *g, struct extent *extents, size_t count,
                          uint64_t start, struct error *e)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < count; i++) {
        const struct gguf_tensor *t = extents[i].tensor;
        uint64_t end;
        if (__builtin_add_overflow(extents[i].offset, start, &end) ||
            __builtin_add_overflow(end, t->size, &end))
            return gguf_damaged(g, e, "the tensor \"%s\" lies at an absurdly large offset",
                                show(t).text);
        expected = end > expected ? end : expected;
    }
    if (expected > g->size)
        return error_set(e, ERROR_MODEL,
                         "the model file %s is truncated: %" PRIu64 " bytes expected, %" PRIu64
                         " there, %" PRIu64 " missing; download it again",
                         g->shown, expected, g->size, expected - g->size);
    qsort(extents, count, sizeof(*extents), compare_extents);
    for (size_t i = 0; i < count; i++) {
        struct gguf_tensor *t = extents[i].tensor;
        if (i > 0 && extents[i].offset - extents[i - 1].offset < extents[i - 1].tensor->size)
            return gguf_damaged(g, e, "the tensors \"%s\" and \"%s\" overlap",
                                show(extents[i - 1].tensor).text, show(t).text);
        t->data = g->bytes + start + extents[i].offset;
    }
    return true;
}

bool gguf_parse_tensors(struct gguf *g, struct gguf_cursor *c, uint64_t count, struct error *e)
{
    uint32_t alignment;
    if (!read_alignment(g, &alignment, e))
        return false;
    if (count > c->left / LEAST_TENSOR || count > GGUF_MOST_RECORDS)
        return gguf_too_many(g, "tensors", count, e);
    // One more than needed: calloc may return NULL for nothing.
    g->tensors = calloc(count + 1, sizeof(*g->tensors));
    g->names = calloc(count + 1, sizeof(*g->names));
    g->tensor_index = calloc(count + 1, sizeof(*g->tensor_index));
    struct extent *extents = calloc(count + 1, sizeof(*extents));
    bool ok = false;
    if (!g->tensors || !g->names || !g->tensor_index || !extents) {
        error_no_memory(e);
        goto done;
    }
    for (size_t i = 0; i < count; i++) {
        if (!parse_tensor(g, c, i, alignment, &extents[i], e))
            goto done;
    }
    const struct gguf_index *twice = gguf_sort_index(g->tensor_index, count);
    if (twice) {
        gguf_damaged(g, e, "the tensor \"%s\" is there twice", gguf_show(twice->name).text);
        goto done;
    }
    // The cursor stands inside the file, so rounding up cannot overflow.
    uint64_t start = (g->size - c->left + alignment - 1) / alignment * alignment;
    ok = place_tensors(g, extents, count, start, e);
    g->tensor_count = ok ? count : 0;
done:
    free(extents);
    return ok;
}
