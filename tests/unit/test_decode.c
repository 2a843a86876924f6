// engine/image/decode: pictures of every kind against Pillow's bytes, and what must be
// refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/image/decode.h"
#include "tests/unit/picture_data.h"

// A row of expected.txt.
struct row {
    char name[64], format[8];
    uint32_t width, height, crc;
    size_t needed;
};

// Calls back with each row and its file.
static void for_each_picture(void (*check)(const struct row *, const struct file *))
{
    struct file table = read_data("pictures/expected.txt");
    int rows = 0;
    for (char *line = strtok((char *)table.bytes, "\n"); line; line = strtok(NULL, "\n"), rows++) {
        struct row r;
        char path[96];
        assert_int_equal(sscanf(line, "%63s %7s %u %u %x %zu", r.name, r.format, &r.width,
                                &r.height, &r.crc, &r.needed),
                         6);
        snprintf(path, sizeof(path), "pictures/%s", r.name);
        struct file f = read_data(path);
        check(&r, &f);
        free(f.bytes);
    }
    assert_true(rows > 70);
    free(table.bytes);
}

static void expect_pillow(const struct row *r, const struct file *f)
{
    struct error e = {0};
    struct image_info info;
    struct image i;
    if (!image_probe(f->bytes, f->size, r->name, &info, &e) ||
        !image_decode(f->bytes, f->size, r->name, &i, &e))
        fail_msg("%s", e.text);
    assert_string_equal(info.format, r->format);
    assert_int_equal(info.width, r->width);
    assert_int_equal(info.height, r->height);
    assert_int_equal(i.width, r->width);
    assert_int_equal(i.height, r->height);
    if (crc32_of(i.rgb, (size_t)i.width * i.height * 3) != r->crc)
        fail_msg("%s: other pixels than Pillow's", r->name);
    image_finish(&i);
}

static void every_kind_decodes_to_pillows_bytes(void **state)
{
    (void)state;
    for_each_picture(expect_pillow);
}

static void expect_refusal(const uint8_t *bytes, size_t size, const char *words)
{
    struct error e = {0};
    struct image i;
    if (image_decode(bytes, size, "it.png", &i, &e))
        fail_msg("decoded %zu bytes, expected: %s", size, words);
    assert_null(i.rgb);
    assert_int_equal(e.kind, ERROR_PICTURE);
    assert_non_null(strstr(e.text, "it.png"));
    if (!strstr(e.text, words))
        fail_msg("\"%s\" does not say: %s", e.text, words);
}

// The bytes are in memory of exactly this size, so that a sanitizer sees reads beyond the cut.
static void expect_cuts_refused(const struct row *r, const struct file *f)
{
    for (size_t size = 0; size < r->needed; size += size < 64 || r->needed - size < 64 ? 1 : 5) {
        uint8_t *part = malloc(size ? size : 1);
        assert_non_null(part);
        memcpy(part, f->bytes, size);
        expect_refusal(part, size, size < 32 ? "" : "is truncated or damaged");
        struct image i;
        assert_false(image_preview(part, size, r->name, 8, &i, NULL));
        free(part);
    }
}

static void a_picture_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for_each_picture(expect_cuts_refused);
}

static void a_jpeg_closed_too_early_is_refused(void **state)
{
    (void)state;
    struct file f = read_data("pictures/large.jpg");
    size_t size = f.size * 3 / 4;
    memcpy(f.bytes + size, "\xff\xd9", 2);
    expect_refusal(f.bytes, size + 2, "is truncated or damaged");
    free(f.bytes);
}

static void any_wrong_byte_in_a_png_is_noticed(void **state)
{
    (void)state;
    struct file f = read_data("pictures/filters.png");
    for (size_t i = 8; i < f.size; i++) {
        f.bytes[i] ^= 0x41;
        struct image image;
        if (image_decode(f.bytes, f.size, "it.png", &image, NULL))
            fail_msg("byte %zu", i);
        f.bytes[i] ^= 0x41;
    }
    free(f.bytes);
}

static void bytes_after_the_end_do_no_harm(void **state)
{
    (void)state;
    const char *names[] = {"pictures/420.jpg", "pictures/filters.png", "pictures/plain.gif",
                           "pictures/plain.ppm", "pictures/RGB.bmp"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct file f = read_data(names[i]);
        uint8_t *longer = calloc(1, f.size + 100);
        assert_non_null(longer);
        memcpy(longer, f.bytes, f.size);
        struct error e = {0};
        struct image image;
        if (!image_decode(longer, f.size + 100, names[i], &image, &e))
            fail_msg("%s", e.text);
        image_finish(&image);
        free(longer);
        free(f.bytes);
    }
}

