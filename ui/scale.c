#include "ui/scale.h"

#include <stddef.h>
#include <stdlib.h>

enum { CHANNELS = 3 };

// What target pixel `at` of `to` covers of a side of `from` pixels, in units of 1/to of a source
// pixel, so that all weights are whole numbers: a source pixel is `to` units long, a target pixel
// `from` units.
struct span {
    uint32_t first, last;            // source pixels, inclusive
    float first_weight, last_weight; // the pixels between them weigh `to`
};

static struct span span_of(uint32_t at, uint32_t from, uint32_t to)
{
    uint64_t begin = (uint64_t)at * from, end = begin + from;
    struct span s = {.first = (uint32_t)(begin / to), .last = (uint32_t)((end - 1) / to)};
    if (s.first == s.last) {
        s.first_weight = (float)from;
        return s;
    }
    s.first_weight = (float)((uint64_t)(s.first + 1) * to - begin);
    s.last_weight = (float)(end - (uint64_t)s.last * to);
    return s;
}

static void add_row(float *sum, const uint8_t *row, size_t n, float weight)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += weight * (float)row[i];
}

// The rows that target row `y` covers, summed into `sum`.
static void sum_rows(const uint8_t *from, uint32_t width, uint32_t height, uint32_t y,
                     uint32_t to_height, float *sum)
{
    const size_t n = (size_t)width * CHANNELS;
    struct span s = span_of(y, height, to_height);
    for (size_t i = 0; i < n; i++)
        sum[i] = s.first_weight * (float)from[s.first * n + i];
    for (size_t row = s.first + 1; row < s.last; row++)
        add_row(sum, from + row * n, n, (float)to_height);
    if (s.last > s.first)
        add_row(sum, from + s.last * n, n, s.last_weight);
}

static void shrink_row(const float *sum, const struct span *spans, uint32_t to_width, float middle,
                       float scale, uint8_t *to)
{
    for (uint32_t x = 0; x < to_width; x++) {
        const struct span *s = &spans[x];
        const float *pixel = sum + (size_t)s->first * CHANNELS;
        float r = s->first_weight * pixel[0];
        float g = s->first_weight * pixel[1];
        float b = s->first_weight * pixel[2];
        for (uint32_t i = s->first + 1; i <= s->last; i++) {
            float weight = i < s->last ? middle : s->last_weight;
            pixel += CHANNELS;
            r += weight * pixel[0];
            g += weight * pixel[1];
            b += weight * pixel[2];
        }
        *to++ = (uint8_t)(r * scale + 0.5f);
        *to++ = (uint8_t)(g * scale + 0.5f);
        *to++ = (uint8_t)(b * scale + 0.5f);
    }
}

bool scale_area(const uint8_t *from, uint32_t width, uint32_t height, uint8_t *to,
                uint32_t to_width, uint32_t to_height)
{
    float *sum = malloc((size_t)width * CHANNELS * sizeof(*sum));
    struct span *spans = malloc(to_width * sizeof(*spans));
    if (sum && spans) {
        float scale = 1.0f / ((float)width * (float)height);
        for (uint32_t x = 0; x < to_width; x++)
            spans[x] = span_of(x, width, to_width);
        for (uint32_t y = 0; y < to_height; y++) {
            sum_rows(from, width, height, y, to_height, sum);
            shrink_row(sum, spans, to_width, (float)to_width, scale,
                       to + (size_t)y * to_width * CHANNELS);
        }
    }
    bool ok = sum && spans;
    free(spans);
    free(sum);
    return ok;
}
