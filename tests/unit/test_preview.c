// engine/image/exif and previews: which way up a picture is, and how it looks small.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/image/decode.h"
#include "engine/image/exif.h"
#include "tests/unit/picture_data.h"

// By hand after the TIFF and EXIF texts: header, one entry, tag 0x0112, SHORT, count 1.
static void orientation_is_read_in_both_byte_orders(void **state)
{
    (void)state;
    uint8_t little[] = "\xff\xd8\xff\xe0\0\4ab\xff\xff\xe1\0\x1e"
                       "Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\7\0\0\0\xff\xda";
    uint8_t big[] = "\xff\xd8\xff\xe1\0\x1e"
                    "Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\5\0\0\xff\xda";
    assert_int_equal(exif_orientation(little, sizeof(little) - 1), ORIENTATION_TRANSVERSED);
    assert_int_equal(exif_orientation(big, sizeof(big) - 1), ORIENTATION_TRANSPOSED);
    uint8_t *value = big + sizeof(big) - 6;
    assert_int_equal(*value, 5);
    *value = 9;
    assert_int_equal(exif_orientation(big, sizeof(big) - 1), ORIENTATION_UPRIGHT);
    *value = 0;
    assert_int_equal(exif_orientation(big, sizeof(big) - 1), ORIENTATION_UPRIGHT);
    for (size_t size = 0; size < sizeof(little) - 3; size++)
        assert_int_equal(exif_orientation(little, size), ORIENTATION_UPRIGHT);
}

static void damaged_exif_never_costs_the_picture(void **state)
{
    (void)state;
    struct file f = read_data("pictures/turn-6.jpg");
    uint8_t *exif = memmem(f.bytes, f.size, "Exif", 4);
    assert_non_null(exif);
    for (int i = 0; i < 32; i++)
        for (int value = 0; value < 256; value += 51) {
            uint8_t kept = exif[i];
            exif[i] = (uint8_t)value;
            struct image image;
            assert_true(image_decode(f.bytes, f.size, "turn-6.jpg", &image, NULL));
            assert_int_equal(image.width * image.height, 19 * 13);
            image_finish(&image);
            exif[i] = kept;
        }
    free(f.bytes);
}

static void a_preview_fits_and_never_enlarges(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t side, width, height;
    } cases[] = {
        {"pictures/large.jpg", 1000, 190, 130}, {"pictures/large.jpg", 190, 190, 130},
        {"pictures/large.jpg", 100, 100, 68},   {"pictures/large.jpg", 19, 19, 13},
        {"pictures/large.jpg", 1, 1, 1},        {"pictures/filters.png", 100, 19, 13},
        {"pictures/filters.png", 10, 10, 7},    {"pictures/turn-6.jpg", 10, 7, 10},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct file f = read_data(cases[i].name);
        struct image image;
        assert_true(image_preview(f.bytes, f.size, cases[i].name, cases[i].side, &image, NULL));
        assert_int_equal(image.width, cases[i].width);
        assert_int_equal(image.height, cases[i].height);
        image_finish(&image);
        free(f.bytes);
    }
}

// Boxes of 10 x 10 pixels averaged, against a picture scaled while it was decoded.
static void a_preview_shows_the_picture(void **state)
{
    (void)state;
    struct file f = read_data("pictures/large.jpg");
    struct image whole, small;
    assert_true(image_decode(f.bytes, f.size, "large.jpg", &whole, NULL));
    assert_true(image_preview(f.bytes, f.size, "large.jpg", 19, &small, NULL));
    for (uint32_t i = 0; i < 19 * 13 * 3; i++) {
        uint32_t c = i % 3, x = i / 3 % 19, y = i / 3 / 19;
        int sum = 0;
        for (uint32_t k = 0; k < 100; k++)
            sum += whole.rgb[((y * 10 + k / 10) * 190 + x * 10 + k % 10) * 3 + c];
        assert_in_range(sum / 100 - small.rgb[i] + 24, 0, 48);
    }
    image_finish(&whole);
    image_finish(&small);
    free(f.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientation_is_read_in_both_byte_orders),
        cmocka_unit_test(damaged_exif_never_costs_the_picture),
        cmocka_unit_test(a_preview_fits_and_never_enlarges),
        cmocka_unit_test(a_preview_shows_the_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
