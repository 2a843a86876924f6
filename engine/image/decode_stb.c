// PNG and the first frame of a GIF by stb_image. It forgives missing data and wrong checksums,
// leaves colours beyond a short palette undefined, and paints over transparent pixels; so each file
// is walked and checked first, and stb_image gets a copy with only what makes the colours.
#include <stdlib.h>
#include <string.h>

#include "engine/image/formats.h"

// A file rewritten for stb_image, in memory that is large enough from the start.
struct copy {
    uint8_t *bytes;
    size_t size;
};

static void copy_add(struct copy *c, const void *bytes, size_t size)
{
    memcpy(c->bytes + c->size, bytes, size);
    c->size += size;
}

// Frees the copy. stb_image does not tell a lack of memory from damage.
static bool load_copy(struct copy *c, const struct picture_file *f, struct image *out,
                      struct error *e)
{
    out->rgb = stb_load(c->bytes, c->size, &out->width, &out->height);
    free(c->bytes);
    return out->rgb || picture_damaged(f, e);
}

static const uint8_t png_signature[8] = "\x89PNG\r\n\x1a\n";

enum { PNG_HEADER = 13, PNG_AROUND = 12, PNG_PALETTE = 256 * 3, PNG_COLOUR_PALETTE = 3 };

static uint32_t read_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void write_be32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

// CRC-32 of ISO 3309, as PNG has it.
static void crc_table(uint32_t table[256])
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? 0xedb88320U ^ c >> 1 : c >> 1;
        table[i] = c;
    }
}

static uint32_t crc(const uint32_t table[256], const uint8_t *bytes, size_t size)
{
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < size; i++)
        c = table[(c ^ bytes[i]) & 255] ^ c >> 8;
    return ~c;
}

static bool png_matches(const struct picture_file *f)
{
    return f->size >= sizeof(png_signature) &&
           memcmp(f->bytes, png_signature, sizeof(png_signature)) == 0;
}

static bool png_header(const struct picture_file *f, uint32_t *width, uint32_t *height,
                       struct error *e)
{
    if (f->size < sizeof(png_signature) + PNG_AROUND + PNG_HEADER ||
        read_be32(f->bytes + 8) != PNG_HEADER || memcmp(f->bytes + 12, "IHDR", 4) != 0)
        return picture_damaged(f, e);
    *width = read_be32(f->bytes + 16);
    *height = read_be32(f->bytes + 20);
    return true;
}

static void png_add_chunk(struct copy *c, const char *type, const uint8_t *bytes, uint32_t size)
{
    uint8_t head[8];
    write_be32(head, size);
    memcpy(head + 4, type, 4);
    copy_add(c, head, 8);
    copy_add(c, bytes, size);
    copy_add(c, "\0\0\0", 4); // stb_image skips the checksum
}

// Header, whole palette, picture data in one piece, end. False: a chunk is cut, wrong or missing.
static bool png_copy(const struct picture_file *f, struct copy *c)
{
    uint32_t table[256];
    crc_table(table);
    bool palette = f->bytes[25] == PNG_COLOUR_PALETTE;
    bool seen_palette = false;
    size_t data = 0; // where the head of the data chunk is in the copy
    copy_add(c, png_signature, sizeof(png_signature));
    for (size_t at = sizeof(png_signature); f->size - at >= PNG_AROUND;) {
        const uint8_t *type = f->bytes + at + 4, *body = type + 4;
        uint32_t size = read_be32(f->bytes + at);
        if (size > f->size - at - PNG_AROUND)
            return false;
        at += PNG_AROUND + (size_t)size;
        if (type[0] & 0x20) // not needed for the picture
            continue;
        if (crc(table, type, 4 + (size_t)size) != read_be32(body + size))
            return false;
        if (memcmp(type, "IDAT", 4) == 0) {
            if (data == 0) {
                data = c->size;
                png_add_chunk(c, "IDAT", body, 0);
                c->size -= 4;
            }
            copy_add(c, body, size);
        } else if (memcmp(type, "IEND", 4) == 0) {
            if (data == 0)
                return false;
            write_be32(c->bytes + data, (uint32_t)(c->size - data - 8));
            copy_add(c, "\0\0\0", 4);
            png_add_chunk(c, "IEND", body, 0);
            return true;
        } else if (data != 0) {
            return false;
        } else if (memcmp(type, "PLTE", 4) == 0) {
            uint8_t colours[PNG_PALETTE] = {0};
            if (seen_palette || size > PNG_PALETTE)
                return false;
            seen_palette = true;
            memcpy(colours, body, size);
            if (palette)
                png_add_chunk(c, "PLTE", colours, PNG_PALETTE);
        } else {
            png_add_chunk(c, (const char *)type, body, size);
        }
    }
    return false;
}

