#include "engine/image/decode.h"

#include <stdlib.h>
#include <string.h>

#include "engine/image/exif.h"
#include "engine/image/formats.h"
#include "engine/image/preprocess.h"

static const struct picture_format *const formats[] = {
    &format_jpeg, &format_png, &format_gif, &format_webp, &format_bmp, &format_pnm,
};

void image_finish(struct image *i)
{
    free(i->rgb);
    *i = (struct image){0};
}

bool image_allocate(struct image *i, uint32_t width, uint32_t height, struct error *e)
{
    uint8_t *rgb = malloc((size_t)width * height * 3);
    if (!rgb)
        return error_no_memory(e);
    *i = (struct image){.width = width, .height = height, .rgb = rgb};
    return true;
}

bool picture_damaged(const struct picture_file *f, struct error *e)
{
    return error_set(e, ERROR_PICTURE, "%s is truncated or damaged; get the file again", f->name);
}

bool picture_unsupported(const struct picture_file *f, const char *what, struct error *e)
{
    return error_set(e, ERROR_PICTURE, "%s is %s, which we do not read; save it as a PNG or JPEG",
                     f->name, what);
}

static bool starts(const struct picture_file *f, size_t at, const char *magic, size_t size)
{
    return f->size >= at + size && memcmp(f->bytes + at, magic, size) == 0;
}

// ISO base media files name what they hold in a list of brands of 4 bytes; the first one is
// repeated in the list, and the second word is a version.
static bool has_brand(const struct picture_file *f, const char *brand)
{
    if (!starts(f, 4, "ftyp", 4))
        return false;
    size_t end = (size_t)f->bytes[2] << 8 | f->bytes[3];
    for (size_t at = 8; at + 4 <= end && at + 4 <= f->size; at += 4)
        if (memcmp(f->bytes + at, brand, 4) == 0)
            return true;
    return false;
}

static bool is_heic(const struct picture_file *f)
{
    static const char *const brands[] = {"heic", "heix", "hevc", "hevx",
                                         "heim", "heis", "mif1", "msf1"};
    for (size_t i = 0; i < sizeof(brands) / sizeof(*brands); i++)
        if (has_brand(f, brands[i]))
            return true;
    return false;
}

static bool is_avif(const struct picture_file *f)
{
    return has_brand(f, "avif") || has_brand(f, "avis");
}

static bool is_tiff(const struct picture_file *f)
{
    return starts(f, 0, "II*\0", 4) || starts(f, 0, "MM\0*", 4) || starts(f, 0, "II+\0", 4) ||
           starts(f, 0, "MM\0+", 4);
}

static bool is_jpeg_xl(const struct picture_file *f)
{
    return starts(f, 0, "\xff\x0a", 2) || starts(f, 0, "\0\0\0\x0cJXL \r\n\x87\n", 12);
}

static bool is_pdf(const struct picture_file *f)
{
    return starts(f, 0, "%PDF-", 5);
}

static bool is_svg(const struct picture_file *f)
{
    size_t at = starts(f, 0, "\xef\xbb\xbf", 3) ? 3 : 0;
    while (at < f->size && strchr(" \t\r\n", f->bytes[at]) && f->bytes[at])
        at++;
    if (starts(f, at, "<svg", 4))
        return true;
    if (!starts(f, at, "<?xml", 5) && !starts(f, at, "<!", 2))
        return false;
    size_t head = f->size < 4096 ? f->size : 4096; // comments and a DOCTYPE may come first
    return memmem(f->bytes, head, "<svg", 4) != NULL;
}

// What people do try. AVIF comes first: its files carry HEIC's general brand as well.
static const struct {
    bool (*matches)(const struct picture_file *f);
    const char *name, *command;
} refused[] = {
    {is_avif, "an AVIF picture", "avifdec picture.avif picture.png"},
    {is_heic, "a HEIC picture", "heif-convert picture.heic picture.jpg"},
    {is_tiff, "a TIFF picture or a camera's raw file", "convert picture.tiff picture.png"},
    {is_jpeg_xl, "a JPEG XL picture", "djxl picture.jxl picture.png"},
    {is_svg, "an SVG drawing", "rsvg-convert drawing.svg -o drawing.png"},
    {is_pdf, "a PDF document", "pdftoppm -png -r 150 document.pdf page"},
};

static const struct picture_format *find_format(const struct picture_file *f, struct error *e)
{
    if (f->size == 0) {
        error_set(e, ERROR_PICTURE, "%s is empty, so it is not a picture that we read", f->name);
        return NULL;
    }
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        if (formats[i]->matches(f))
            return formats[i];
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
        if (refused[i].matches(f)) {
            error_set(e, ERROR_PICTURE, "%s is %s, which we do not read; convert it first: %s",
                      f->name, refused[i].name, refused[i].command);
            return NULL;
        }
    error_set(e, ERROR_PICTURE,
              "%s is not a picture that we read; we read JPEG, PNG, GIF, WebP, BMP and PPM",
              f->name);
    return NULL;
}

