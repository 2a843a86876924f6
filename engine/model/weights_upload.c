// The weights on their way to the device: rows of the file, rewritten and repacked.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/model/repack.h"
#include "engine/model/weights_internal.h"

enum {
    QUAD_ROWS_MOST = WEIGHT_QUAD * 64,
    FILLERS_MOST = 4,
    SMALL_MODEL = 32 << 20,
    IN_PLACE = 512 << 10,
    AHEAD = 8, // jobs that are read ahead
};

// The part that row `i` of what is uploaded comes from; *i becomes its row there. NULL: padding.
static const struct weight_part *source_part(const struct job *j, uint32_t *i, uint32_t interleave)
{
    uint32_t part = 0;
    *i += j->first_row;
    if (j->order == WEIGHT_PAIRED) {
        uint32_t group = *i / interleave;
        part = group & 1;
        *i = group / 2 * interleave + *i % interleave;
    } else {
        while (part < j->n_parts && *i >= j->parts[part].rows)
            *i -= j->parts[part++].rows;
    }
    return part < j->n_parts && *i < j->parts[part].rows ? &j->parts[part] : NULL;
}

// What the rows that repack_quad gets are made of: the file's blocks, or halves if matrix() had to
// widen them.
static enum quant_type source_type(const struct job *j)
{
    return j->matrix.type == QUANT_F16 ? QUANT_F16 : j->parts[0].tensor->type;
}

// A row of the matrix as it lies in the file, or widened into `room`.
static const void *source_row(const struct job *j, uint32_t i, uint32_t interleave, uint16_t *room)
{
    const struct weight_part *p = source_part(j, &i, interleave);
    if (!p)
        return NULL;
    uint32_t columns = j->matrix.columns;
    const struct quant *q = quant_find(p->tensor->type);
    const void *row = (const uint8_t *)p->tensor->data +
                      (size_t)weight_tensor_row(p, i) * (columns / q->elems) * q->bytes;
    if (q->type == source_type(j))
        return row;
    repack_widen(q, row, columns, room);
    return room;
}

// `room`: for the quad's rows, where they are widened.
static void pack(const struct weights *w, const struct job *j, uint32_t quad, uint16_t *room,
                 void *to)
{
    uint32_t columns = j->matrix.columns, n = WEIGHT_QUAD * w->interleave;
    const void *rows[QUAD_ROWS_MOST];
    for (uint32_t i = 0; i < n; i++)
        rows[i] = source_row(j, quad * n + i, w->interleave, room + (size_t)i * columns);
    repack_quad(source_type(j), rows, columns, w->interleave, to);
}

// Bytes of an upload at most: in memory that is written in place, what a processor's cache still
// holds cleared when it is filled.
static uint64_t most_at_once(const struct weights *w)
{
    return vk_device_profile(w->device)->host_visible ? IN_PLACE : VK_UPLOAD_MOST;
}

// Uploads in stretches of whole quads.
static bool upload_job(const struct weights *w, const struct job *j, struct vk_uploader *up,
                       uint16_t *room, const atomic_bool *stop, atomic_uint_fast64_t *done,
                       struct error *e)
{
    uint64_t quad = j->floats ? 4 * sizeof(float)
                              : kernel_matrix_size(j->matrix.type, WEIGHT_QUAD * w->interleave,
                                                   j->matrix.columns, w->interleave);
    if (quad > VK_UPLOAD_MOST)
        return error_set(e, ERROR_MODEL, "a matrix of the model has rows that are too long");
    uint64_t most = most_at_once(w), step = most < quad ? quad : most / quad * quad;
    for (uint64_t at = 0; at < j->to.size; at += step) {
        if (stop && atomic_load(stop))
            return error_set(e, ERROR_INTERRUPTED, "stopped while the model was loading");
        uint64_t size = j->to.size - at < step ? j->to.size - at : step;
        uint8_t *to =
            vk_upload_begin(up, (struct vk_slice){j->to.buffer, j->to.offset + at, size}, e);
        if (!to)
            return false;
        if (j->floats)
            memcpy(to, (const uint8_t *)j->floats + at, size);
        else
            for (uint64_t b = 0; b < size; b += quad)
                pack(w, j, (uint32_t)((at + b) / quad), room, to + b);
        if (!vk_upload_end(up, e))
            return false;
        if (done)
            atomic_fetch_add(done, size);
    }
    return true;
}

