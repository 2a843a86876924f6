#include "engine/image/preprocess.h"

#include <stdlib.h>

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

static bool fit(const struct preprocess_rule *rule, const struct image *image, struct image *out,
                struct error *e)
{
    uint32_t side = image->width > image->height ? image->width : image->height;
    struct canvas canvas = {.image = image, .width = side, .height = side};
    switch (rule->fit) {
    case FIT_PAD:
        canvas.left = (side - image->width) / 2;
        canvas.top = (side - image->height) / 2;
        for (int c = 0; c < 3; c++)
            canvas.fill[c] = mean_colour(rule->mean[c]);
        break;
    }
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

bool preprocess(const struct preprocess_rule *rule, const struct image *image, struct pixels *out,
                struct error *e)
{
    *out = (struct pixels){0};
    struct image tile;
    if (!fit(rule, image, &tile, e))
        return false;
    float *values = malloc((size_t)rule->size * rule->size * 3 * sizeof(*values));
    if (!values) {
        image_finish(&tile);
        return error_no_memory(e);
    }
    normalise(rule, tile.rgb, values);
    image_finish(&tile);
    *out = (struct pixels){
        .tiles = 1, .grid_width = 1, .grid_height = 1, .size = rule->size, .values = values};
    return true;
}
