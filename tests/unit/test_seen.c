// A picture as a tower sees it: how many rows it takes, and the sheet of its tiles for people.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/model/gguf_write.h"
#include "engine/probe.h"
#include "tests/unit/data_path.h"

enum { SIDE = 112, LINE = 3, GAP = 9 };

static char tiled[64];

// The synthetic tower (112 pixels, 8 x 8 rows) with LLaVA-1.6's grids for that size.
static int write_tiled_tower(void **state)
{
    (void)state;
    static const int32_t grids[] = {112, 224, 224, 112, 224, 224, 336, 112, 112, 336};
    static const float newline[256];
    static const char key[] = "clip.vision.image_grid_pinpoints";
    struct error e = {0};
    snprintf(tiled, sizeof(tiled), "/tmp/pumice-seen-%d.gguf", (int)getpid());
    struct gguf *g = gguf_open(data_path("synth/eyes-mlp-f16.gguf"), &e);
    struct gguf_writer *w = gguf_writer_create(tiled, &e);
    for (size_t i = 0; g && i < gguf_pair_count(g); i++)
        gguf_write_pair(w, gguf_pair_at(g, i));
    gguf_write_pair(w, &(struct gguf_pair){.key = {key, sizeof(key) - 1},
                                           .type = GGUF_ARRAY,
                                           .item_type = GGUF_I32,
                                           .count = 10,
                                           .data = grids,
                                           .size = sizeof(grids)});
    gguf_write_string(w, "clip.vision.mm_patch_merge_type", "spatial_unpad");
    for (size_t i = 0; g && i < gguf_tensor_count(g); i++)
        gguf_write_tensor(w, gguf_tensor_at(g, i));
    gguf_write_tensor(w, &(struct gguf_tensor){.name = "model.image_newline",
                                               .n_dims = 1,
                                               .dims = {256, 1, 1, 1},
                                               .data = newline,
                                               .size = sizeof(newline)});
    bool ok = g && gguf_write_finish(w, &e);
    gguf_writer_destroy(w);
    gguf_close(g);
    return ok ? 0 : -1;
}

static int remove_tiled_tower(void **state)
{
    (void)state;
    return unlink(tiled);
}

// A PPM in which no two pixels near one another are alike.
static struct picture *colourful(unsigned width, unsigned height)
{
    char *bytes = malloc(64 + 3 * (size_t)width * height);
    assert_non_null(bytes);
    int at = sprintf(bytes, "P6 %u %u 255\n", width, height);
    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++) {
            bytes[at++] = (char)(x * 255 / width);
            bytes[at++] = (char)(y * 255 / height);
            bytes[at++] = (char)((x + y) % 256);
        }
    struct error e = {0};
    struct picture *p = picture_create(bytes, (size_t)at, "colourful.ppm", &e);
    free(bytes);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

// 64 rows of the whole; then LLaVA's formula by hand, over the part that is not margin, with a
// newline at the end of each of its rows.
static void rows_are_known_without_an_engine(void **state)
{
    (void)state;
    static const struct {
        unsigned width, height, rows;
    } cases[] = {
        {240, 240, 64 + 16 * 17}, // 2 x 2 tiles, filled
        {150, 100, 64 + 8 * 13},  // 2 x 1: 16 x 8, of which 12 columns show the picture
        {400, 100, 64 + 6 * 25},  // 3 x 1: 24 x 8, of which 6 rows do
        {100, 300, 64 + 24 * 9},  // 1 x 3, filled
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct picture *p = colourful(cases[i].width, cases[i].height);
        assert_int_equal(probe_picture_rows(tiled, p), cases[i].rows);
        assert_int_equal(probe_picture_rows(data_path("synth/eyes-mlp-f16.gguf"), p), 64);
        assert_int_equal(probe_picture_rows(data_path("synth/lm-Q4_0.gguf"), p), 0);
        assert_int_equal(probe_picture_rows("/no/such.gguf", p), 0);
        picture_unref(p);
    }
}