// The format of `f` and its size as stored, which is within the limits.
static const struct picture_format *open_picture(const struct picture_file *f, uint32_t *width,
                                                 uint32_t *height, struct error *e)
{
    const struct picture_format *format = find_format(f, e);
    if (!format || !format->header(f, width, height, e))
        return NULL;
    if (*width == 0 || *height == 0) {
        picture_damaged(f, e);
        return NULL;
    }
    if (*width > IMAGE_MOST_SIDE || *height > IMAGE_MOST_SIDE ||
        (uint64_t)*width * *height > IMAGE_MOST_PIXELS) {
        error_set(e, ERROR_PICTURE,
                  "%s has %u x %u pixels; the limit is %d million pixels and %d on a side; "
                  "make it smaller",
                  f->name, *width, *height, IMAGE_MOST_PIXELS / 1000000, IMAGE_MOST_SIDE);
        return NULL;
    }
    return format;
}

// Moves pixels to where the orientation says. A stored row may become a column, so we go by blocks
// that stay in the cache.
static bool turn_upright(struct image *i, enum orientation o, struct error *e)
{
    enum { BLOCK = 32 };
    if (o == ORIENTATION_UPRIGHT)
        return true;
    bool swap = o >= ORIENTATION_TRANSPOSED;
    bool right = o == ORIENTATION_MIRRORED || o == ORIENTATION_HALF_TURN ||
                 o == ORIENTATION_TRANSVERSED || o == ORIENTATION_TURN_LEFT;
    bool bottom = o == ORIENTATION_HALF_TURN || o == ORIENTATION_FLIPPED ||
                  o == ORIENTATION_TURN_RIGHT || o == ORIENTATION_TRANSVERSED;
    struct image turned;
    if (!image_allocate(&turned, swap ? i->height : i->width, swap ? i->width : i->height, e))
        return false;
    for (uint32_t block_y = 0; block_y < turned.height; block_y += BLOCK)
        for (uint32_t block_x = 0; block_x < turned.width; block_x += BLOCK)
            for (uint32_t y = block_y; y < turned.height && y < block_y + BLOCK; y++)
                for (uint32_t x = block_x; x < turned.width && x < block_x + BLOCK; x++) {
                    uint32_t from_x = swap ? y : x, from_y = swap ? x : y;
                    if (right)
                        from_x = i->width - 1 - from_x;
                    if (bottom)
                        from_y = i->height - 1 - from_y;
                    memcpy(turned.rgb + ((size_t)y * turned.width + x) * 3,
                           i->rgb + ((size_t)from_y * i->width + from_x) * 3, 3);
                }
    image_finish(i);
    *i = turned;
    return true;
}

static bool shrink(struct image *i, uint32_t side, struct error *e)
{
    uint32_t longest = i->width > i->height ? i->width : i->height;
    if (longest <= side)
        return true;
    uint32_t width = (uint32_t)(((uint64_t)i->width * side + longest / 2) / longest);
    uint32_t height = (uint32_t)(((uint64_t)i->height * side + longest / 2) / longest);
    struct image small;
    if (!image_resize(i, width ? width : 1, height ? height : 1, FILTER_BICUBIC, &small, e))
        return false;
    image_finish(i);
    *i = small;
    return true;
}

bool image_probe(const uint8_t *bytes, size_t size, const char *name, struct image_info *out,
                 struct error *e)
{
    struct picture_file f = {bytes, size, name};
    uint32_t width, height;
    const struct picture_format *format = open_picture(&f, &width, &height, e);
    if (!format)
        return false;
    bool swap = exif_orientation(bytes, size) >= ORIENTATION_TRANSPOSED;
    *out = (struct image_info){
        .format = format->name, .width = swap ? height : width, .height = swap ? width : height};
    return true;
}

// side 0: the whole picture.
static bool read_picture(const struct picture_file *f, uint32_t side, struct image *out,
                         struct error *e)
{
    *out = (struct image){0};
    uint32_t width, height;
    const struct picture_format *format = open_picture(f, &width, &height, e);
    if (!format)
        return false;
    if (format->decode(f, side, out, e) && (side == 0 || shrink(out, side, e)) &&
        turn_upright(out, exif_orientation(f->bytes, f->size), e))
        return true;
    image_finish(out);
    return false;
}

bool image_decode(const uint8_t *bytes, size_t size, const char *name, struct image *out,
                  struct error *e)
{
    return read_picture(&(struct picture_file){bytes, size, name}, 0, out, e);
}

bool image_preview(const uint8_t *bytes, size_t size, const char *name, uint32_t side,
                   struct image *out, struct error *e)
{
    return read_picture(&(struct picture_file){bytes, size, name}, side ? side : 1, out, e);
}
