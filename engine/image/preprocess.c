#include "engine/image/preprocess.h"

#include <stdlib.h>

#include "engine/image/anyres.h"
#include "engine/image/resize.h"

void pixels_finish(struct pixels *p)
{
    free(p->values);
    *p = (struct pixels){0};
}

// The reference cuts off the fraction: 0.48145466 becomes 122. The product is rounded to float
// first, so that a mean such as 0.2, stored as float, gives the same number as it does in double.
static uint8_t mean_colour(float mean)
{
    float value = mean * 255.0F;
    return (uint8_t)(value > 0 ? value < 255 ? value : 255 : 0);
}

static bool pad(const struct preprocess_rule *rule, const struct image *image, struct image *out,
                struct error *e)
{
    uint32_t side = image->width > image->height ? image->width : image->height;
    struct canvas canvas = {.image = image, .width = side, .height = side};
    canvas.left = (side - image->width) / 2;
    canvas.top = (side - image->height) / 2;
    for (int c = 0; c < 3; c++)
        canvas.fill[c] = mean_colour(rule->mean[c]);
    return canvas_resize(&canvas, rule->size, rule->size, rule->filter, out, e);
}

// Bytes, pixel by pixel, to planes of numbers.
static void normalise(const struct preprocess_rule *rule, const uint8_t *rgb, float *values)
{
    size_t plane = (size_t)rule->size * rule->size;
    for (int c = 0; c < 3; c++) {
        float table[256];
        for (int v = 0; v < 256; v++)
            table[v] = ((float)v / 255.0F - rule->mean[c]) / rule->std[c];
        for (size_t i = 0; i < plane; i++)
            values[(size_t)c * plane + i] = table[rgb[i * 3 + (size_t)c]];
    }
}

// The tiles as bytes, one behind the other; the caller frees *rgb.
static bool cut(const struct preprocess_rule *rule, const struct image *image, struct pixels *p,
                uint8_t **rgb, struct error *e)
{
    *p = (struct pixels){.tiles = 1,
                         .grid_width = 1,
                         .grid_height = 1,
                         .size = rule->size,
                         .picture_width = image->width,
                         .picture_height = image->height};
    if (rule->fit == FIT_ANYRES) {
        struct anyres_grid grid = anyres_choose(rule, image->width, image->height);
        p->grid_width = grid.columns;
        p->grid_height = grid.rows;
        p->tiles = 1 + grid.columns * grid.rows;
        return anyres_tiles(rule, image, grid, rgb, e);
    }
    struct image tile;
    bool ok = pad(rule, image, &tile, e);
    *rgb = ok ? tile.rgb : NULL;
    return ok;
}

bool preprocess(const struct preprocess_rule *rule, const struct image *image, struct pixels *out,
                struct error *e)
{
    uint8_t *rgb;
    if (!cut(rule, image, out, &rgb, e)) {
        *out = (struct pixels){0};
        return false;
    }
    size_t tile = (size_t)rule->size * rule->size * 3;
    out->values = malloc(tile * out->tiles * sizeof(*out->values));
    for (uint32_t i = 0; out->values && i < out->tiles; i++)
        normalise(rule, rgb + i * tile, out->values + i * tile);
    free(rgb);
    if (out->values)
        return true;
    *out = (struct pixels){0};
    return error_no_memory(e);
}
