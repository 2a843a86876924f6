// The resampling of Pillow's Image.resize for 8-bit pixels: weights in double, rounded to 22 bits,
// one horizontal pass to bytes, then one vertical pass. Sums of integers do not depend on their
// order, so the passes are run a row at a time, the margin of the canvas is one product, and no
// pass needs a picture of its own. A pass that changes nothing has weights 0 and 1: skipping it
// would give the same.
// (Pillow 13 runs the vertical pass first for some shapes; all before it, and we, never do.)
#include "engine/image/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/image/formats.h"

enum { WEIGHT_BITS = 22, ROUND = 1 << (WEIGHT_BITS - 1) };

// Which stored pixels make one output pixel. `outside` is the weight of the margin.
struct window {
    uint32_t first, count;
    int32_t outside;
};

struct axis {
    uint32_t size, most;    // outputs; most weights of one output
    struct window *windows; // [size]
    int32_t *weights;       // [size][most], the first `count` of each row are used
};

struct axis_shape {
    uint32_t canvas, offset, inside; // the stored pixels are offset .. offset + inside - 1
    uint32_t out;
    enum filter filter;
};

static double filter_support(enum filter filter)
{
    switch (filter) {
    case FILTER_BICUBIC:
        return 2;
    }
    return 0;
}

// Keys' cubic with a = -1/2.
static double filter_weight(enum filter filter, double x)
{
    const double a = -0.5;
    x = fabs(x);
    switch (filter) {
    case FILTER_BICUBIC:
        if (x < 1)
            return ((a + 2) * x - (a + 3)) * x * x + 1;
        if (x < 2)
            return (((x - 5) * x + 8) * x - 4) * a;
        return 0;
    }
    return 0;
}

