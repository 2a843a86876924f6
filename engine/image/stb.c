// stb_image, compiled here alone: only PNG and GIF, no files, no globals.
#include <stdlib.h>

#include "engine/image/formats.h"

// A file may inflate to far more than its size says: no more than this is given to it. The largest
// honest need is 8 bytes a pixel.
enum { MOST_INFLATED = 1 << 30 };

#pragma GCC diagnostic ignored "-Wunused-function"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_GIF
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_FAILURE_STRINGS
#define STBI_MAX_DIMENSIONS    IMAGE_MOST_SIDE
#define STBI_ASSERT(condition) ((void)0) // no picture may end the program
#define STBI_MALLOC(size)      malloc(size)
#define STBI_FREE(memory)      free(memory)
#define STBI_REALLOC_SIZED(memory, old, size)                                                      \
    ((size) > MOST_INFLATED ? NULL : realloc((memory), (size)))
#include <stb/stb_image.h>

uint8_t *stb_load(const uint8_t *bytes, size_t size, uint32_t *width, uint32_t *height)
{
    int w = 0, h = 0, channels = 0;
    if (size > INT32_MAX)
        return NULL;
    uint8_t *rgb = stbi_load_from_memory(bytes, (int)size, &w, &h, &channels, STBI_rgb);
    *width = (uint32_t)w;
    *height = (uint32_t)h;
    return rgb;
}
