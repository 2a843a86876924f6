// Which way up a picture is: the Orientation tag of the EXIF block in a JPEG (APP1), PNG (eXIf) or
// WebP (EXIF chunk) file. Reads nothing else of EXIF. Any bytes are safe. Pure function: any
// thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

// EXIF 2.3, tag 0x0112: where the first stored row and the first stored column belong.
enum orientation {
    ORIENTATION_UPRIGHT = 1,
    ORIENTATION_MIRRORED,    // row 0 is the top, column 0 the right side
    ORIENTATION_HALF_TURN,   // bottom, right
    ORIENTATION_FLIPPED,     // bottom, left
    ORIENTATION_TRANSPOSED,  // left, top
    ORIENTATION_TURN_RIGHT,  // right, top: turn by 90 degrees clockwise to see it
    ORIENTATION_TRANSVERSED, // right, bottom
    ORIENTATION_TURN_LEFT,   // left, bottom
};

// ORIENTATION_UPRIGHT where the file says nothing or nothing that makes sense.
enum orientation exif_orientation(const uint8_t *bytes, size_t size);
