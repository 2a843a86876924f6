// What a model asks for: its places in device memory, and what will be put there.
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "engine/model/recode.h"
#include "engine/model/weights_internal.h"

struct weights *weights_create(struct vk_device *d, struct error *e)
{
    struct weights *w = calloc(1, sizeof(*w));
    if (!w) {
        error_no_memory(e);
        return NULL;
    }
    w->device = d;
    w->interleave = kernel_layout(vk_device_profile(d)).interleave;
    w->slabs = vk_slabs_create(d, "weights", e);
    if (!w->slabs) {
        free(w);
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
    vk_slabs_destroy(w->slabs);
    free(w);
}

uint64_t weights_bytes(const struct weights *w)
{
    return w->bytes;
}

bool weights_allocate(struct weights *w, struct error *e)
{
    return vk_slabs_allocate(w->slabs, e);
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
    if (!vk_slabs_take(w->slabs, size, &j->to, e))
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
    enum quant_type type = recode_type(parts[0].tensor->type);
    for (uint32_t i = 1; i < n; i++)
        if (recode_type(parts[i].tensor->type) != type)
            return QUANT_F16;
    return type;
}

bool weights_matrix(struct weights *w, const struct weight_part *parts, uint32_t n,
                    enum weight_order order, uint32_t columns, struct matrix *out, struct error *e)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < n; i++)
        rows += parts[i].rows;
    struct matrix m = {.type = common_type(parts, n), .rows = rows, .columns = columns};
    if (!add_bias(w, parts, n, rows, &m.bias, e))
        return false;
    struct job *j = add_job(w, kernel_matrix_size(m.type, rows, columns, w->interleave), e);
    if (!j)
        return false;
    m.data = j->to;
    j->matrix = m;
    j->order = order;
    j->n_parts = n;
    memcpy(j->parts, parts, n * sizeof(*parts));
    *out = m;
    return true;
}
