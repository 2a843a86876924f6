// The table of positions. A tower that reads pictures of another size than it was trained with gets
// the table resized, as transformers does it (interpolate_pos_encoding of CLIPVisionModel): cubic
// convolution (Keys 1981) with a = -0.75 over the four nearest of each axis, pixel centres at
// halves, the borders repeated, nothing smoothed.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/vision_internal.h"

// Weights of the four entries around `at` (from floor(at) - 1 on).
static void cubic(double at, double weights[4])
{
    const double a = -0.75;
    double t = at - floor(at);
    for (int i = 0; i < 4; i++) {
        double d = fabs(t - (i - 1));
        weights[i] = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1
                            : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    }
}

static uint32_t within(long i, uint32_t side)
{
    return i < 0 ? 0 : i >= (long)side ? side - 1 : (uint32_t)i;
}

// [side][side][width] -> [grid][grid][width]
static void resize_table(const float *table, uint32_t side, uint32_t grid, uint32_t width,
                         float *out)
{
    double scale = (double)side / grid;
    for (uint32_t p = 0; p < grid * grid; p++, out += width) {
        double y = (p / grid + 0.5) * scale - 0.5, x = (p % grid + 0.5) * scale - 0.5;
        double wy[4], wx[4];
        cubic(y, wy);
        cubic(x, wx);
        for (uint32_t c = 0; c < width; c++) {
            double sum = 0;
            for (int i = 0; i < 16; i++) {
                uint32_t row = within((long)floor(y) - 1 + i / 4, side);
                uint32_t column = within((long)floor(x) - 1 + i % 4, side);
                sum += wy[i / 4] * wx[i % 4] * table[((size_t)row * side + column) * width + c];
            }
            out[c] = (float)sum;
        }
    }
}

// The table as it lies in the file: a row for the class and those of a square of patches.
static const struct gguf_tensor *find_table(const struct gguf *g, uint32_t width, uint32_t grid,
                                            uint32_t *side, struct error *e)
{
    static const char name[] = "v.position_embd.weight";
    const struct gguf_tensor *t = gguf_find_tensor(g, name);
    *side = grid;
    if (t && t->dims[1] > 1 && t->dims[1] <= 1 << 20) {
        uint32_t root = (uint32_t)lround(sqrt((double)(t->dims[1] - 1)));
        if ((uint64_t)root * root + 1 == t->dims[1])
            *side = root;
    }
    return weights_tensor(g, name, (uint64_t[]){width, (uint64_t)*side * *side + 1}, 2, e);
}

bool vision_read_positions(const struct gguf *g, struct weights *w, struct vision *v,
                           struct error *e)
{
    uint32_t width = v->t.width, grid = v->t.grid, side;
    const struct gguf_tensor *t = find_table(g, width, grid, &side, e);
    const struct gguf_tensor *c =
        t ? weights_tensor(g, "v.class_embd", (uint64_t[]){width}, 1, e) : NULL;
    if (!c)
        return false;
    size_t stored = ((size_t)side * side + 1) * width, n = ((size_t)patches(v) + 1) * width;
    float *table = malloc(stored * sizeof(*table)), *values = malloc(n * sizeof(*values));
    float *class = malloc(width * sizeof(*class));
    bool ok = (table && values && class) || error_no_memory(e);
    if (ok) {
        weights_dequantize(t, 0, stored, table);
        weights_dequantize(c, 0, width, class);
        for (uint32_t i = 0; i < width; i++)
            values[i] = table[i] + class[i];
        if (side == grid)
            memcpy(values + width, table + width, (n - width) * sizeof(*values));
        else
            resize_table(table + width, side, grid, width, values + width);
        ok = weights_floats(w, values, n, &v->positions, e);
    }
    free(class);
    free(values);
    free(table);
    return ok;
}
