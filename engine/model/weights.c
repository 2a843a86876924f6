// What a model asks for: its places in device memory, and what will be put there.
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "engine/model/repack.h"
#include "engine/model/weights_internal.h"

enum { PIECE_ROWS = 64 }; // a matrix is cut at multiples of it

struct weights *weights_create(struct vk_device *d, struct error *e)
{
    struct weights *w = calloc(1, sizeof(*w));
    if (!w) {
        error_no_memory(e);
        return NULL;
    }
    w->device = d;
    w->interleave = kernel_layout(vk_device_profile(d)).interleave;
    if (!weights_section(w, e)) {
        weights_destroy(w);
        return NULL;
    }
    return w;
}

void weights_destroy(struct weights *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->n_jobs; i++)
        free(w->jobs[i].floats);
    free(w->jobs);
    while (w->n_pieces > 0)
        free(w->pieces[--w->n_pieces]);
    free(w->pieces);
    while (w->n_sections > 0)
        vk_slabs_destroy(w->sections[--w->n_sections].slabs);
    free(w->sections);
    free(w);
}

bool weights_section(struct weights *w, struct error *e)
{
    struct section *s = array_reserve(w->sections, w->n_sections, &w->section_room, sizeof(*s));
    if (!s)
        return error_no_memory(e);
    w->sections = s;
    s[w->n_sections] = (struct section){.slabs = vk_slabs_create(w->device, "weights", e)};
    return s[w->n_sections].slabs && ++w->n_sections;
}

size_t weights_sections(const struct weights *w)
{
    return w->n_sections;
}

uint64_t weights_section_size(const struct weights *w, size_t i)
{
    return vk_slabs_total(w->sections[i].slabs);
}

uint64_t weights_size(const struct weights *w)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < w->n_sections; i++)
        sum += weights_section_size(w, i);
    return sum;
}

void weights_place(struct weights *w, size_t i, enum vk_memory kind)
{
    w->sections[i].kind = kind;
}

uint64_t weights_bytes(const struct weights *w)
{
    return w->bytes;
}

bool weights_allocate(struct weights *w, struct error *e)
{
    bool ok = true;
    for (size_t i = 0; ok && i < w->n_sections; i++)
        ok = vk_slabs_allocate(w->sections[i].slabs, w->sections[i].kind, e);
    return ok;
}

bool weights_type_runs(const struct gguf *g, const struct gguf_tensor *t, struct error *e)
{
    if (quant_find(t->type)->dequantize)
        return true;
    return error_set(
        e, ERROR_MODEL,
        "%s: the tensor %s is of type %s, which we do not compute; use a file of Q2_K to "
        "Q8_0, IQ4, F16, BF16 or F32",
        gguf_path(g), t->name, quant_find(t->type)->name);
}

const struct gguf_tensor *weights_tensor(const struct gguf *g, const char *name,
                                         const uint64_t *dims, uint32_t n, struct error *e)
{
    const struct gguf_tensor *t = gguf_find_tensor(g, name);
    if (!t) {
        error_set(e, ERROR_MODEL,
                  "%s lacks the tensor %s; it is damaged or of a kind that we do not run",
                  gguf_path(g), name);
        return NULL;
    }
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t want = i < n ? dims[i] : 1;
        if (t->dims[i] != want) {
            error_set(
                e, ERROR_MODEL,
                "%s: the tensor %s has %llu where its metadata asks for %llu; the file is damaged",
                gguf_path(g), name, (unsigned long long)t->dims[i], (unsigned long long)want);
            return NULL;
        }
    }
    return weights_type_runs(g, t, e) ? t : NULL;
}

void weights_dequantize(const struct gguf_tensor *t, uint64_t first, uint64_t n, float *out)
{
    const struct quant *q = quant_find(t->type);
    q->dequantize((const uint8_t *)t->data + first / q->elems * q->bytes, out, n / q->elems);
}

static uint64_t elements(const struct gguf_tensor *t)
{
    return t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3];
}

static struct vk_slabs *slabs(const struct weights *w)
{
    return w->sections[w->n_sections - 1].slabs;
}

static struct job *add_job(struct weights *w, uint64_t size, struct error *e)
{
    struct job *jobs = array_reserve(w->jobs, w->n_jobs, &w->room, sizeof(*jobs));
    if (!jobs) {
        error_no_memory(e);
        return NULL;
    }
    w->jobs = jobs;
    struct job *j = &w->jobs[w->n_jobs];
    *j = (struct job){0};
    if (!vk_slabs_take(slabs(w), size, &j->to, e))
        return NULL;
    w->n_jobs++;
    w->bytes += size;
    return j;
}

