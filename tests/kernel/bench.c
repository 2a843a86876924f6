#include "bench.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/quant.h"
#include "engine/model/repack.h"

enum {
    GUARD =
        256, // bytes before and behind a tensor, a multiple of every alignment that devices ask for
    TENSORS_MOST = 32,
    MATRICES_MOST = 4,
    WRITTEN_MOST = 5,
};
static const uint32_t poison = 0x7fc07fc0; // a NaN as float, two as halves

struct bench {
    struct vk_device *device;
    struct tensor tensors[TENSORS_MOST];
    size_t n_tensors;
    struct test_matrix matrices[MATRICES_MOST];
    size_t n_matrices;
    uint32_t seed;
    double worst;
};

struct vk_device *bench_device(const struct bench *b)
{
    return b->device;
}

const struct vk_profile *bench_profile(const struct bench *b)
{
    return vk_device_profile(b->device);
}

struct layout bench_layout(const struct bench *b)
{
    return kernel_layout(bench_profile(b));
}

bool bench_thorough(const struct bench *b)
{
    return bench_profile(b)->subgroup_size == 8;
}

void bench_seed(struct bench *b, uint32_t seed)
{
    b->seed = seed;
}

uint32_t bench_bits(struct bench *b)
{
    b->seed = b->seed * 1664525 + 1013904223;
    return b->seed >> 8;
}

float bench_random(struct bench *b)
{
    return (float)bench_bits(b) * 0x1p-23f - 1;
}

void bench_fill(struct bench *b, float *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = bench_random(b);
}

static void fill_poison(void *to, uint64_t size)
{
    uint32_t *words = to;
    for (uint64_t i = 0; i < size / sizeof(*words); i++)
        words[i] = poison;
}

bool bench_untouched(float v)
{
    return memcmp(&v, &poison, sizeof(v)) == 0;
}

struct tensor *bench_tensor(struct bench *b, uint64_t size)
{
    struct error e;
    size = (size + 3) / 4 * 4;
    assert_true(b->n_tensors < TENSORS_MOST);
    // Memory to read back is what the host sees on every device; kernels may use it like any other.
    struct vk_buffer *buffer =
        vk_buffer_create(b->device, size + 2 * GUARD, VK_MEMORY_READBACK, "test", &e);
    if (!buffer)
        fail_msg("%s", e.text);
    uint8_t *all = vk_buffer_map(buffer);
    fill_poison(all, size + 2 * GUARD);
    struct tensor *t = &b->tensors[b->n_tensors++];
    *t = (struct tensor){.slice = {buffer, GUARD, size}, .bytes = all + GUARD};
    return t;
}

static bool guards_stand(const struct tensor *t)
{
    uint32_t words[GUARD / sizeof(uint32_t)];
    fill_poison(words, GUARD);
    return memcmp(t->bytes - GUARD, words, GUARD) == 0 &&
           memcmp(t->bytes + t->slice.size, words, GUARD) == 0;
}

static bool release(struct bench *b)
{
    bool stand = true;
    for (size_t i = 0; i < b->n_tensors; i++) {
        stand = stand && guards_stand(&b->tensors[i]);
        vk_buffer_destroy(b->tensors[i].slice.buffer);
    }
    b->n_tensors = 0;
    for (size_t i = 0; i < b->n_matrices; i++) {
        free(b->matrices[i].values);
        free(b->matrices[i].bias);
    }
    b->n_matrices = 0;
    return stand;
}

void bench_clear(struct bench *b)
{
    if (!release(b))
        fail_msg("a kernel wrote outside its tensors");
}

// The row of the file that is row `i` of the device's matrix (shaders/shared.h, MODE_GATE); rows or
// more: none.
static uint32_t source_row(uint32_t i, uint32_t rows, uint32_t interleave, bool paired)
{
    if (!paired)
        return i;
    uint32_t turn = i / interleave, half = rows / 2;
    uint32_t n = turn / 2 * interleave + i % interleave;
    return n >= half ? rows : turn % 2 * half + n;
}

static void upload(const struct bench *b, const struct quant *q, struct test_matrix *m,
                   const uint8_t *blocks, bool paired, uint8_t *to)
{
    uint32_t interleave = bench_layout(b).interleave, n = WEIGHT_QUAD * interleave;
    size_t row_bytes = (size_t)m->matrix.columns / q->elems * q->bytes;
    uint64_t quad = kernel_matrix_size(m->matrix.type, n, m->matrix.columns, interleave);
    const void **rows = test_malloc(n * sizeof(*rows));
    for (uint32_t first = 0; first < m->matrix.rows; first += n, to += quad) {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t row = source_row(first + i, m->matrix.rows, interleave, paired);
            rows[i] = row < m->matrix.rows ? blocks + row * row_bytes : NULL;
        }
        repack_quad(q->type, rows, m->matrix.columns, interleave, to);
    }
    test_free(rows);
}

