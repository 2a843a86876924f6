#include <stdlib.h>
#include <string.h>

#include "engine/engine_internal.h"
#include "engine/image/decode.h"
#include "engine/image/preprocess.h"

enum { KEPT_UNHELD = 16 }; // pictures that nobody shows any more but that may come back

static struct picture_rows *find(const struct engine *e, const struct picture *p)
{
    struct picture_rows *r = e->rows;
    while (r && memcmp(r->hash, picture_hash(p), PICTURE_HASH) != 0)
        r = r->next;
    return r;
}

struct picture_rows *engine_hold_rows(struct engine *e, const struct picture *p, struct error *err)
{
    struct picture_rows *r = find(e, p);
    if (r) {
        r->holders++;
        return r;
    }
    r = calloc(1, sizeof(*r));
    if (!r) {
        error_no_memory(err);
        return NULL;
    }
    memcpy(r->hash, picture_hash(p), PICTURE_HASH);
    r->count = engine_picture_rows(e, p);
    r->holders = 1;
    r->next = e->rows;
    e->rows = r;
    return r;
}

void engine_release_rows(struct engine *e, struct picture_rows *r)
{
    r->holders--;
    unsigned unheld = 0;
    for (struct picture_rows **at = &e->rows; *at;) {
        struct picture_rows *x = *at;
        if (x->holders == 0 && (!x->values || ++unheld > KEPT_UNHELD)) {
            *at = x->next;
            pixels_finish(&x->pixels);
            free(x->values);
            free(x);
        } else {
            at = &x->next;
        }
    }
}

bool picture_pixels(const struct picture *p, const struct preprocess_rule *rule, struct pixels *out,
                    struct error *err)
{
    size_t size;
    const uint8_t *bytes = picture_bytes(p, &size);
    struct image image;
    if (!image_decode(bytes, size, picture_name(p), &image, err))
        return false;
    bool ok = preprocess(rule, &image, out, err);
    image_finish(&image);
    return ok;
}

bool engine_expect_pictures(struct engine *e, struct picture *const *pictures, size_t n,
                            struct error *err)
{
    for (size_t i = 0; e->vision_file && i < n; i++)
        if (!engine_hold_rows(e, pictures[i], err))
            return false;
    return true;
}

// What fails is made again when it is needed, and then said.
void engine_prepare_pictures(struct engine *e, struct picture *const *pictures, size_t n,
                             const atomic_bool *stop)
{
    for (size_t i = 0; e->vision_file && i < n && !atomic_load(stop); i++) {
        struct picture_rows *r = find(e, pictures[i]);
        if (!r->pixels.values && picture_pixels(pictures[i], &e->traits.rule, &r->pixels, NULL))
            e->counters.pictures_ahead++;
    }
}

bool engine_encode(struct engine *e, const struct picture *p, struct picture_rows *r,
                   const atomic_bool *stop, double *ms, struct error *err)
{
    *ms = 0;
    if (r->values)
        return true;
    float *values = malloc((size_t)r->count * e->info.embedding * sizeof(float));
    double kernel_ms = 0;
    bool ok = values ? r->pixels.values || picture_pixels(p, &e->traits.rule, &r->pixels, err)
                     : error_no_memory(err);
    double start = clock_ms();
    ok = ok && engine_load_tower(e, stop, err) &&
         vision_encode(e->vision, &r->pixels, stop, values, &kernel_ms, err);
    *ms = clock_ms() - start;
    pixels_finish(&r->pixels);
    if (!ok) {
        free(values);
        return false;
    }
    r->values = values;
    e->counters.pictures++;
    e->counters.kernel_ms += kernel_ms;
    return true;
}
