// Palette pixels -> sixels, by libsixel's encoder. The only file that includes its header. Of the
// library only the dither object (as the holder of a palette) and sixel_encode are used, on pixels
// of our own.
//
// The encoder takes milliseconds for a busy picture; a picture that scrolls is cut anew for each
// row. So the bands (six rows of pixels) are kept as text, for each place in a band at which a cut
// began, and a cut is put together from them. Any thread, one at a time for a picture.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "ui/palette.h"

enum { SIXEL_BAND = 6, SIXEL_SIDE_MOST = 4096 };

struct sixel_band {
    size_t start, size; // in the bytes; size 0: not yet encoded
};

// Zeroed but for the first members, which the holder sets and whose pixels it owns.
struct sixel_picture {
    struct palette palette;
    const uint8_t *index; // width x height
    int width, height;    // 1..SIXEL_SIDE_MOST
    struct {
        struct buffer bytes;
        struct sixel_band *bands;
    } cuts[SIXEL_BAND]; // by the first row modulo SIXEL_BAND
};

// Adds the sequence that draws rows [from, from + n) at the cursor. It paints these pixels and no
// others, also where the last band is not full. False: no memory; `out` may hold a part then.
bool sixel_add(struct sixel_picture *s, int from, int n, struct buffer *out);
// Frees what is kept; index and size stay.
void sixel_forget(struct sixel_picture *s);

// What encoding the whole will cost, in steps of a nanosecond or two: the encoder's time grows with
// the square of the runs of colours in a band.
double sixel_cost(const struct sixel_picture *s);
