// BMP (not compressed) and binary PPM/PGM: headers before plain rows of pixels.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/image/formats.h"

static uint32_t read_le(const uint8_t *p, int size)
{
    uint32_t value = 0;
    while (size-- > 0)
        value = value << 8 | p[size];
    return value;
}

enum { BMP_FILE = 14, BMP_CORE = 12, BMP_INFO = 40, BMP_PLAIN = 0, BMP_MASKS = 3 };

struct bmp {
    uint32_t width, height;
    bool from_top;
    uint32_t bits, stride; // of a pixel; bytes of a row, a multiple of 4
    const uint8_t *rows;
    uint8_t palette[256][3]; // r, g, b; black where the file's is short
    uint32_t masks[3];       // r, g, b, for 16 and 32 bits
};

static bool bmp_matches(const struct picture_file *f)
{
    static const uint8_t header_sizes[] = {BMP_CORE, BMP_INFO, 52, 56, 64, 108, 124};
    if (f->size < BMP_FILE + 4 || f->bytes[0] != 'B' || f->bytes[1] != 'M')
        return false;
    uint32_t size = read_le(f->bytes + BMP_FILE, 4); // texts begin with "BM" as well
    return size < 256 && memchr(header_sizes, (int)size, sizeof(header_sizes)) != NULL;
}

static bool bmp_header(const struct picture_file *f, uint32_t *width, uint32_t *height,
                       struct error *e)
{
    const uint8_t *info = f->bytes + BMP_FILE;
    if (f->size - BMP_FILE < read_le(info, 4))
        return picture_damaged(f, e);
    int size = read_le(info, 4) == BMP_CORE ? 2 : 4;
    *width = read_le(info + 4, size);
    *height = read_le(info + 4 + size, size);
    if (size == 4 && *height > INT32_MAX) // negative: rows from the top
        *height = 0 - *height;
    return true;
}

// `after`: where the palette begins.
static bool bmp_palette(const struct picture_file *f, struct bmp *b, size_t after, uint32_t colours)
{
    uint32_t entry = after == BMP_FILE + BMP_CORE ? 3 : 4, most = 1U << b->bits;
    if (colours == 0 || colours > most)
        colours = most;
    if (colours > (f->size - after) / entry)
        return false;
    for (uint32_t i = 0; i < colours; i++)
        for (int c = 0; c < 3; c++)
            b->palette[i][c] = f->bytes[after + (size_t)i * entry + 2 - (size_t)c];
    return true;
}

static bool bmp_masks(const struct picture_file *f, struct bmp *b, uint32_t compression)
{
    if (compression == BMP_PLAIN) {
        const uint32_t five[] = {0x7c00, 0x3e0, 0x1f}, eight[] = {0xff0000, 0xff00, 0xff};
        memcpy(b->masks, b->bits == 16 ? five : eight, sizeof(b->masks));
        return true;
    }
    size_t at = BMP_FILE + BMP_INFO; // after the shortest header, or part of a longer one
    if (f->size < at + sizeof(b->masks))
        return false;
    for (size_t c = 0; c < 3; c++)
        b->masks[c] = read_le(f->bytes + at + 4 * c, 4);
    return true;
}

static bool bmp_parse(const struct picture_file *f, struct bmp *b, struct error *e)
{
    const uint8_t *info = f->bytes + BMP_FILE;
    uint32_t header = read_le(info, 4), compression = BMP_PLAIN, colours = 0;
    *b = (struct bmp){0};
    if (!bmp_header(f, &b->width, &b->height, e))
        return false;
    b->bits = read_le(info + (header == BMP_CORE ? 10 : 14), 2);
    if (header != BMP_CORE) {
        b->from_top = info[11] & 0x80;
        compression = read_le(info + 16, 4);
        colours = read_le(info + 32, 4);
    }
    bool masked = b->bits == 16 || b->bits == 32;
    if (compression != BMP_PLAIN && !(compression == BMP_MASKS && masked))
        return picture_unsupported(f, "a compressed BMP", e);
    bool indexed = b->bits == 1 || b->bits == 4 || b->bits == 8;
    if (!indexed && !masked && b->bits != 24)
        return picture_damaged(f, e);
    uint64_t stride = ((uint64_t)b->width * b->bits + 31) / 32 * 4;
    uint32_t start = read_le(f->bytes + 10, 4);
    if (start > f->size || stride * b->height > f->size - start ||
        (indexed && !bmp_palette(f, b, BMP_FILE + (size_t)header, colours)) ||
        (masked && !bmp_masks(f, b, compression)))
        return picture_damaged(f, e);
    b->stride = (uint32_t)stride;
    b->rows = f->bytes + start;
    return true;
}

static uint8_t masked_byte(uint32_t pixel, uint32_t mask)
{
    if (mask == 0)
        return 0;
    int shift = __builtin_ctz(mask);
    return (uint8_t)((uint64_t)((pixel & mask) >> shift) * 255 / (mask >> shift));
}

