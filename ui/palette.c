#include "ui/palette.h"

#include <stdlib.h>
#include <string.h>

enum { BINS = 1 << 15, CHANNELS = 3 };

// Pixels whose colours agree in the upper five bits of each channel.
struct bin {
    uint32_t pixels;
    uint32_t sum[CHANNELS];
};

// A bin in use: the mean of its pixels.
struct color {
    float value[CHANNELS];
    float weight; // pixels
    uint16_t bin;
};

// colors[begin..end), to be one entry of the palette or to be split.
struct box {
    size_t begin, end;
    float mean[CHANNELS];
    float spread; // squared distances from the mean along `axis`, weighted
    int axis;     // of the largest spread
};

static unsigned bin_of(const uint8_t *p)
{
    return (unsigned)(p[0] >> 3) << 10 | (unsigned)(p[1] >> 3) << 5 | (unsigned)(p[2] >> 3);
}

static void count(const uint8_t *rgb, size_t pixels, struct bin *bins)
{
    for (size_t i = 0; i < pixels; i++, rgb += CHANNELS) {
        struct bin *b = &bins[bin_of(rgb)];
        b->pixels++;
        for (int c = 0; c < CHANNELS; c++)
            b->sum[c] += rgb[c];
    }
}

static size_t list_colors(const struct bin *bins, struct color *colors)
{
    size_t n = 0;
    for (unsigned i = 0; i < BINS; i++) {
        if (!bins[i].pixels)
            continue;
        colors[n].weight = (float)bins[i].pixels;
        colors[n].bin = (uint16_t)i;
        for (int c = 0; c < CHANNELS; c++)
            colors[n].value[c] = (float)bins[i].sum[c] / (float)bins[i].pixels;
        n++;
    }
    return n;
}

static void measure(struct box *b, const struct color *colors)
{
    double weight = 0, sum[CHANNELS] = {0}, squares[CHANNELS] = {0};
    for (size_t i = b->begin; i < b->end; i++) {
        weight += colors[i].weight;
        for (int c = 0; c < CHANNELS; c++) {
            double v = colors[i].value[c];
            sum[c] += colors[i].weight * v;
            squares[c] += colors[i].weight * v * v;
        }
    }
    b->spread = 0;
    b->axis = 0;
    for (int c = 0; c < CHANNELS; c++) {
        b->mean[c] = (float)(sum[c] / weight);
        float spread = (float)(squares[c] - sum[c] * sum[c] / weight);
        if (spread > b->spread) {
            b->spread = spread;
            b->axis = c;
        }
    }
    if (b->end - b->begin == 1) // rounding is no spread
        b->spread = 0;
}

// Cuts at the mean of the widest axis; what is above it becomes `upper`. False: all are alike.
static bool split(struct box *b, struct box *upper, struct color *colors)
{
    size_t low = b->begin, high = b->end;
    while (low < high) {
        if (colors[low].value[b->axis] <= b->mean[b->axis]) {
            low++;
            continue;
        }
        high--;
        struct color swap = colors[low];
        colors[low] = colors[high];
        colors[high] = swap;
    }
    if (low == b->begin || low == b->end)
        return false;
    *upper = (struct box){.begin = low, .end = b->end};
    b->end = low;
    measure(b, colors);
    measure(upper, colors);
    return true;
}

// Splits the box of the largest spread until there are enough boxes, or none with a spread.
static int cut(struct color *colors, size_t n, int most, struct box *boxes)
{
    int used = 1;
    boxes[0] = (struct box){.end = n};
    measure(&boxes[0], colors);
    while (used < most) {
        struct box *widest = &boxes[0];
        for (int i = 1; i < used; i++)
            if (boxes[i].spread > widest->spread)
                widest = &boxes[i];
        if (widest->spread <= 0)
            break;
        if (split(widest, &boxes[used], colors))
            used++;
        else
            widest->spread = 0;
    }
    return used;
}

static int nearest(const struct color *color, const struct box *boxes, int n)
{
    int best = 0;
    float least = 1e9f;
    for (int i = 0; i < n; i++) {
        float r = color->value[0] - boxes[i].mean[0];
        float g = color->value[1] - boxes[i].mean[1];
        float b = color->value[2] - boxes[i].mean[2];
        float distance = r * r + g * g + b * b;
        if (distance < least) {
            least = distance;
            best = i;
        }
    }
    return best;
}

// Gives each bin the entry that is nearest to it, and each entry the mean of what it was given.
static void assign(const struct color *colors, size_t n, const struct box *boxes,
                   struct palette *out, uint8_t *entry_of_bin)
{
    double sum[PALETTE_MOST][CHANNELS] = {{0}}, weight[PALETTE_MOST] = {0};
    for (size_t i = 0; i < n; i++) {
        int entry = nearest(&colors[i], boxes, out->colors);
        entry_of_bin[colors[i].bin] = (uint8_t)entry;
        weight[entry] += colors[i].weight;
        for (int c = 0; c < CHANNELS; c++)
            sum[entry][c] += (double)colors[i].weight * colors[i].value[c];
    }
    for (int entry = 0; entry < out->colors; entry++)
        for (int c = 0; c < CHANNELS; c++) {
            double mean = weight[entry] > 0 ? sum[entry][c] / weight[entry] : boxes[entry].mean[c];
            out->rgb[entry * CHANNELS + c] = (uint8_t)(mean + 0.5);
        }
}

bool palette_choose(const uint8_t *rgb, size_t pixels, int colors, struct palette *out,
                    uint8_t *index)
{
    struct bin *bins = calloc(BINS, sizeof(*bins));
    struct color *list = malloc(BINS * sizeof(*list));
    uint8_t *entry_of_bin = malloc(BINS);
    bool ok = bins && list && entry_of_bin;
    if (ok) {
        struct box boxes[PALETTE_MOST];
        count(rgb, pixels, bins);
        size_t n = list_colors(bins, list);
        memset(out, 0, sizeof(*out));
        out->colors = cut(list, n, colors, boxes);
        assign(list, n, boxes, out, entry_of_bin);
        for (size_t i = 0; i < pixels; i++)
            index[i] = entry_of_bin[bin_of(rgb + i * CHANNELS)];
    }
    free(entry_of_bin);
    free(list);
    free(bins);
    return ok;
}
