#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "golden_case.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static size_t stride_of(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));
    return n > 0 ? (size_t)n : 1;
}

static struct picture *draw(uint32_t width, uint32_t height, const char *name)
{
    struct error e = {0};
    struct buffer b = {0};
    char head[64];
    bool ok =
        buffer_add(&b, head, (size_t)snprintf(head, sizeof(head), "P6 %u %u 255\n", width, height));
    for (uint32_t i = 0; ok && i < width * height; i++) {
        uint32_t x = i % width, y = i / width;
        uint8_t rgb[] = {(uint8_t)(x * 7 + y * 3), (uint8_t)(x * x + y), (uint8_t)(x * y + 11 * y)};
        ok = buffer_add(&b, rgb, sizeof(rgb));
    }
    assert_true(ok);
    struct picture *p = picture_create(b.data, b.size, name, &e);
    if (!p)
        fail_msg("%s", e.text);
    buffer_free(&b);
    return p;
}

static void read_names(struct golden_case *c, const char *picture_folder)
{
    char path[2048];
    snprintf(c->lm, sizeof(c->lm), "%s", text_of(c->json, "lm"));
    snprintf(c->mmproj, sizeof(c->mmproj), "%s", text_of(c->json, "mmproj"));
    c->context = (uint32_t)json_integer_value(json_object_get(c->json, "context"));
    json_t *names = json_object_get(c->json, "images");
    json_t *one = json_object_get(c->json, "image");
    c->n_pictures = names ? json_array_size(names) : 1;
    assert_true(c->n_pictures <= CASE_PICTURES);
    for (size_t i = 0; i < c->n_pictures; i++) {
        const char *name = json_string_value(names ? json_array_get(names, i) : one);
        snprintf(c->stems[i], sizeof(c->stems[i]), "%.*s", (int)strcspn(name, "."), name);
        snprintf(path, sizeof(path), "%s/%s", picture_folder, name);
        uint32_t width, height;
        if (sscanf(name, "%ux%u.ppm", &width, &height) == 2)
            c->pictures[i] = draw(width, height, name);
        else
            c->pictures[i] = read_picture(path);
    }
}

static void read_chunks(struct golden_case *c)
{
    json_t *chunks = json_object_get(c->json, "prompt_ids");
    assert_int_equal(json_array_size(chunks), c->n_pictures + 1);
    for (size_t k = 0; k <= c->n_pictures; k++) {
        json_t *chunk = json_array_get(chunks, k);
        size_t n = json_array_size(chunk);
        int32_t *ids = malloc(n * sizeof(*ids) + 1);
        assert_non_null(ids);
        for (size_t i = 0; i < n; i++)
            ids[i] = (int32_t)json_integer_value(json_array_get(chunk, i));
        c->chunks[k] = (struct id_chunk){ids, n};
    }
}

static void read_steps(struct golden_case *c)
{
    json_t *greedy = json_object_get(c->json, "greedy"),
           *margin = json_object_get(c->json, "margin");
    c->n_steps = json_array_size(greedy);
    assert_true(c->n_steps > 0 && c->n_steps <= CASE_STEPS);
    assert_int_equal(json_array_size(margin), c->n_steps);
    for (size_t i = 0; i < c->n_steps; i++) {
        c->greedy[i] = (int32_t)json_integer_value(json_array_get(greedy, i));
        c->margin[i] = json_number_value(json_array_get(margin, i));
    }
}

static float *read_array(const struct golden_case *c, const char *folder, const char *file,
                         size_t *count)
{
    char path[2048];
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    float *all = read_floats(path, count);
    if (all)
        return all;
    *count = 0;
    for (size_t i = 0; i < c->n_pictures; i++) {
        size_t n;
        snprintf(path, sizeof(path), "%s/../%s/%s", folder, c->stems[i], file);
        float *part = read_floats(path, &n);
        if (!part)
            fail_msg("there is no %s", path);
        all = realloc(all, (*count + n) * sizeof(float));
        assert_non_null(all);
        memcpy(all + *count, part, n * sizeof(float));
        *count += n;
        free(part);
    }
    return all;
}

void golden_read(struct golden_case *c, const char *folder, const char *pictures)
{
    char path[2048];
    *c = (struct golden_case){.logits_most = LOGITS_MOST};
    snprintf(path, sizeof(path), "%s/golden.json", folder);
    c->json = read_json(path);
    read_names(c, pictures);
    c->pixel_stride = stride_of(c->json, "pixel_stride");
    c->row_stride = stride_of(c->json, "row_stride");
    c->logit_stride = stride_of(c->json, "logit_stride");
    read_chunks(c);
    read_steps(c);
    c->pixels = read_array(c, folder, "pixels.f32", &c->n_pixels);
    c->rows = read_array(c, folder, "image_rows.f32", &c->n_rows);
    snprintf(path, sizeof(path), "%s/logits.f32", folder);
    c->logits = read_floats(path, &c->n_logits);
}

void golden_finish(struct golden_case *c)
{
    for (size_t i = 0; i < c->n_pictures; i++)
        picture_unref(c->pictures[i]);
    for (size_t k = 0; k <= c->n_pictures; k++)
        free((void *)c->chunks[k].ids);
    free(c->pixels);
    free(c->rows);
    free(c->logits);
    json_decref(c->json);
}
