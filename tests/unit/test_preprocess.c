// engine/image/preprocess: resampling and normalised pixels against Pillow's and numpy's, bit for
// bit.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/image/anyres.h"
#include "engine/image/preprocess.h"
#include "tests/unit/picture_data.h"

static const struct preprocess_rule clip = {
    .fit = FIT_PAD,
    .filter = FILTER_BICUBIC,
    .size = 112,
    .mean = {0.48145466F, 0.4578275F, 0.40821073F},
    .std = {0.26862954F, 0.26130258F, 0.27577711F},
};

static uint32_t resized_crc(const struct image *in, uint32_t width, uint32_t height)
{
    struct image out;
    assert_true(image_resize(in, width, height, FILTER_BICUBIC, &out, NULL));
    assert_int_equal(out.width, width);
    assert_int_equal(out.height, height);
    uint32_t crc = crc32_of(out.rgb, (size_t)width * height * 3);
    image_finish(&out);
    return crc;
}

static uint32_t preprocessed_crc(const struct image *in, uint32_t size)
{
    struct preprocess_rule rule = clip;
    rule.size = size;
    struct pixels p;
    assert_true(preprocess(&rule, in, &p, NULL));
    assert_int_equal(p.tiles, 1);
    assert_int_equal(p.grid_width, 1);
    assert_int_equal(p.grid_height, 1);
    assert_int_equal(p.size, size);
    uint32_t crc = crc32_of(p.values, (size_t)size * size * 3 * sizeof(float));
    pixels_finish(&p);
    return crc;
}

static void resampling_equals_pillows(void **state)
{
    (void)state;
    struct file table = read_data("pictures/resampled.txt");
    int rows = 0;
    for (char *line = strtok((char *)table.bytes, "\n"); line; line = strtok(NULL, "\n"), rows++) {
        char what[16];
        uint32_t width, height, to_width, to_height, crc;
        assert_int_equal(
            sscanf(line, "%15s %u %u %u %u %x", what, &width, &height, &to_width, &to_height, &crc),
            6);
        struct image in = noise_image(width, height);
        uint32_t got = strcmp(what, "resize") == 0 ? resized_crc(&in, to_width, to_height)
                                                   : preprocessed_crc(&in, to_width);
        image_finish(&in);
        if (got != crc)
            fail_msg("%s", line);
    }
    assert_true(rows > 20);
    free(table.bytes);
}

// Floats from an independent run of the reference's preparation of this picture.
static void pixels_equal_the_reference(void **state)
{
    (void)state;
    struct file png = read_data("synth/pic.png"), gold = read_data("synth/gold/pic/pixels.f32");
    struct image image;
    struct pixels p;
    assert_true(image_decode(png.bytes, png.size, "pic.png", &image, NULL));
    assert_true(preprocess(&clip, &image, &p, NULL));
    assert_int_equal(gold.size, (size_t)3 * 112 * 112 * sizeof(float));
    assert_memory_equal(p.values, gold.bytes, gold.size);
    pixels_finish(&p);
    image_finish(&image);
    free(png.bytes);
    free(gold.bytes);
}

// The square of this picture would take 12 GiB.
static void a_very_long_picture_needs_no_square(void **state)
{
    (void)state;
    struct image tall = {1, 65535, malloc((size_t)65535 * 3)};
    struct image wide = {65535, 1, tall.rgb};
    assert_non_null(tall.rgb);
    memset(tall.rgb, 255, (size_t)65535 * 3);
    struct pixels a, b;
    assert_true(preprocess(&clip, &tall, &a, NULL));
    assert_true(preprocess(&clip, &wide, &b, NULL));
    // One white line in a square 65535 wide vanishes in its mean colour.
    const int mean[] = {122, 116, 104};
    for (size_t i = 0; i < (size_t)3 * 112 * 112; i++) {
        size_t c = i / (112 * 112);
        float want = ((float)mean[c] / 255.0F - clip.mean[c]) / clip.std[c];
        assert_true(fabsf(a.values[i] - want) < 0.02F && fabsf(b.values[i] - want) < 0.02F);
    }
    pixels_finish(&a);
    pixels_finish(&b);
    image_finish(&tall);
}