// Columns of the widest matrix that is widened.
static size_t widest(const struct weights *w)
{
    size_t most = 0;
    for (size_t i = 0; i < w->n_jobs; i++) {
        const struct job *j = &w->jobs[i];
        for (uint32_t k = 0; !j->floats && k < j->n_parts; k++)
            if (j->matrix.columns > most && j->parts[k].tensor->type != source_type(j))
                most = j->matrix.columns;
    }
    return most;
}

// The file's pages of a job are read while those before it are filled.
static void read_ahead(const struct weights *w, size_t job)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (uint32_t k = 0; job < w->n_jobs && k < w->jobs[job].n_parts; k++) {
        const struct gguf_tensor *t = w->jobs[job].parts[k].tensor;
        uintptr_t begin = (uintptr_t)t->data / page * page;
        madvise((void *)begin, (uintptr_t)t->data + t->size - begin, MADV_WILLNEED);
    }
}

// ---- threads that share the jobs

struct filling {
    const struct weights *weights;
    const atomic_bool *stop;
    atomic_uint_fast64_t *done;
    atomic_size_t next; // job
    atomic_bool failed;
};

struct filler {
    struct filling *all;
    pthread_t thread;
    bool ok;
    struct error error;
};

static void *fill(void *data)
{
    struct filler *f = data;
    struct filling *all = f->all;
    const struct weights *w = all->weights;
    uint16_t *room = calloc(widest(w) * WEIGHT_QUAD * w->interleave + 1, sizeof(*room));
    struct vk_uploader *up = vk_uploader_create(w->device, &f->error);
    f->ok = up && (room || error_no_memory(&f->error));
    for (size_t i; f->ok && !atomic_load(&all->failed) &&
                   (i = atomic_fetch_add(&all->next, 1)) < w->n_jobs;) {
        read_ahead(w, i + AHEAD);
        f->ok = upload_job(w, &w->jobs[i], up, room, all->stop, all->done, &f->error);
    }
    f->ok = f->ok && vk_upload_flush(up, &f->error);
    if (!f->ok)
        atomic_store(&all->failed, true);
    vk_uploader_destroy(up);
    free(room);
    return NULL;
}

// Repacking keeps a processor busy; a small model is ready before a thread is.
static size_t count_fillers(const struct weights *w)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = processors > 1 ? (size_t)processors : 1;
    return w->bytes < SMALL_MODEL ? 1 : n < FILLERS_MOST ? n : FILLERS_MOST;
}

static bool fill_all(const struct weights *w, const atomic_bool *stop, atomic_uint_fast64_t *done,
                     struct error *e)
{
    struct filling all = {.weights = w, .stop = stop, .done = done};
    struct filler fillers[FILLERS_MOST];
    size_t n = count_fillers(w), started = 1;
    bool ok = true;
    for (size_t i = 0; i < n; i++)
        fillers[i] = (struct filler){.all = &all};
    for (size_t i = 0; i < AHEAD; i++)
        read_ahead(w, i);
    while (started < n &&
           pthread_create(&fillers[started].thread, NULL, fill, &fillers[started]) == 0)
        started++;
    fill(&fillers[0]);
    for (size_t i = 0; i < started; i++) {
        if (i > 0)
            pthread_join(fillers[i].thread, NULL);
        if (!fillers[i].ok && ok)
            ok = error_set(e, fillers[i].error.kind, "%s", fillers[i].error.text);
    }
    return ok;
}

bool weights_upload(struct weights *w, const atomic_bool *stop, atomic_uint_fast64_t *done,
                    struct error *e)
{
    bool ok = fill_all(w, stop, done, e);
    for (size_t i = 0; i < w->n_jobs; i++) {
        free(w->jobs[i].floats);
        w->jobs[i].floats = NULL;
    }
    w->n_jobs = 0;
    return ok;
}