static int32_t to_fixed(double weight)
{
    double scaled = weight * (1 << WEIGHT_BITS);
    return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

static void fill_window(struct window *w, int32_t *weights, const struct axis_shape *s,
                        uint32_t begin, uint32_t end, const double *real)
{
    double sum = 0;
    for (uint32_t i = begin; i < end; i++)
        sum += real[i - begin];
    *w = (struct window){0};
    for (uint32_t i = begin; i < end; i++) {
        double weight = real[i - begin];
        int32_t fixed = to_fixed(sum != 0 ? weight / sum : weight);
        if (i < s->offset || i - s->offset >= s->inside) {
            w->outside += fixed;
            continue;
        }
        if (w->count == 0)
            w->first = i - s->offset;
        weights[w->count++] = fixed;
    }
}

static void axis_finish(struct axis *a)
{
    free(a->windows);
    free(a->weights);
    *a = (struct axis){0};
}

static bool axis_init(struct axis *a, const struct axis_shape *s, struct error *e)
{
    double scale = (double)s->canvas / s->out;
    double stretch = scale < 1 ? 1 : scale; // shrinking widens the filter
    double support = filter_support(s->filter) * stretch;
    *a = (struct axis){.size = s->out, .most = (uint32_t)ceil(support) * 2 + 1};
    double *real = malloc(a->most * sizeof(*real));
    a->windows = malloc(a->size * sizeof(*a->windows));
    a->weights = malloc((size_t)a->size * a->most * sizeof(*a->weights));
    if (!real || !a->windows || !a->weights) {
        free(real);
        return error_no_memory(e);
    }
    for (uint32_t i = 0; i < a->size; i++) {
        double center = (i + 0.5) * scale;
        double low = center - support + 0.5, high = center + support + 0.5;
        uint32_t begin = low < 0 ? 0 : (uint32_t)low;
        uint32_t end = high > s->canvas ? s->canvas : (uint32_t)high;
        for (uint32_t k = begin; k < end; k++)
            real[k - begin] = filter_weight(s->filter, (k - center + 0.5) * (1 / stretch));
        fill_window(&a->windows[i], a->weights + (size_t)i * a->most, s, begin, end, real);
    }
    free(real);
    return true;
}

static uint8_t to_byte(int32_t sum)
{
    int32_t value = sum >> WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void resample_row(const struct axis *a, const uint8_t *row, const uint8_t fill[3],
                         uint8_t *out)
{
    for (uint32_t x = 0; x < a->size; x++) {
        const struct window *w = &a->windows[x];
        const int32_t *weights = a->weights + (size_t)x * a->most;
        const uint8_t *pixel = row + (size_t)w->first * 3;
        int32_t r = ROUND + w->outside * fill[0];
        int32_t g = ROUND + w->outside * fill[1];
        int32_t b = ROUND + w->outside * fill[2];
        for (uint32_t k = 0; k < w->count; k++, pixel += 3) {
            r += weights[k] * pixel[0];
            g += weights[k] * pixel[1];
            b += weights[k] * pixel[2];
        }
        *out++ = to_byte(r);
        *out++ = to_byte(g);
        *out++ = to_byte(b);
    }
}

// What the horizontal pass makes of a row of the margin.
static void resample_margin(const struct axis *a, const uint8_t fill[3], uint8_t *out)
{
    for (uint32_t x = 0; x < a->size; x++) {
        int32_t sum = a->windows[x].outside;
        for (uint32_t k = 0; k < a->windows[x].count; k++)
            sum += a->weights[(size_t)x * a->most + k];
        for (int c = 0; c < 3; c++)
            *out++ = to_byte(ROUND + sum * fill[c]);
    }
}

// Rows that went through the horizontal pass, as many as one output row needs: row y is in slot
// y % slots. Windows only move down, so each row is made once.
struct ring {
    uint32_t slots, next; // next: the first row not made yet
    uint8_t *rows;        // [slots][3 * width]
    uint8_t *margin;      // [3 * width]
    int32_t *sums;        // [3 * width]
};

static void ring_finish(struct ring *r)
{
    free(r->rows);
    free(r->margin);
    free(r->sums);
}

static bool ring_init(struct ring *r, uint32_t slots, size_t values, struct error *e)
{
    *r = (struct ring){.slots = slots,
                       .rows = malloc(slots * values),
                       .margin = malloc(values),
                       .sums = malloc(values * sizeof(*r->sums))};
    return (r->rows && r->margin && r->sums) || error_no_memory(e);
}

static void ring_advance(struct ring *r, const struct canvas *c, const struct axis *across,
                         const struct window *w)
{
    if (r->next < w->first)
        r->next = w->first;
    for (; r->next < w->first + w->count; r->next++)
        resample_row(across, c->image->rgb + (size_t)r->next * c->image->width * 3, c->fill,
                     r->rows + (size_t)(r->next % r->slots) * across->size * 3);
}

static void combine_rows(struct ring *r, const struct window *w, const int32_t *weights,
                         size_t values, uint8_t *out)
{
    for (size_t i = 0; i < values; i++)
        r->sums[i] = ROUND + w->outside * r->margin[i];
    for (uint32_t k = 0; k < w->count; k++) {
        const uint8_t *row = r->rows + ((w->first + k) % r->slots) * values;
        int32_t weight = weights[k];
        for (size_t i = 0; i < values; i++)
            r->sums[i] += weight * row[i];
    }
    for (size_t i = 0; i < values; i++)
        out[i] = to_byte(r->sums[i]);
}

bool canvas_resize(const struct canvas *canvas, uint32_t width, uint32_t height, enum filter filter,
                   struct image *out, struct error *e)
{
    struct axis across = {0}, down = {0};
    struct ring ring = {0};
    const struct image *image = canvas->image;
    size_t values = (size_t)width * 3;
    bool ok = false;
    *out = (struct image){0};
    if (!axis_init(&across,
                   &(struct axis_shape){canvas->width, canvas->left, image->width, width, filter},
                   e) ||
        !axis_init(&down,
                   &(struct axis_shape){canvas->height, canvas->top, image->height, height, filter},
                   e) ||
        !ring_init(&ring, down.most < image->height ? down.most : image->height, values, e) ||
        !image_allocate(out, width, height, e))
        goto done;
    resample_margin(&across, canvas->fill, ring.margin);
    for (uint32_t y = 0; y < height; y++) {
        ring_advance(&ring, canvas, &across, &down.windows[y]);
        combine_rows(&ring, &down.windows[y], down.weights + (size_t)y * down.most, values,
                     out->rgb + y * values);
    }
    ok = true;
done:
    ring_finish(&ring);
    axis_finish(&down);
    axis_finish(&across);
    return ok;
}

bool image_resize(const struct image *in, uint32_t width, uint32_t height, enum filter filter,
                  struct image *out, struct error *e)
{
    struct canvas canvas = {.image = in, .width = in->width, .height = in->height};
    return canvas_resize(&canvas, width, height, filter, out, e);
}