static void the_margin_is_centred_and_of_the_mean_colour(void **state)
{
    (void)state;
    struct image in = {112, 9, malloc((size_t)112 * 9 * 3)};
    assert_non_null(in.rgb);
    memset(in.rgb, 255, (size_t)112 * 9 * 3);
    struct preprocess_rule rule = clip;
    rule.mean[0] = 0.5F; // 127.5: the fraction is cut off
    struct pixels p;
    assert_true(preprocess(&rule, &in, &p, NULL));
    for (uint32_t y = 0; y < 112; y++) {
        bool inside = y >= 51 && y < 60; // (112 - 9) / 2 = 51
        float want = ((inside ? 255.0F : 127.0F) / 255.0F - 0.5F) / rule.std[0];
        assert_true(p.values[y * 112 + 7] == want);
    }
    pixels_finish(&p);
    image_finish(&in);
}

// The picture of make_anyres.py.
static struct image formula_image(uint32_t width, uint32_t height)
{
    struct image in = {width, height, malloc((size_t)width * height * 3)};
    assert_non_null(in.rgb);
    uint8_t *at = in.rgb;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            *at++ = (uint8_t)(x * 7 + y * 3);
            *at++ = (uint8_t)(x * x + y);
            *at++ = (uint8_t)(x * y + 11 * y);
        }
    return in;
}

static void tiles_equal_the_reference(void **state)
{
    (void)state;
    const struct preprocess_rule rule = {
        .fit = FIT_ANYRES,
        .filter = FILTER_BICUBIC,
        .size = 28,
        .std = {1, 1, 1},
        .grids = {{28, 56}, {56, 28}, {56, 56}, {84, 28}, {28, 84}},
        .n_grids = 5};
    struct file table = read_data("anyres.json");
    int cases = 0;
    for (char *line = strtok((char *)table.bytes, "\n"); line; line = strtok(NULL, "\n")) {
        uint32_t width, height, columns, rows, crc, tokens;
        if (sscanf(line,
                   " {\"width\": %u, \"height\": %u, \"columns\": %u, \"rows\": %u, \"crc\": %u, "
                   "\"tokens\": %u",
                   &width, &height, &columns, &rows, &crc, &tokens) != 6)
            continue;
        struct image in = formula_image(width, height);
        struct anyres_grid grid = anyres_choose(&rule, width, height);
        assert_int_equal(grid.columns, columns);
        assert_int_equal(grid.rows, rows);
        size_t bytes = (1 + (size_t)columns * rows) * 28 * 28 * 3;
        uint8_t *rgb;
        assert_true(anyres_tiles(&rule, &in, grid, &rgb, NULL));
        assert_int_equal(crc32_of(rgb, bytes), crc);
        struct pixels p;
        assert_true(preprocess(&rule, &in, &p, NULL));
        assert_int_equal(p.tiles, 1 + columns * rows);
        for (size_t i = 0; i < bytes; i++) // [tile][channel][pixel] of [tile][pixel][channel]
            assert_true(p.values[i / 2352 * 2352 + i % 3 * 784 + i % 2352 / 3] ==
                        (float)rgb[i] / 255.0F);
        struct anyres_part part = anyres_unpad(width, height, columns * 24, rows * 24);
        assert_int_equal(576 + part.rows * (part.columns + 1), tokens);
        pixels_finish(&p);
        free(rgb);
        image_finish(&in);
        cases++;
    }
    assert_int_equal(cases, 12);
    free(table.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resampling_equals_pillows),
        cmocka_unit_test(pixels_equal_the_reference),
        cmocka_unit_test(a_very_long_picture_needs_no_square),
        cmocka_unit_test(the_margin_is_centred_and_of_the_mean_colour),
        cmocka_unit_test(tiles_equal_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