struct test_matrix *bench_matrix(struct bench *b, enum quant_type type, uint32_t rows,
                                 uint32_t columns, bool paired)
{
    const struct quant *q = quant_find(type);
    enum quant_type held = repack_type(type);
    size_t values = (size_t)rows * columns;
    assert_true(b->n_matrices < MATRICES_MOST);
    struct test_matrix *m = &b->matrices[b->n_matrices++];
    *m = (struct test_matrix){.matrix = {.type = held, .rows = rows, .columns = columns},
                              .values = malloc(values * sizeof(float)),
                              .bias = malloc(rows * sizeof(float))};
    assert_true(m->values && m->bias);
    uint8_t *blocks = bench_blocks(b, q, values);
    q->dequantize(blocks, m->values, values / q->elems);
    struct tensor *data =
        bench_tensor(b, kernel_matrix_size(held, rows, columns, bench_layout(b).interleave));
    upload(b, q, m, blocks, paired, data->bytes);
    test_free(blocks);
    struct tensor *bias = bench_tensor(b, (rows + 3) / 4 * 4 * sizeof(float));
    bench_fill(b, m->bias, rows);
    memcpy(bias->f, m->bias, rows * sizeof(float));
    m->matrix.data = data->slice;
    m->matrix.bias = bias->slice;
    return m;
}

void bench_cut(struct bench *b, struct test_matrix *m, uint32_t piece_rows)
{
    struct matrix *w = &m->matrix;
    uint64_t size = kernel_matrix_size(w->type, piece_rows, w->columns, bench_layout(b).interleave);
    struct vk_slice all = w->data;
    uint32_t n = 0;
    for (uint64_t at = 0; at < all.size; at += size, n++) {
        struct vk_slice piece = {all.buffer, all.offset + at,
                                 all.size - at < size ? all.size - at : size};
        assert_true(n <= 8);
        *(n == 0 ? &w->data : &m->more[n - 1]) = piece;
    }
    w->piece_rows = piece_rows;
    w->more = m->more;
}

struct plan *bench_plan(struct bench *b)
{
    struct error e;
    struct plan *p = plan_create(b->device, "test", &e);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

static void run_once(struct plan *p, plan_tensor mark)
{
    struct error e;
    struct vk_buffer *arena = plan_slice(p, mark).buffer;
    if (vk_buffer_map(arena))
        fill_poison(vk_buffer_map(arena), plan_scratch_size(p));
    if (!plan_run(p, NULL, NULL, &e))
        fail_msg("%s", e.text);
}

void bench_plan_run(struct bench *b, struct plan *p, struct tensor *const *written, size_t n)
{
    (void)b;
    struct error e;
    void *before[WRITTEN_MOST], *after[WRITTEN_MOST];
    assert_true(n <= WRITTEN_MOST);
    plan_tensor mark = plan_scratch(p, 4); // so that there is an arena, which can be found
    if (!plan_finish(p, 0, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < n; i++) {
        size_t size = written[i]->slice.size;
        before[i] = memcpy(test_malloc(size), written[i]->bytes, size);
    }
    run_once(p, mark);
    for (size_t i = 0; i < n; i++) {
        size_t size = written[i]->slice.size;
        after[i] = memcpy(test_malloc(size), written[i]->bytes, size);
        memcpy(written[i]->bytes, before[i], size);
    }
    run_once(p, mark);
    for (size_t i = 0; i < n; i++) {
        if (memcmp(written[i]->bytes, after[i], written[i]->slice.size) != 0)
            fail_msg("the same input gave other bits");
        test_free(before[i]);
        test_free(after[i]);
    }
    plan_destroy(p);
}

void bench_compare(struct bench *b, const float *got, const double *want, size_t n, double bound,
                   const char *what, ...)
{
    double error = 0, power = 0;
    for (size_t i = 0; i < n; i++) {
        error += (got[i] - want[i]) * (got[i] - want[i]);
        power += want[i] * want[i];
    }
    double quotient = error / power;
    if (quotient > b->worst)
        b->worst = quotient;
    if (quotient <= bound) // not for NaN
        return;
    char text[256];
    va_list arguments;
    va_start(arguments, what);
    vsnprintf(text, sizeof(text), what, arguments);
    va_end(arguments);
    for (size_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= sqrt(bound * power / (double)n))) {
            print_error("first at %zu of %zu: %g, not %g\n", i, n, got[i], want[i]);
            break;
        }
    fail_msg("%s: the error is %g of the values squared", text, quotient);
}

static int open_bench(void **state)
{
    struct error e;
    struct bench *b = calloc(1, sizeof(*b));
    *state = b;
    if (!b)
        return 1;
    b->device = vk_device_open(NULL, &e);
    if (!b->device)
        print_error("%s\n", e.text);
    return b->device ? 0 : 1;
}

static int close_bench(void **state)
{
    struct bench *b = *state;
    size_t messages = vk_device_validation_count(b->device);
    print_message("largest error: %.2g of the values squared\n", b->worst);
    release(b); // what a failed test left
    vk_device_close(b->device);
    free(b);
    return messages > 0;
}

int bench_run(const char *name, const struct CMUnitTest *tests, size_t n)
{
    return _cmocka_run_group_tests(name, tests, n, open_bench, close_bench);
}
