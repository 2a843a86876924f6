// Pictures through the tower: tiles in batches, their rows put together.
#include <stdlib.h>
#include <string.h>

#include "engine/image/anyres.h"
#include "engine/model/vision_internal.h"

uint64_t vision_input_size(const struct vision *v)
{
    return (uint64_t)patches(v) * patch_stride(&v->t) * sizeof(float);
}

uint64_t vision_output_size(const struct vision *v)
{
    return (uint64_t)patches(v) * v->t.projects_to * sizeof(float);
}

static bool create_buffers(struct vision *v, struct error *e)
{
    uint64_t input = v->batch * vision_input_size(v), output = v->batch * vision_output_size(v);
    if (!v->input)
        v->input = vk_buffer_create(v->device, input, VK_MEMORY_UPLOAD, "patches", e);
    if (!v->input)
        return false;
    memset(vk_buffer_map(v->input), 0, input);
    v->output = vk_buffer_create(v->device, output, VK_MEMORY_READBACK, "picture rows", e);
    return v->output != NULL;
}

// Buffers, and the plan for so many tiles, recorded; the last one is kept.
static bool prepare(struct vision *v, uint32_t tiles, struct error *e)
{
    if (!v->output && !create_buffers(v, e))
        return false;
    if (v->plan && v->tiles == tiles)
        return true;
    plan_destroy(v->plan);
    v->plan = vision_make_plan(v, tiles, e);
    v->tiles = tiles;
    return v->plan != NULL;
}

bool vision_warm(struct vision *v, const atomic_bool *stop, struct error *e)
{
    return prepare(v, v->batch, e) && plan_warm(v->plan, stop, e);
}

// [3][size][size] -> [patches][channel, y, x within the patch], patches row by row.
static void cut_patches(const struct vision_traits *t, const float *pixels, float *out)
{
    uint32_t size = t->picture_size, stride = patch_stride(t);
    for (uint32_t gy = 0; gy < t->grid; gy++)
        for (uint32_t gx = 0; gx < t->grid; gx++, out += stride) {
            float *to = out;
            for (uint32_t c = 0; c < 3; c++)
                for (uint32_t y = 0; y < t->patch; y++, to += t->patch)
                    memcpy(to,
                           pixels + ((size_t)c * size + gy * t->patch + y) * size + gx * t->patch,
                           t->patch * sizeof(float));
        }
}

// `n` tiles, at most a batch, through the tower; of each rows of grid x grid patches.
static bool encode_tiles(struct vision *v, const float *pixels, uint32_t n, const atomic_bool *stop,
                         float *rows, double *ms, struct error *e)
{
    double batch_ms = 0;
    size_t plane = 3 * (size_t)v->t.picture_size * v->t.picture_size;
    if (!prepare(v, n, e))
        return false;
    for (uint32_t i = 0; i < n; i++)
        cut_patches(&v->t, pixels + i * plane,
                    (float *)vk_buffer_map(v->input) + i * (vision_input_size(v) / sizeof(float)));
    if (!plan_run(v->plan, stop, &batch_ms, e))
        return false;
    memcpy(rows, vk_buffer_map(v->output), n * vision_output_size(v));
    *ms += batch_ms;
    return true;
}

// The tiles' rows as one plane, row by row without the margin, each row ended by the newline.
static void join_tiles(const struct vision *v, const struct pixels *p, const float *tiles,
                       float *out)
{
    uint32_t grid = v->t.grid, width = v->t.projects_to;
    struct anyres_part part = anyres_unpad(p->picture_width, p->picture_height,
                                           p->grid_width * grid, p->grid_height * grid);
    for (uint32_t y = part.top; y < part.top + part.rows; y++) {
        for (uint32_t x = part.left; x < part.left + part.columns; x++, out += width) {
            size_t tile = (size_t)(y / grid) * p->grid_width + x / grid;
            size_t row = tile * grid * grid + (size_t)(y % grid) * grid + x % grid;
            memcpy(out, tiles + row * width, width * sizeof(float));
        }
        memcpy(out, v->newline, width * sizeof(float));
        out += width;
    }
}

bool vision_encode(struct vision *v, const struct pixels *p, const atomic_bool *stop, float *rows,
                   double *kernel_ms, struct error *e)
{
    size_t one = (size_t)patches(v) * v->t.projects_to, plane = 3 * (size_t)p->size * p->size;
    bool join = v->t.newlines && p->tiles > 1, ok = true;
    float *tiles = join ? malloc(p->tiles * one * sizeof(*tiles)) : rows;
    double ms = 0;
    if (!tiles)
        return error_no_memory(e);
    for (uint32_t i = 0, n; ok && i < p->tiles; i += n) {
        n = p->tiles - i < v->batch ? p->tiles - i : v->batch;
        ok = encode_tiles(v, p->values + i * plane, n, stop, tiles + i * one, &ms, e);
    }
    if (ok && join) {
        memcpy(rows, tiles, one * sizeof(*rows));
        join_tiles(v, p, tiles + one, rows + one);
    }
    if (join)
        free(tiles);
    if (kernel_ms)
        *kernel_ms = ms;
    return ok;
}
