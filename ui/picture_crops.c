#include "ui/picture_crops.h"

#include <math.h>
#include <stdlib.h>

#include "ui/scale.h"

// A busy picture in many colours takes the encoder long enough to be felt while typing. There
// nobody sees that it has fewer: so many that the cost stays near COST_MOST (10 to 20 ms), but not
// less than COLORS_LEAST. A smooth picture, where it would be seen, is cheap in all of them.
enum { COST_MOST = 10000000, COLORS_LEAST = 48 };

static bool same_geometry(const struct picture_geometry *a, const struct picture_geometry *b)
{
    return a->sixel == b->sixel && a->cols == b->cols && a->rows == b->rows &&
           a->cell_width == b->cell_width && a->cell_height == b->cell_height &&
           a->colors == b->colors && a->depth == b->depth;
}

static void free_pixels(struct picture_crops *c)
{
    sixel_forget(&c->sixel);
    free(c->pixels);
    c->pixels = NULL;
}

// Reduces the scaled picture to a palette.
static bool choose_colors(struct picture_crops *c, const uint8_t *rgb, int width, int height)
{
    const size_t pixels = (size_t)width * (size_t)height;
    const int colors = c->geometry.colors;
    struct sixel_picture *s = &c->sixel;
    c->pixels = malloc(pixels);
    if (!c->pixels || !palette_choose(rgb, pixels, colors, &s->palette, c->pixels))
        return false;
    s->index = c->pixels;
    s->width = width;
    s->height = height;
    double cost = sixel_cost(s);
    if (cost <= COST_MOST || colors <= COLORS_LEAST)
        return true;
    // Measured: the cost grows with about the 1.1th power of the colours.
    int fewer = (int)(s->palette.colors * pow(COST_MOST / cost, 1 / 1.1));
    return palette_choose(rgb, pixels, fewer < COLORS_LEAST ? COLORS_LEAST : fewer, &s->palette,
                          c->pixels);
}

// Scales the whole picture, and chooses its palette, unless that is what is there.
static bool prepare(struct picture_crops *c, const struct picture_geometry *g, uint32_t width,
                    uint32_t height, const uint8_t *rgb)
{
    if (c->pixels && same_geometry(&c->geometry, g))
        return true;
    const int wide = g->cols * g->cell_width, high = g->rows * g->cell_height;
    free_pixels(c);
    c->geometry = *g;
    uint8_t *scaled = malloc((size_t)wide * (size_t)high * 3);
    if (!scaled || !scale_area(rgb, width, height, scaled, (uint32_t)wide, (uint32_t)high)) {
        free(scaled);
        return false;
    }
    if (!g->sixel) {
        c->pixels = scaled;
        return true;
    }
    bool ok = choose_colors(c, scaled, wide, high);
    free(scaled);
    if (!ok)
        free_pixels(c);
    return ok;
}

static bool encode(struct picture_crops *c, int from, int n, struct buffer *out)
{
    const struct picture_geometry *g = &c->geometry;
    if (g->sixel)
        return sixel_add(&c->sixel, from * g->cell_height, n * g->cell_height, out);
    const size_t row = (size_t)g->cols * (size_t)g->cell_width * (size_t)g->cell_height * 3;
    return half_add(out, c->pixels + (size_t)from * row, g->cols, n, g->depth);
}

static void drop(struct picture_crop *crop)
{
    buffer_free(&crop->bytes);
    *crop = (struct picture_crop){0};
}

// The crop that was used longest ago, or a free one.
static struct picture_crop *oldest(struct picture_crops *c)
{
    struct picture_crop *found = &c->list[0];
    for (int i = 1; i < PICTURE_CROPS; i++)
        if (c->list[i].used < found->used)
            found = &c->list[i];
    return found;
}

// Drops the oldest that are beyond the limit, but for the newest few, which this very frame may
// show.
static void bound_memory(struct picture_crops *c)
{
    for (;;) {
        struct picture_crop *last = NULL;
        size_t bytes = 0;
        int kept = 0;
        for (int i = 0; i < PICTURE_CROPS; i++) {
            if (!c->list[i].used)
                continue;
            kept++;
            bytes += c->list[i].bytes.room;
            if (!last || c->list[i].used < last->used)
                last = &c->list[i];
        }
        if (kept <= PICTURE_CROPS_SAFE || bytes <= PICTURE_CROPS_BYTES)
            return;
        drop(last);
    }
}

const struct buffer *picture_crops_get(struct picture_crops *c, const struct picture_geometry *g,
                                       uint32_t width, uint32_t height, const uint8_t *rgb,
                                       int from, int n)
{
    for (int i = 0; i < PICTURE_CROPS; i++) {
        struct picture_crop *crop = &c->list[i];
        if (crop->used && crop->from == from && crop->n == n && same_geometry(&crop->geometry, g)) {
            crop->used = ++c->clock;
            return &crop->bytes;
        }
    }
    struct buffer bytes = {0};
    if (!prepare(c, g, width, height, rgb) || !encode(c, from, n, &bytes)) {
        buffer_free(&bytes);
        return NULL;
    }
    struct picture_crop *crop = oldest(c);
    drop(crop);
    *crop = (struct picture_crop){
        .geometry = *g, .from = from, .n = n, .used = ++c->clock, .bytes = bytes};
    bound_memory(c);
    return &crop->bytes;
}

void picture_crops_clear(struct picture_crops *c)
{
    free_pixels(c);
    for (int i = 0; i < PICTURE_CROPS; i++)
        drop(&c->list[i]);
}
