#include "engine/model/vision_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_norm(const struct gguf *g, struct weights *w, const struct vision_traits *t,
                      const char *name, struct norm *out, struct error *e)
{
    char gain[64], bias[64];
    snprintf(gain, sizeof(gain), "%s.weight", name);
    snprintf(bias, sizeof(bias), "%s.bias", name);
    const struct gguf_tensor *a = weights_tensor(g, gain, (uint64_t[]){t->width}, 1, e);
    const struct gguf_tensor *b = a ? weights_tensor(g, bias, (uint64_t[]){t->width}, 1, e) : NULL;
    *out = (struct norm){.size = t->width, .eps = t->eps};
    return b && weights_vector(w, a, &out->gain, e) && weights_vector(w, b, &out->bias, e);
}

static bool read_part(const struct gguf *g, const char *name, uint32_t columns, uint32_t rows,
                      struct weight_part *out, struct error *e)
{
    char weight[64], bias[64];
    snprintf(weight, sizeof(weight), "%s.weight", name);
    snprintf(bias, sizeof(bias), "%s.bias", name);
    *out = (struct weight_part){.rows = rows};
    out->tensor = weights_tensor(g, weight, (uint64_t[]){columns, rows}, 2, e);
    out->bias = out->tensor ? weights_tensor(g, bias, (uint64_t[]){rows}, 1, e) : NULL;
    return out->bias != NULL;
}

static bool read_linear(const struct gguf *g, struct weights *w, const char *name, uint32_t columns,
                        uint32_t rows, struct matrix *out, struct error *e)
{
    struct weight_part part;
    return read_part(g, name, columns, rows, &part, e) &&
           weights_matrix(w, &part, 1, WEIGHT_STACKED, columns, out, e);
}

static bool read_qkv(const struct gguf *g, struct weights *w, const struct vision_traits *t,
                     uint32_t i, struct matrix *out, struct error *e)
{
    static const char *names[] = {"attn_q", "attn_k", "attn_v"};
    struct weight_part parts[3];
    for (int k = 0; k < 3; k++) {
        char name[48];
        snprintf(name, sizeof(name), "v.blk.%u.%s", i, names[k]);
        if (!read_part(g, name, t->width, t->width, &parts[k], e))
            return false;
        if (parts[k].tensor->type != parts[0].tensor->type)
            return error_set(e, ERROR_MODEL, "%s: the matrices of v.blk.%u differ in type",
                             gguf_path(g), i);
    }
    return weights_matrix(w, parts, 3, WEIGHT_STACKED, t->width, out, e);
}

static bool read_block(const struct gguf *g, struct weights *w, const struct vision_traits *t,
                       uint32_t i, struct vision_block *b, struct error *e)
{
    char ln1[32], ln2[32], out[32], fc1[32], fc2[32];
    snprintf(ln1, sizeof(ln1), "v.blk.%u.ln1", i);
    snprintf(ln2, sizeof(ln2), "v.blk.%u.ln2", i);
    snprintf(out, sizeof(out), "v.blk.%u.attn_out", i);
    snprintf(fc1, sizeof(fc1), "v.blk.%u.ffn_%s", i, t->swapped ? "down" : "up");
    snprintf(fc2, sizeof(fc2), "v.blk.%u.ffn_%s", i, t->swapped ? "up" : "down");
    return read_norm(g, w, t, ln1, &b->ln1, e) && read_norm(g, w, t, ln2, &b->ln2, e) &&
           read_qkv(g, w, t, i, &b->qkv, e) &&
           read_linear(g, w, out, t->width, t->width, &b->out, e) &&
           read_linear(g, w, fc1, t->width, t->feed_forward, &b->fc1, e) &&
           read_linear(g, w, fc2, t->feed_forward, t->width, &b->fc2, e);
}

static bool read_patch(const struct gguf *g, struct weights *w, struct vision *v, struct error *e)
{
    const struct vision_traits *t = &v->t;
    uint64_t dims[] = {t->patch, t->patch, 3, t->width};
    struct weight_part part = {.tensor = weights_tensor(g, "v.patch_embd.weight", dims, 4, e),
                               .rows = t->width};
    return part.tensor &&
           weights_matrix(w, &part, 1, WEIGHT_STACKED, 3 * t->patch * t->patch, &v->patch, e);
}