// CLIP's colours.
static uint8_t color(float value, int channel)
{
    static const double mean[] = {0.48145466, 0.4578275, 0.40821073};
    static const double std[] = {0.26862954, 0.26130258, 0.27577711};
    return (uint8_t)(((double)value * std[channel] + mean[channel]) * 255.0 + 0.5);
}

// The tile lies there, to the last pixel.
static void assert_tile(const struct probe_sheet *s, const float *values, unsigned left,
                        unsigned top)
{
    for (unsigned y = 0; y < SIDE; y++)
        for (unsigned x = 0; x < SIDE; x++)
            for (int c = 0; c < 3; c++)
                assert_int_equal(s->rgb[3 * ((top + y) * s->width + left + x) + (unsigned)c],
                                 color(values[(unsigned)c * SIDE * SIDE + y * SIDE + x], c));
}

static struct probe_sheet see(const char *mmproj, const struct picture *p, float **values,
                              uint32_t shape[4])
{
    struct probe_sheet s;
    struct error e = {0};
    if (!probe_seen(mmproj, p, &s, &e) || !probe_pixels(mmproj, p, values, shape, &e))
        fail_msg("%s", e.text);
    assert_int_equal(s.side, SIDE);
    return s;
}

static void tiles_lie_beside_or_below_the_whole(void **state)
{
    (void)state;
    static const struct {
        unsigned width, height, columns, rows, sheet_width, sheet_height;
        unsigned whole_left, whole_top, left, top;
    } cases[] = {
        {240, 240, 2, 2, 2 * SIDE + LINE + GAP + SIDE, 2 * SIDE + LINE, 0, (SIDE + LINE) / 2,
         SIDE + GAP, 0},
        {400, 100, 3, 1, 3 * SIDE + 2 * LINE, 2 * SIDE + GAP, SIDE + LINE, 0, 0, SIDE + GAP},
        {100, 300, 1, 3, 2 * SIDE + GAP, 3 * SIDE + 2 * LINE, 0, SIDE + LINE, SIDE + GAP, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        float *values;
        uint32_t shape[4];
        struct picture *p = colourful(cases[i].width, cases[i].height);
        struct probe_sheet s = see(tiled, p, &values, shape);
        assert_int_equal(s.columns, cases[i].columns);
        assert_int_equal(s.rows, cases[i].rows);
        assert_int_equal(s.width, cases[i].sheet_width);
        assert_int_equal(s.height, cases[i].sheet_height);
        assert_int_equal(shape[0], 1 + s.columns * s.rows);
        assert_tile(&s, values, cases[i].whole_left, cases[i].whole_top);
        for (unsigned k = 0; k < s.columns * s.rows; k++)
            assert_tile(&s, values + (size_t)(1 + k) * 3 * SIDE * SIDE,
                        cases[i].left + k % s.columns * (SIDE + LINE),
                        cases[i].top + k / s.columns * (SIDE + LINE));
        free(values);
        free(s.rgb);
        picture_unref(p);
    }
}

static void without_tiles_it_is_one_square(void **state)
{
    (void)state;
    float *values;
    uint32_t shape[4];
    struct picture *p = colourful(60, 30);
    struct probe_sheet s = see(data_path("synth/eyes-mlp-f16.gguf"), p, &values, shape);
    assert_int_equal(s.columns, 0);
    assert_int_equal(s.rows, 0);
    assert_int_equal(s.width, SIDE);
    assert_int_equal(s.height, SIDE);
    assert_tile(&s, values, 0, 0);
    free(values);
    free(s.rgb);
    picture_unref(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_known_without_an_engine),
        cmocka_unit_test(tiles_lie_beside_or_below_the_whole),
        cmocka_unit_test(without_tiles_it_is_one_square),
    };
    return cmocka_run_group_tests(tests, write_tiled_tower, remove_tiled_tower);
}
