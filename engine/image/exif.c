#include "engine/image/exif.h"

#include <stdbool.h>
#include <string.h>

struct span {
    const uint8_t *bytes;
    size_t size;
};

static uint32_t read_number(const uint8_t *p, int size, bool little)
{
    uint32_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | p[little ? size - 1 - i : i];
    return value;
}

// A TIFF header, then the directory of the main picture: a count and entries of 12 bytes
// (tag 2, type 2, count 4, value 4).
static enum orientation tiff_orientation(struct span tiff)
{
    enum { TAG = 0x0112, TYPE_SHORT = 3, ENTRY = 12 };
    if (tiff.size < 8)
        return ORIENTATION_UPRIGHT;
    bool little = memcmp(tiff.bytes, "II*\0", 4) == 0;
    if (!little && memcmp(tiff.bytes, "MM\0*", 4) != 0)
        return ORIENTATION_UPRIGHT;
    uint32_t start = read_number(tiff.bytes + 4, 4, little);
    if (start > tiff.size - 2)
        return ORIENTATION_UPRIGHT;
    uint32_t entries = read_number(tiff.bytes + start, 2, little);
    if (entries > (tiff.size - start - 2) / ENTRY)
        return ORIENTATION_UPRIGHT;
    for (uint32_t i = 0; i < entries; i++) {
        const uint8_t *entry = tiff.bytes + start + 2 + i * ENTRY;
        if (read_number(entry, 2, little) != TAG)
            continue;
        uint32_t value = read_number(entry + 8, 2, little);
        bool good = read_number(entry + 2, 2, little) == TYPE_SHORT &&
                    read_number(entry + 4, 4, little) == 1 && value >= ORIENTATION_UPRIGHT &&
                    value <= ORIENTATION_TURN_LEFT;
        return good ? (enum orientation)value : ORIENTATION_UPRIGHT;
    }
    return ORIENTATION_UPRIGHT;
}

// Empty when there is none; likewise below.
static struct span jpeg_exif(struct span file)
{
    enum { TEM = 0x01, RST0 = 0xd0, RST7 = 0xd7, EOI = 0xd9, SOS = 0xda, APP1 = 0xe1 };
    size_t at = 2;
    while (at + 4 <= file.size && file.bytes[at] == 0xff) {
        uint8_t marker = file.bytes[at + 1];
        if (marker == 0xff) { // a fill byte
            at++;
            continue;
        }
        if (marker == SOS || marker == EOI)
            break;
        at += 2;
        if (marker == TEM || (marker >= RST0 && marker <= RST7))
            continue;
        size_t length = read_number(file.bytes + at, 2, false);
        if (length < 2 || length > file.size - at)
            break;
        if (marker == APP1 && length >= 8 && memcmp(file.bytes + at + 2, "Exif\0\0", 6) == 0)
            return (struct span){file.bytes + at + 8, length - 8};
        at += length;
    }
    return (struct span){0};
}

static struct span png_exif(struct span file)
{
    size_t at = 8;
    while (file.size - at >= 12) {
        size_t length = read_number(file.bytes + at, 4, false);
        if (length > file.size - at - 12)
            break;
        if (memcmp(file.bytes + at + 4, "eXIf", 4) == 0)
            return (struct span){file.bytes + at + 8, length};
        at += 12 + length;
    }
    return (struct span){0};
}

static struct span webp_exif(struct span file)
{
    size_t at = 12;
    while (file.size - at >= 8) {
        size_t length = read_number(file.bytes + at + 4, 4, true);
        if (length > file.size - at - 8)
            break;
        struct span chunk = {file.bytes + at + 8, length};
        if (memcmp(file.bytes + at, "EXIF", 4) == 0) {
            // Some programs write JPEG's prefix here as well.
            size_t prefix = length >= 6 && memcmp(chunk.bytes, "Exif\0\0", 6) == 0 ? 6 : 0;
            return (struct span){chunk.bytes + prefix, chunk.size - prefix};
        }
        length += length & 1;
        if (length > file.size - at - 8)
            break;
        at += 8 + length;
    }
    return (struct span){0};
}

enum orientation exif_orientation(const uint8_t *bytes, size_t size)
{
    struct span file = {bytes, size}, exif = {0};
    if (size < 12)
        return ORIENTATION_UPRIGHT;
    if (memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        exif = jpeg_exif(file);
    else if (memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        exif = png_exif(file);
    else if (memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
        exif = webp_exif(file);
    return tiff_orientation(exif);
}