// Attention without turning and without a mask, in the words of the shared kernels.
static bool make_tables(struct weights *w, struct vision *v, struct error *e)
{
    uint32_t tile = patches(v) + 1, n = v->batch * tile, size = v->t.width / v->t.heads;
    size_t floats = (size_t)n * (size + 3);
    float *rotation = calloc(floats, sizeof(float));
    if (!rotation)
        return error_no_memory(e);
    uint32_t *slots = (uint32_t *)(rotation + (size_t)n * size), *ranges = slots + n;
    for (uint32_t i = 0; i < n * size; i += 2)
        rotation[i] = 1;
    for (uint32_t i = 0; i < n; i++) {
        slots[i] = i;
        ranges[2 * i] = i / tile * tile;
        ranges[2 * i + 1] = i / tile * tile + tile;
    }
    bool ok = weights_floats(w, rotation, (size_t)n * size, &v->rotation, e) &&
              weights_floats(w, (const float *)slots, n, &v->slots, e) &&
              weights_floats(w, (const float *)ranges, 2 * (size_t)n, &v->ranges, e);
    free(rotation);
    return ok;
}

static bool read_projector(const struct gguf *g, struct weights *w, struct vision *v,
                           struct error *e)
{
    const struct vision_traits *t = &v->t;
    const char *first = gguf_find_tensor(g, "mm.0.weight") ? "mm.0" : "mm";
    if (!t->hidden)
        return read_linear(g, w, first, t->width, t->projects_to, &v->project[0], e);
    return read_linear(g, w, first, t->width, t->hidden, &v->project[0], e) &&
           read_linear(g, w, "mm.2", t->hidden, t->projects_to, &v->project[1], e);
}

static bool read_newline(const struct gguf *g, struct vision *v, struct error *e)
{
    if (!v->t.newlines)
        return true;
    const char *name =
        gguf_find_tensor(g, "model.image_newline") ? "model.image_newline" : "v.image_newline";
    const struct gguf_tensor *t = weights_tensor(g, name, (uint64_t[]){v->t.projects_to}, 1, e);
    if (!t)
        return false;
    v->newline = malloc(v->t.projects_to * sizeof(*v->newline));
    if (!v->newline)
        return error_no_memory(e);
    weights_dequantize(t, 0, v->t.projects_to, v->newline);
    return true;
}

// As many as the largest grid has, with the whole picture, where the device can use so much work.
static uint32_t most_tiles(const struct vision *v)
{
    const struct preprocess_rule *r = &v->t.rule;
    uint32_t most = 1, device = kernel_layout(vk_device_profile(v->device)).most_tiles;
    for (uint32_t i = 0; i < r->n_grids; i++) {
        uint32_t tiles = 1 + r->grids[i].width / r->size * (r->grids[i].height / r->size);
        most = tiles > most ? tiles : most;
    }
    return most < device ? most : device;
}

struct vision *vision_create(struct vk_device *d, const struct gguf *g, struct weights *w,
                             struct error *e)
{
    struct vision *v = calloc(1, sizeof(*v));
    if (!v) {
        error_no_memory(e);
        return NULL;
    }
    v->device = d;
    if (!vision_read_traits(g, &v->t, e))
        goto fail;
    v->batch = most_tiles(v);
    v->blocks = calloc(v->t.blocks, sizeof(*v->blocks));
    if (!v->blocks) {
        error_no_memory(e);
        goto fail;
    }
    for (uint32_t i = 0; i < v->t.blocks; i++)
        if (!read_block(g, w, &v->t, i, &v->blocks[i], e))
            goto fail;
    if (!read_patch(g, w, v, e) || !vision_read_positions(g, w, v, e) || !make_tables(w, v, e) ||
        !read_norm(g, w, &v->t, "v.pre_ln", &v->pre, e) || !read_projector(g, w, v, e) ||
        !read_newline(g, v, e))
        goto fail;
    return v;

fail:
    vision_destroy(v);
    return NULL;
}

void vision_destroy(struct vision *v)
{
    if (!v)
        return;
    plan_destroy(v->plan);
    vk_buffer_destroy(v->output);
    vk_buffer_destroy(v->input);
    free(v->newline);
    free(v->blocks);
    free(v);
}

const struct vision_traits *vision_get_traits(const struct vision *v)
{
    return &v->t;
}
