// What the picture tests share: reading test data, CRC-32, and the noise of make_pictures.py.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/image/decode.h"
#include "tests/unit/data_path.h"

struct file {
    uint8_t *bytes;
    size_t size;
};

// A file below tests/data, or the end of the test. The caller frees the bytes.
static inline struct file read_data(const char *name)
{
    const char *path = data_path(name);
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0) {
        fprintf(stderr, "cannot read %s\n", path);
        abort();
    }
    struct file out = {.size = (size_t)ftell(f)};
    out.bytes = malloc(out.size + 1);
    rewind(f);
    if (!out.bytes || fread(out.bytes, 1, out.size, f) != out.size)
        abort();
    out.bytes[out.size] = 0;
    fclose(f);
    return out;
}

static inline uint32_t crc32_of(const void *bytes, size_t size)
{
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        c ^= ((const uint8_t *)bytes)[i];
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320U : 0);
    }
    return ~c;
}

static inline struct image noise_image(uint32_t width, uint32_t height)
{
    size_t size = (size_t)width * height * 3;
    struct image image = {width, height, malloc(size)};
    if (!image.rgb)
        abort();
    uint32_t state = 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525U + 1013904223U;
        image.rgb[i] = state >> 31 ? (uint8_t)(state >> 16) : state >> 30 ? 255 : 0;
    }
    return image;
}