static bool png_decode(const struct picture_file *f, uint32_t side, struct image *out,
                       struct error *e)
{
    (void)side;
    struct copy c = {.bytes = malloc(f->size + PNG_PALETTE + 2 * PNG_AROUND)};
    if (!c.bytes)
        return error_no_memory(e);
    if (!png_copy(f, &c)) {
        free(c.bytes);
        return picture_damaged(f, e);
    }
    return load_copy(&c, f, out, e);
}

enum { GIF_SCREEN = 13, GIF_FRAME = 10, GIF_EXTENSION = 0x21, GIF_SEPARATOR = 0x2c };

// Bytes of the colour table that flags announce.
static size_t gif_table(uint8_t flags)
{
    return flags & 0x80 ? 3U << ((flags & 7) + 1) : 0;
}

// Moves *at behind a run of blocks (a count, so many bytes) and the 0 that ends it.
static bool gif_skip_blocks(const struct picture_file *f, size_t *at)
{
    while (*at < f->size) {
        uint8_t count = f->bytes[(*at)++];
        if (count == 0)
            return true;
        if (count > f->size - *at)
            return false;
        *at += count;
    }
    return false;
}

// Where the first frame begins.
static bool gif_find_frame(const struct picture_file *f, size_t *frame)
{
    if (f->size < GIF_SCREEN)
        return false;
    size_t at = GIF_SCREEN + gif_table(f->bytes[10]);
    while (at < f->size && f->size - at >= 2 && f->bytes[at] == GIF_EXTENSION) {
        at += 2;
        if (!gif_skip_blocks(f, &at))
            return false;
    }
    *frame = at;
    return at < f->size && f->size - at >= GIF_FRAME && f->bytes[at] == GIF_SEPARATOR;
}

static uint32_t gif_side(const struct picture_file *f, size_t frame, int vertical)
{
    const uint8_t *screen = f->bytes + 6 + 2 * vertical, *p = f->bytes + frame + 1 + 2 * vertical;
    uint32_t side = screen[0] | (uint32_t)screen[1] << 8;
    uint32_t end = (p[0] | (uint32_t)p[1] << 8) + (p[4] | (uint32_t)p[5] << 8);
    return end > side ? end : side; // some files announce too small a screen
}

static bool gif_matches(const struct picture_file *f)
{
    return f->size >= 6 &&
           (memcmp(f->bytes, "GIF87a", 6) == 0 || memcmp(f->bytes, "GIF89a", 6) == 0);
}

static bool gif_header(const struct picture_file *f, uint32_t *width, uint32_t *height,
                       struct error *e)
{
    size_t frame;
    if (!gif_find_frame(f, &frame))
        return picture_damaged(f, e);
    *width = gif_side(f, frame, 0);
    *height = gif_side(f, frame, 1);
    return true;
}

// The screen and the frame without the extensions between them: one of these would make a colour
// transparent.
static bool gif_decode(const struct picture_file *f, uint32_t side, struct image *out,
                       struct error *e)
{
    (void)side;
    size_t frame;
    if (!gif_find_frame(f, &frame))
        return picture_damaged(f, e);
    size_t end = frame + GIF_FRAME + gif_table(f->bytes[frame + 9]) + 1; // 1: the code size
    if (end > f->size || !gif_skip_blocks(f, &end))
        return picture_damaged(f, e);
    struct copy c = {.bytes = malloc(f->size + 1)};
    if (!c.bytes)
        return error_no_memory(e);
    copy_add(&c, f->bytes, GIF_SCREEN + gif_table(f->bytes[10]));
    for (int vertical = 0; vertical < 2; vertical++) {
        uint32_t size = gif_side(f, frame, vertical);
        c.bytes[6 + 2 * vertical] = (uint8_t)size;
        c.bytes[7 + 2 * vertical] = (uint8_t)(size >> 8);
    }
    copy_add(&c, f->bytes + frame, end - frame);
    copy_add(&c, "\x3b", 1);
    return load_copy(&c, f, out, e);
}

const struct picture_format format_png = {
    .name = "PNG",
    .matches = png_matches,
    .header = png_header,
    .decode = png_decode,
};

const struct picture_format format_gif = {
    .name = "GIF",
    .matches = gif_matches,
    .header = gif_header,
    .decode = gif_decode,
};