static void bmp_row(const struct bmp *b, const uint8_t *row, uint8_t *rgb)
{
    for (uint32_t x = 0; x < b->width; x++, rgb += 3) {
        if (b->bits <= 8) {
            uint32_t bit = x * b->bits;
            uint32_t index = row[bit / 8] >> (8 - b->bits - bit % 8) & ((1U << b->bits) - 1);
            memcpy(rgb, b->palette[index], 3);
        } else if (b->bits == 24) {
            for (int c = 0; c < 3; c++)
                rgb[c] = row[(size_t)x * 3 + 2 - (size_t)c];
        } else {
            uint32_t bytes = b->bits / 8;
            uint32_t pixel = read_le(row + (size_t)x * bytes, (int)bytes);
            for (int c = 0; c < 3; c++)
                rgb[c] = masked_byte(pixel, b->masks[c]);
        }
    }
}

static bool bmp_decode(const struct picture_file *f, uint32_t side, struct image *out,
                       struct error *e)
{
    (void)side;
    struct bmp b;
    if (!bmp_parse(f, &b, e) || !image_allocate(out, b.width, b.height, e))
        return false;
    for (uint32_t y = 0; y < b.height; y++) {
        uint32_t to = b.from_top ? y : b.height - 1 - y;
        bmp_row(&b, b.rows + (size_t)y * b.stride, out->rgb + (size_t)to * b.width * 3);
    }
    return true;
}

struct pnm {
    uint32_t width, height, most; // the value of full brightness, 1..65535
    size_t start;                 // of the pixels
};

static bool pnm_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// A decimal number after white space and comments. False: none, or too large for anything.
static bool pnm_number(const struct picture_file *f, size_t *at, uint32_t *out)
{
    bool comment = false;
    while (*at < f->size && (comment || pnm_space(f->bytes[*at]) || f->bytes[*at] == '#')) {
        uint8_t c = f->bytes[(*at)++];
        comment = c == '#' || (comment && c != '\n' && c != '\r');
    }
    size_t first = *at;
    uint32_t value = 0;
    for (; *at < f->size && f->bytes[*at] >= '0' && f->bytes[*at] <= '9'; (*at)++) {
        value = value * 10 + (f->bytes[*at] - '0');
        if (value > 100 * 1000 * 1000)
            return false;
    }
    *out = value;
    return *at > first;
}

static bool pnm_parse(const struct picture_file *f, struct pnm *p)
{
    size_t at = 2;
    if (!pnm_number(f, &at, &p->width) || !pnm_number(f, &at, &p->height) ||
        !pnm_number(f, &at, &p->most) || p->most == 0 || p->most > 65535 || at == f->size ||
        !pnm_space(f->bytes[at]))
        return false;
    p->start = at + 1;
    return true;
}

// Texts begin with "P5 " as well, so a number must follow.
static bool pnm_matches(const struct picture_file *f)
{
    size_t at = 2;
    uint32_t width;
    return f->size > 3 && f->bytes[0] == 'P' && (f->bytes[1] == '5' || f->bytes[1] == '6') &&
           (pnm_space(f->bytes[2]) || f->bytes[2] == '#') && pnm_number(f, &at, &width);
}

static bool pnm_header(const struct picture_file *f, uint32_t *width, uint32_t *height,
                       struct error *e)
{
    struct pnm p;
    if (!pnm_parse(f, &p))
        return picture_damaged(f, e);
    *width = p.width;
    *height = p.height;
    return true;
}

static bool pnm_decode(const struct picture_file *f, uint32_t side, struct image *out,
                       struct error *e)
{
    (void)side;
    struct pnm p;
    if (!pnm_parse(f, &p))
        return picture_damaged(f, e);
    uint32_t samples = f->bytes[1] == '6' ? 3 : 1, bytes = p.most > 255 ? 2 : 1;
    size_t pixels = (size_t)p.width * p.height;
    if (pixels * samples * bytes > f->size - p.start)
        return picture_damaged(f, e);
    if (!image_allocate(out, p.width, p.height, e))
        return false;
    uint8_t scaled[UINT16_MAX + 1];
    for (uint32_t value = 0; value <= (bytes == 2 ? UINT16_MAX : UINT8_MAX); value++) {
        double v = nearbyint((double)value / p.most * 255); // halves to the even number
        scaled[value] = (uint8_t)(v < 255 ? v : 255);
    }
    const uint8_t *from = f->bytes + p.start;
    uint8_t *rgb = out->rgb;
    for (size_t i = 0; i < pixels * samples; i++, from += bytes) {
        uint8_t byte = scaled[bytes == 2 ? (uint32_t)from[0] << 8 | from[1] : from[0]];
        for (uint32_t copies = 3 / samples; copies > 0; copies--)
            *rgb++ = byte;
    }
    return true;
}

const struct picture_format format_bmp = {
    .name = "BMP",
    .matches = bmp_matches,
    .header = bmp_header,
    .decode = bmp_decode,
};

const struct picture_format format_pnm = {
    .name = "PPM",
    .matches = pnm_matches,
    .header = pnm_header,
    .decode = pnm_decode,
};