static void what_is_not_a_picture_is_refused(void **state)
{
    (void)state;
    const char *texts[] = {"",
                           "Hello, this is a text.\n",
                           "BMW makes cars, they say. And more.\n",
                           "P5 is a prefix, too",
                           "P",
                           "\x01\x02\x03\x04\x05\x06\x07\x08",
                           "<html>"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        expect_refusal((const uint8_t *)texts[i], strlen(texts[i]),
                       "is not a picture that we read");
}

static void known_formats_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *name, *hint;
    } kinds[] = {
        {"\0\0\0\x18"
         "ftypheic\0\0\0\0mif1heic",
         24, "HEIC", "heif-convert"},
        {"\0\0\0\x14"
         "ftypmif1\0\0\0\0heix",
         20, "HEIC", "heif-convert"},
        {"\0\0\0\x18"
         "ftypmif1\0\0\0\0mif1avif",
         24, "AVIF", "avifdec"},
        {"II*\0\x08\0\0\0", 8, "TIFF", "convert"},
        {"MM\0*\0\0\0\x08", 8, "TIFF", "convert"},
        {"\xff\x0a\x01\x02", 4, "JPEG XL", "djxl"},
        {"\0\0\0\x0cJXL \r\n\x87\n", 12, "JPEG XL", "djxl"},
        {"<?xml version=\"1.0\"?>\n<!-- x -->\n<svg xmlns=\"\"/>", 48, "SVG", "rsvg-convert"},
        {"\xef\xbb\xbf <svg width=\"3\"/>", 20, "SVG", "rsvg-convert"},
        {"%PDF-1.7\n", 9, "PDF", "pdftoppm"},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        expect_refusal((const uint8_t *)kinds[i].bytes, kinds[i].size, kinds[i].name);
        expect_refusal((const uint8_t *)kinds[i].bytes, kinds[i].size, kinds[i].hint);
    }
}

static void unusual_kinds_are_refused_by_name(void **state)
{
    (void)state;
    struct file f = read_data("pictures/L.bmp");
    f.bytes[30] = 1; // BI_RLE8
    expect_refusal(f.bytes, f.size, "compressed BMP");
    free(f.bytes);
    f = read_data("pictures/444.jpg");
    uint8_t *sof = memmem(f.bytes, f.size, "\xff\xc0\0\x11\x08", 5);
    assert_non_null(sof);
    sof[1] = 0xc3; // lossless
    expect_refusal(f.bytes, f.size, "an unusual JPEG");
    free(f.bytes);
}

static void too_large_pictures_are_refused_from_the_header(void **state)
{
    (void)state;
    struct file f = read_data("pictures/rgb-8.png");
    memcpy(f.bytes + 16, "\0\0\xea\x60\0\0\xea\x60", 8);
    expect_refusal(f.bytes, f.size, "60000 x 60000");
    expect_refusal(f.bytes, f.size, "100 million");
    memcpy(f.bytes + 16, "\0\1\0\0\0\0\0\1", 8);
    expect_refusal(f.bytes, f.size, "65535");
    memcpy(f.bytes + 16, "\0\0\0\0\0\0\0\1", 8);
    expect_refusal(f.bytes, f.size, "is truncated or damaged");
    free(f.bytes);
    const char ppm[] = "P6 20000 5001 255 ";
    expect_refusal((const uint8_t *)ppm, sizeof(ppm) - 1, "20000 x 5001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_decodes_to_pillows_bytes),
        cmocka_unit_test(a_picture_cut_anywhere_is_refused),
        cmocka_unit_test(a_jpeg_closed_too_early_is_refused),
        cmocka_unit_test(any_wrong_byte_in_a_png_is_noticed),
        cmocka_unit_test(bytes_after_the_end_do_no_harm),
        cmocka_unit_test(what_is_not_a_picture_is_refused),
        cmocka_unit_test(known_formats_are_refused_by_name),
        cmocka_unit_test(unusual_kinds_are_refused_by_name),
        cmocka_unit_test(too_large_pictures_are_refused_from_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
