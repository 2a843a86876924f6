// The palette of a picture and its pixels by palette index. Made once for a picture at a size, so
// that every crop of it has the same colours and costs no search. Pure; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PALETTE_MOST = 256 };

struct palette {
    uint8_t rgb[PALETTE_MOST * 3];
    int colors; // 1..PALETTE_MOST
};

// Chooses at most `colors` (1..PALETTE_MOST) colours for `pixels` (1..2^24) RGB pixels and writes
// each pixel's index. Colours that differ only in the low three bits of a channel are one; a
// picture with no more colours than asked for keeps them otherwise. No dithering: the size of what
// is sent would double. False: no memory.
bool palette_choose(const uint8_t *rgb, size_t pixels, int colors, struct palette *out,
                    uint8_t *index);
