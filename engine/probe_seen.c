// A picture as the tower of a vision file sees it, without a device.
#include <stdlib.h>
#include <string.h>

#include "engine/engine_internal.h"

static bool read_traits(const char *mmproj, struct vision_traits *t, struct error *e)
{
    struct gguf *g = gguf_open(mmproj, e);
    bool ok = g && vision_read_traits(g, t, e);
    gguf_close(g);
    return ok;
}

uint32_t probe_picture_rows(const char *mmproj, const struct picture *p)
{
    struct vision_traits t;
    uint32_t width, height;
    picture_size(p, &width, &height);
    return read_traits(mmproj, &t, NULL) ? vision_picture_rows(&t, width, height) : 0;
}

bool probe_pixels(const char *mmproj, const struct picture *p, float **out, uint32_t shape[4],
                  struct error *e)
{
    struct vision_traits t;
    struct pixels pixels;
    if (!read_traits(mmproj, &t, e) || !picture_pixels(p, &t.rule, &pixels, e))
        return false;
    *out = pixels.values;
    shape[0] = pixels.tiles;
    shape[1] = 3;
    shape[2] = shape[3] = pixels.size;
    return true;
}

// ---- for people

struct place {
    uint32_t x, y;
};

// Where tiles lie on the sheet: the whole beside its grid, or above one that is wide, and lines
// between the tiles.
struct arrangement {
    uint32_t width, height;
    struct place whole, grid;
    uint32_t step; // from tile to tile
};

static struct arrangement lay_out(const struct pixels *p)
{
    struct arrangement l = {.width = p->size, .height = p->size};
    if (p->tiles == 1)
        return l;
    uint32_t line = p->size / 48 + 1, gap = 3 * line;
    l.step = p->size + line;
    uint32_t width = p->grid_width * l.step - line, height = p->grid_height * l.step - line;
    if (p->grid_width > p->grid_height) {
        l.width = width;
        l.height = p->size + gap + height;
        l.whole.x = (width - p->size) / 2;
        l.grid.y = p->size + gap;
    } else {
        l.width = p->size + gap + width;
        l.height = height > p->size ? height : p->size;
        l.whole.y = (l.height - p->size) / 2;
        l.grid.x = p->size + gap;
    }
    return l;
}

static uint8_t color_of(float value, float mean, float std)
{
    float v = (value * std + mean) * 255.0f + 0.5f;
    return v < 0 ? 0 : v > 255 ? 255 : (uint8_t)v;
}

static void draw_tile(const struct pixels *p, uint32_t tile, const struct preprocess_rule *rule,
                      struct place at, uint32_t stride, uint8_t *rgb)
{
    size_t plane = (size_t)p->size * p->size;
    const float *values = p->values + 3 * plane * tile;
    for (size_t i = 0; i < plane; i++) {
        uint8_t *to = rgb + 3 * ((at.y + i / p->size) * stride + at.x + i % p->size);
        for (size_t c = 0; c < 3; c++)
            to[c] = color_of(values[c * plane + i], rule->mean[c], rule->std[c]);
    }
}

bool probe_seen(const char *mmproj, const struct picture *p, struct probe_sheet *out,
                struct error *e)
{
    enum { PAPER = 0x80 };
    struct vision_traits t;
    struct pixels pixels;
    if (!read_traits(mmproj, &t, e) || !picture_pixels(p, &t.rule, &pixels, e))
        return false;
    struct arrangement l = lay_out(&pixels);
    size_t bytes = 3 * (size_t)l.width * l.height;
    *out = (struct probe_sheet){.rgb = malloc(bytes),
                                .width = l.width,
                                .height = l.height,
                                .side = pixels.size,
                                .columns = pixels.tiles > 1 ? pixels.grid_width : 0,
                                .rows = pixels.tiles > 1 ? pixels.grid_height : 0};
    if (out->rgb) {
        memset(out->rgb, PAPER, bytes);
        draw_tile(&pixels, 0, &t.rule, l.whole, l.width, out->rgb);
        for (uint32_t i = 1; i < pixels.tiles; i++) {
            uint32_t column = (i - 1) % pixels.grid_width, row = (i - 1) / pixels.grid_width;
            struct place at = {l.grid.x + column * l.step, l.grid.y + row * l.step};
            draw_tile(&pixels, i, &t.rule, at, l.width, out->rgb);
        }
    }
    pixels_finish(&pixels);
    return out->rgb || error_no_memory(e);
}
