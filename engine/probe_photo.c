// A photograph to measure with, made up in memory.
#include <stdio.h> // jpeglib.h needs it before it
#include <stdlib.h>

#include <jpeglib.h>

#include "engine/probe_bench.h"

enum { WIDTH = 6000, HEIGHT = 4000 };

// Slopes of colour with a little grain, which compress about as a photograph does.
static void fill_row(uint8_t *row, uint32_t y, uint32_t *state)
{
    for (uint32_t x = 0; x < WIDTH; x++, row += 3) {
        uint32_t grain = (*state = *state * 1664525 + 1013904223) >> 28;
        row[0] = (uint8_t)(x * 230 / WIDTH + grain);
        row[1] = (uint8_t)(y * 230 / HEIGHT + grain);
        row[2] = (uint8_t)((x / 16 + y / 16) % 230 + grain);
    }
}

// libjpeg's own handler of errors ends the program; with these parameters it meets none but the end
// of memory.
bool probe_photo(uint32_t seed, uint8_t **out, size_t *size, struct error *e)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct j = {.err = jpeg_std_error(&errors)};
    uint32_t state = seed;
    unsigned long bytes = 0;
    uint8_t *row = malloc(WIDTH * 3);
    *out = NULL;
    if (!row)
        return error_no_memory(e);
    jpeg_create_compress(&j);
    jpeg_mem_dest(&j, out, &bytes);
    j.image_width = WIDTH;
    j.image_height = HEIGHT;
    j.input_components = 3;
    j.in_color_space = JCS_RGB;
    jpeg_set_defaults(&j);
    jpeg_set_quality(&j, 90, TRUE);
    jpeg_start_compress(&j, TRUE);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        fill_row(row, y, &state);
        jpeg_write_scanlines(&j, &row, 1);
    }
    jpeg_finish_compress(&j);
    jpeg_destroy_compress(&j);
    free(row);
    *size = bytes;
    return true;
}
