// LLaVA-1.6's tiles through the whole engine: every row of a tiled picture must be the row that the
// tower gives for that tile alone, at the place where the reference (prepare_inputs_labels_for_
// multimodal of LLaVA-NeXT's llava_arch.py, "spatial_unpad") puts it. The file is the synthetic
// tower with a list of grids and a newline.
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
#include "fixture.h"

enum { WIDTH = 256, TILES = 2 };

static uint32_t size, grid; // of a tile: pixels, patches
static float newline[WIDTH];

static const char *file(const char *name)
{
    static char path[4][64];
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof(path[next]), "/tmp/pumice-tiles-%d-%s", (int)getpid(), name);
    return path[next];
}

static void make_tower(void)
{
    struct error e = {0};
    struct gguf *g = gguf_open(data_path("synth/eyes-mlp-f16.gguf"), &e);
    struct gguf_writer *w = gguf_writer_create(file("tower"), &e);
    assert_non_null(g);
    assert_non_null(w);
    for (size_t i = 0; i < gguf_pair_count(g); i++)
        gguf_write_pair(w, gguf_pair_at(g, i));
    int32_t sides[] = {(int32_t)size, 2 * (int32_t)size, 2 * (int32_t)size, (int32_t)size};
    static const char key[] = "clip.vision.image_grid_pinpoints";
    gguf_write_pair(w, &(struct gguf_pair){.key = {key, sizeof(key) - 1},
                                           .type = GGUF_ARRAY,
                                           .item_type = GGUF_I32,
                                           .count = COUNT(sides),
                                           .data = sides,
                                           .size = sizeof(sides)});
    gguf_write_string(w, "clip.vision.mm_patch_merge_type", "spatial_unpad");
    for (size_t i = 0; i < gguf_tensor_count(g); i++)
        gguf_write_tensor(w, gguf_tensor_at(g, i));
    gguf_write_tensor(w, &(struct gguf_tensor){.name = "model.image_newline",
                                               .n_dims = 1,
                                               .dims = {WIDTH, 1, 1, 1},
                                               .type = 0,
                                               .data = newline,
                                               .size = sizeof(newline)});
    if (!gguf_write_finish(w, &e))
        fail_msg("%s", e.text);
    gguf_writer_destroy(w);
    gguf_close(g);
}

static struct picture *picture_of(const uint8_t *rgb, uint32_t width, uint32_t height)
{
    FILE *f = fopen(file("ppm"), "wb");
    assert_non_null(f);
    fprintf(f, "P6 %u %u 255\n", width, height);
    assert_int_equal(fwrite(rgb, 3, (size_t)width * height, f), (size_t)width * height);
    assert_int_equal(fclose(f), 0);
    return read_picture(file("ppm"));
}

static float *rows_of(const char *tower, struct picture *p, uint32_t *count)
{
    struct error e = {0};
    struct engine *engine = open_engine(data_path("synth/lm-Q8_0.gguf"), tower, 64);
    float *rows;
    if (!probe_rows(engine, p, &rows, count, NULL, &e))
        fail_msg("%s", e.text);
    engine_destroy(engine);
    return rows;
}

// [1 + TILES][grid * grid][WIDTH]: the whole picture and its tiles, each alone through the tower as
// it was before it had grids.
static float *rows_alone(struct picture *p)
{
    struct error e = {0};
    uint8_t *rgb;
    uint32_t width, height, count;
    if (!probe_seen(file("tower"), p, &rgb, &width, &height, &e))
        fail_msg("%s", e.text);
    assert_int_equal(width, size);
    assert_int_equal(height, (1 + TILES) * size);
    size_t one = (size_t)grid * grid * WIDTH;
    float *all = malloc((1 + TILES) * one * sizeof(*all));
    for (size_t i = 0; i < 1 + TILES; i++) {
        struct picture *tile = picture_of(rgb + i * 3 * size * size, size, size);
        float *rows = rows_of(data_path("synth/eyes-mlp-f16.gguf"), tile, &count);
        assert_int_equal(count, grid * grid);
        memcpy(all + i * one, rows, one * sizeof(*all));
        free(rows);
        picture_unref(tile);
    }
    free(rgb);
    return all;
}

// A picture whose tiles lie in `columns` x `rows`; of the plane of patches the part from `left`,
// `top` on shows it.
static void check_tiles(uint32_t width, uint32_t height, uint32_t columns, uint32_t rows,
                        uint32_t left, uint32_t top)
{
    uint8_t *rgb = malloc(3 * (size_t)width * height);
    for (uint32_t i = 0; i < 3 * width * height; i++)
        rgb[i] = (uint8_t)(i * 7 + i / width * 5 + (i % 3) * 60);
    struct picture *p = picture_of(rgb, width, height);
    uint32_t count, row = grid * grid;
    float *got = rows_of(file("tower"), p, &count), *alone = rows_alone(p);
    uint32_t wide = columns * grid - 2 * left, high = rows * grid - 2 * top;
    assert_int_equal(count, grid * grid + high * (wide + 1));
    assert_memory_equal(got, alone, (size_t)row * WIDTH * sizeof(*got));
    for (uint32_t y = top; y < top + high; y++) {
        for (uint32_t x = left; x < left + wide; x++, row++) {
            uint32_t tile = 1 + y / grid * columns + x / grid;
            uint32_t patch = tile * grid * grid + y % grid * grid + x % grid;
            assert_memory_equal(got + (size_t)row * WIDTH, alone + (size_t)patch * WIDTH,
                                WIDTH * sizeof(*got));
        }
        assert_memory_equal(got + (size_t)row++ * WIDTH, newline, sizeof(newline));
    }
    free(got);
    free(alone);
    free(rgb);
    picture_unref(p);
}

static void a_picture_of_the_grid_s_shape_fills_it(void **state)
{
    (void)state;
    check_tiles(4 * size, 2 * size, 2, 1, 0, 0);
    check_tiles(2 * size, 4 * size, 1, 2, 0, 0);
}

// Twice as long as the grid is: half of the plane is margin, (grid - grid / 2) / 2 on each side.
static void the_margin_s_rows_are_left_out(void **state)
{
    (void)state;
    check_tiles(8 * size, 2 * size, 2, 1, 0, (grid - grid / 2) / 2);
    check_tiles(2 * size, 8 * size, 1, 2, (grid - grid / 2) / 2, 0);
}

static int make_files(void **state)
{
    (void)state;
    struct error e = {0};
    struct model_summary s;
    if (!probe_model(data_path("synth/eyes-mlp-f16.gguf"), &s, &e))
        fail_msg("%s", e.text);
    size = s.picture_size;
    for (grid = 1; grid * grid < s.picture_rows; grid++)
        ;
    for (int i = 0; i < WIDTH; i++)
        newline[i] = (float)i - 100;
    make_tower();
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(file("tower"));
    unlink(file("ppm"));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_of_the_grid_s_shape_fills_it),
        cmocka_unit_test(the_margin_s_rows_are_left_out),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
