#include "engine/compute/reference.h"

#include <math.h>
#include <string.h>

#include "shaders/shared.h"

void reference_matmul(const float *w, uint32_t rows, uint32_t inner, const double *x,
                      uint32_t columns, double *y)
{
    for (uint32_t c = 0; c < columns; c++)
        for (uint32_t r = 0; r < rows; r++) {
            double sum = 0;
            for (uint32_t i = 0; i < inner; i++)
                sum += (double)w[(size_t)r * inner + i] * x[(size_t)c * inner + i];
            y[(size_t)c * rows + r] = sum;
        }
}

double reference_silu(double x)
{
    return x / (1 + exp(-x));
}

double reference_activation(uint32_t act, double x)
{
    switch (act) {
    case ACT_QUICK_GELU:
        return x / (1 + exp(-1.702 * x));
    case ACT_GELU:
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    default:
        return x;
    }
}

void reference_rms_norm(const double *x, const float *gain, uint32_t n, double eps, double *y)
{
    double squares = 0;
    for (uint32_t i = 0; i < n; i++)
        squares += x[i] * x[i];
    double rms = sqrt(squares / n + eps);
    for (uint32_t i = 0; i < n; i++)
        y[i] = x[i] / rms * gain[i];
}

void reference_layer_norm(const double *x, const float *gain, const float *bias, uint32_t n,
                          double eps, double *y)
{
    double mean = 0, variance = 0;
    for (uint32_t i = 0; i < n; i++)
        mean += x[i] / n;
    for (uint32_t i = 0; i < n; i++)
        variance += (x[i] - mean) * (x[i] - mean) / n;
    for (uint32_t i = 0; i < n; i++)
        y[i] = (x[i] - mean) / sqrt(variance + eps) * gain[i] + bias[i];
}

void reference_rotate(double *x, const float *rotation, uint32_t heads, uint32_t size)
{
    for (uint32_t h = 0; h < heads; h++, x += size)
        for (uint32_t d = 0; d < size; d += 2) {
            double c = rotation[d], s = rotation[d + 1], a = x[d], b = x[d + 1];
            x[d] = a * c - b * s;
            x[d + 1] = a * s + b * c;
        }
}

static double dot(const double *q, const float *k, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += q[i] * k[i];
    return sum;
}

void reference_attention(const struct reference_attention *a, double *y)
{
    memset(y, 0, (size_t)a->columns * a->heads * a->size * sizeof(*y));
    for (uint32_t row = 0; row < a->columns * a->heads; row++) {
        const uint32_t *keys = a->ranges[row / a->heads];
        uint32_t kv_head = row % a->heads / (a->heads / a->kv_heads);
        const double *q = a->q + (size_t)row * a->size;
        double *out = y + (size_t)row * a->size, most = -INFINITY, total = 0;
        for (uint32_t k = keys[0]; k < keys[1]; k++)
            most =
                fmax(most, dot(q, a->k + ((size_t)k * a->kv_heads + kv_head) * a->size, a->size));
        for (uint32_t k = keys[0]; k < keys[1]; k++) {
            size_t at = ((size_t)k * a->kv_heads + kv_head) * a->size;
            double weight = exp((dot(q, a->k + at, a->size) - most) / sqrt(a->size));
            total += weight;
            for (uint32_t d = 0; d < a->size; d++)
                out[d] += weight * a->v[at + d];
        }
        for (uint32_t d = 0; d < a->size && total > 0; d++)
            out[d] /= total;
    }
}
