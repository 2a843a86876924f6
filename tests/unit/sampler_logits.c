#include "sampler_logits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

const float logits[SIZE] = {0.3F, 2.1F, -1.0F, 1.4F, 2.6F, -3.0F, 0.9F, 1.8F};
const int order[SIZE] = {4, 1, 7, 3, 6, 0, 2, 5};

int32_t pick(const float *from, const struct sampling *how, uint64_t draw)
{
    float copy[SIZE];
    int32_t id;
    memcpy(copy, from, sizeof(copy));
    assert_true(sampler_pick(copy, SIZE, how, NULL, 0, draw, &id, NULL));
    assert_in_range(id, 0, SIZE - 1);
    return id;
}

void softmax(const float *from, double temperature, double p[SIZE])
{
    double sum = 0;
    for (int i = 0; i < SIZE; i++)
        sum += p[i] = exp(from[i] / temperature);
    for (int i = 0; i < SIZE; i++)
        p[i] /= sum;
}
