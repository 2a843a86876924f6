// Takes arbitrary bytes for a file with an EXIF block, and for the block itself.
// Corpus: a copy of tests/data/pictures.
#include <stdlib.h>
#include <string.h>

#include "engine/image/exif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *data, size_t size)
{
    enum orientation o = exif_orientation(data, size);
    if (o < ORIENTATION_UPRIGHT || o > ORIENTATION_TURN_LEFT)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(data, size);
    if (size > 60000)
        return 0;
    size_t length = size + 8;
    uint8_t *jpeg = malloc(size + 12);
    if (!jpeg)
        return 0;
    memcpy(jpeg, "\xff\xd8\xff\xe1\0\0Exif\0\0", 12);
    jpeg[4] = (uint8_t)(length >> 8);
    jpeg[5] = (uint8_t)length;
    if (size)
        memcpy(jpeg + 12, data, size);
    check(jpeg, size + 12);
    free(jpeg);
    return 0;
}