// Room for `count` floats, in whole blocks of 4 and zeroed, that the caller fills through *values.
static bool add_floats(struct weights *w, size_t count, float **values, struct vk_slice *out,
                       struct error *e)
{
    size_t padded = (count + 3) / 4 * 4;
    *values = calloc(padded, sizeof(float));
    if (!*values)
        return error_no_memory(e);
    struct job *j = add_job(w, padded * sizeof(float), e);
    if (!j) {
        free(*values);
        return false;
    }
    j->floats = *values;
    j->count = padded;
    *out = j->to;
    return true;
}

bool weights_vector(struct weights *w, const struct gguf_tensor *t, struct vk_slice *out,
                    struct error *e)
{
    float *values;
    if (!add_floats(w, elements(t), &values, out, e))
        return false;
    weights_dequantize(t, 0, elements(t), values);
    return true;
}

bool weights_floats(struct weights *w, const float *values, size_t count, struct vk_slice *out,
                    struct error *e)
{
    float *copy;
    if (!add_floats(w, count, &copy, out, e))
        return false;
    memcpy(copy, values, count * sizeof(float));
    return true;
}

static bool fill_bias(const struct weight_part *p, float *out, struct error *e)
{
    float *values = malloc(elements(p->bias) * sizeof(float));
    if (!values)
        return error_no_memory(e);
    weights_dequantize(p->bias, 0, elements(p->bias), values);
    for (uint32_t i = 0; i < p->rows; i++)
        out[i] = values[weight_tensor_row(p, i)];
    free(values);
    return true;
}

static bool add_bias(struct weights *w, const struct weight_part *parts, uint32_t n, uint32_t rows,
                     struct vk_slice *out, struct error *e)
{
    float *values;
    bool any = false;
    for (uint32_t i = 0; i < n; i++)
        any = any || parts[i].bias;
    if (!any) {
        if (w->zeros.size < rows * sizeof(float) && !add_floats(w, rows, &values, &w->zeros, e))
            return false;
        *out = w->zeros;
        return true;
    }
    if (!add_floats(w, rows, &values, out, e))
        return false;
    for (uint32_t i = 0; i < n; values += parts[i++].rows)
        if (parts[i].bias && !fill_bias(&parts[i], values, e))
            return false;
    return true;
}

// F16 holds what rows of different types say.
static enum quant_type common_type(const struct weight_part *parts, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        if (parts[i].tensor->type != parts[0].tensor->type)
            return QUANT_F16;
    return repack_type(parts[0].tensor->type);
}

// Rows of a piece: as many as a slice holds. Both the rows that MODE_GATE pairs and the biases of
// a piece (at 256 bytes) begin where it does.
static uint32_t rows_of_piece(const struct weights *w, const struct matrix *m)
{
    uint32_t step =
        WEIGHT_QUAD * w->interleave > PIECE_ROWS ? WEIGHT_QUAD * w->interleave : PIECE_ROWS;
    uint64_t size = kernel_matrix_size(m->type, step, m->columns, w->interleave);
    uint64_t steps = vk_slabs_most(slabs(w)) / size;
    return steps * step < m->rows ? (uint32_t)(steps > 0 ? steps : 1) * step : m->rows;
}

// Room for the slices behind the first one.
static struct vk_slice *add_pieces(struct weights *w, uint32_t n, struct error *e)
{
    struct vk_slice **list = array_reserve(w->pieces, w->n_pieces, &w->piece_room, sizeof(*list));
    if (list)
        w->pieces = list;
    struct vk_slice *pieces = list ? calloc(n, sizeof(*pieces)) : NULL;
    if (pieces)
        w->pieces[w->n_pieces++] = pieces;
    else
        error_no_memory(e);
    return pieces;
}

bool weights_matrix(struct weights *w, const struct weight_part *parts, uint32_t n,
                    enum weight_order order, uint32_t columns, struct matrix *out, struct error *e)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < n; i++)
        rows += parts[i].rows;
    struct matrix m = {.type = common_type(parts, n), .rows = rows, .columns = columns};
    m.piece_rows = rows_of_piece(w, &m);
    struct vk_slice *more = NULL;
    if (!add_bias(w, parts, n, rows, &m.bias, e) ||
        (m.piece_rows < rows && !(more = add_pieces(w, rows / m.piece_rows, e))))
        return false;
    m.more = more;
    for (uint32_t first = 0; first < rows; first += m.piece_rows) {
        struct matrix piece = m;
        piece.rows = rows - first < m.piece_rows ? rows - first : m.piece_rows;
        struct job *j =
            add_job(w, kernel_matrix_size(m.type, piece.rows, columns, w->interleave), e);
        if (!j)
            return false;
        *(first == 0 ? &m.data : more++) = j->to;
        j->matrix = piece;
        j->order = order;
        j->first_row = first;
        j->n_parts = n;
        memcpy(j->parts, parts, n * sizeof(*parts));
    }
    *out = m;
    return true;
}
