#include "engine/image/anyres.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/image/resize.h"

struct anyres_grid anyres_choose(const struct preprocess_rule *rule, uint32_t width,
                                 uint32_t height)
{
    struct anyres_grid best = {1, 1};
    double most = -1, least_waste = 0;
    for (uint32_t i = 0; i < rule->n_grids; i++) {
        double w = rule->grids[i].width, h = rule->grids[i].height;
        double scale = fmin(w / width, h / height);
        double used = floor(width * scale) * floor(height * scale);
        double effective = fmin(used, (double)width * height), waste = w * h - effective;
        if (effective > most || (effective == most && waste < least_waste)) {
            most = effective;
            least_waste = waste;
            best = (struct anyres_grid){rule->grids[i].width / rule->size,
                                        rule->grids[i].height / rule->size};
        }
    }
    return best;
}

// The picture at the size that fits the grid, on black, in the middle.
static bool resize_and_pad(const struct preprocess_rule *rule, const struct image *image,
                           uint32_t width, uint32_t height, struct image *out, struct error *e)
{
    double scale_w = (double)width / image->width, scale_h = (double)height / image->height;
    uint32_t w = width, h = height;
    if (scale_w < scale_h)
        h = (uint32_t)fmin(ceil(image->height * scale_w), height);
    else
        w = (uint32_t)fmin(ceil(image->width * scale_h), width);
    struct image fitted;
    if (!image_resize(image, w, h, rule->filter, &fitted, e))
        return false;
    *out = (struct image){width, height, calloc((size_t)width * height, 3)};
    for (uint32_t y = 0; out->rgb && y < h; y++)
        memcpy(out->rgb + ((size_t)(y + (height - h) / 2) * width + (width - w) / 2) * 3,
               fitted.rgb + (size_t)y * w * 3, (size_t)w * 3);
    image_finish(&fitted);
    return out->rgb || error_no_memory(e);
}

static void cut_tiles(const struct image *plane, uint32_t size, struct anyres_grid grid,
                      uint8_t *out)
{
    for (uint32_t r = 0; r < grid.rows; r++)
        for (uint32_t c = 0; c < grid.columns; c++)
            for (uint32_t y = 0; y < size; y++, out += (size_t)size * 3)
                memcpy(out, plane->rgb + ((size_t)(r * size + y) * plane->width + c * size) * 3,
                       (size_t)size * 3);
}

bool anyres_tiles(const struct preprocess_rule *rule, const struct image *image,
                  struct anyres_grid grid, uint8_t **rgb, struct error *e)
{
    size_t tile = (size_t)rule->size * rule->size * 3;
    struct image whole = {0}, plane = {0};
    *rgb = malloc(tile * (1 + (size_t)grid.columns * grid.rows));
    bool ok =
        (*rgb || error_no_memory(e)) &&
        image_resize(image, rule->size, rule->size, rule->filter, &whole, e) &&
        resize_and_pad(rule, image, grid.columns * rule->size, grid.rows * rule->size, &plane, e);
    if (ok) {
        memcpy(*rgb, whole.rgb, tile);
        cut_tiles(&plane, rule->size, grid, *rgb + tile);
    } else {
        free(*rgb);
        *rgb = NULL;
    }
    image_finish(&whole);
    image_finish(&plane);
    return ok;
}

struct anyres_part anyres_unpad(uint32_t width, uint32_t height, uint32_t columns, uint32_t rows)
{
    struct anyres_part part = {0, 0, columns, rows};
    if ((double)width / height > (double)columns / rows) {
        uint32_t shown = (uint32_t)(height * ((double)columns / width));
        part.top = (rows - shown) / 2;
        part.rows = rows - 2 * part.top;
    } else {
        uint32_t shown = (uint32_t)(width * ((double)rows / height));
        part.left = (columns - shown) / 2;
        part.columns = columns - 2 * part.left;
    }
    return part;
}
