// What a vision file says of its layers, tiles and projector, and what we refuse of it, each in its
// own words. The files are the synthetic tower with something added.
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
#include "engine/model/vision.h"

static char path[64];

// What is added to the tower of three blocks.
struct addition {
    const int32_t *layers; // clip.vision.feature_layer
    uint32_t n_layers;
    bool grids;
    const char *merge;  // clip.vision.mm_patch_merge_type
    const char *tensor; // of 256 floats
};

static void add_array(struct gguf_writer *w, const char *key, const int32_t *items, uint32_t n)
{
    gguf_write_pair(w, &(struct gguf_pair){.key = {key, strlen(key)},
                                           .type = GGUF_ARRAY,
                                           .item_type = GGUF_I32,
                                           .count = n,
                                           .data = items,
                                           .size = n * sizeof(*items)});
}

static void write_tower(const struct addition *a)
{
    static const float values[256];
    static const int32_t grids[] = {112, 224, 224, 112};
    struct error e = {0};
    char source[1024];
    const char *data = getenv("PUMICE_TEST_DATA");
    snprintf(source, sizeof(source), "%s/synth/eyes-mlp-f16.gguf", data ? data : "tests/data");
    struct gguf *g = gguf_open(source, &e);
    struct gguf_writer *w = gguf_writer_create(path, &e);
    assert_non_null(g);
    assert_non_null(w);
    for (size_t i = 0; i < gguf_pair_count(g); i++)
        gguf_write_pair(w, gguf_pair_at(g, i));
    if (a->n_layers)
        add_array(w, "clip.vision.feature_layer", a->layers, a->n_layers);
    if (a->grids)
        add_array(w, "clip.vision.image_grid_pinpoints", grids, 4);
    if (a->merge)
        gguf_write_string(w, "clip.vision.mm_patch_merge_type", a->merge);
    for (size_t i = 0; i < gguf_tensor_count(g); i++)
        gguf_write_tensor(w, gguf_tensor_at(g, i));
    struct gguf_tensor t = {.name = a->tensor,
                            .n_dims = 1,
                            .dims = {256, 1, 1, 1},
                            .data = values,
                            .size = sizeof(values)};
    if (a->tensor)
        gguf_write_tensor(w, &t);
    if (!gguf_write_finish(w, &e))
        fail_msg("%s", e.text);
    gguf_writer_destroy(w);
    gguf_close(g);
}

static bool read_with(struct addition a, struct vision_traits *t, struct error *e)
{
    write_tower(&a);
    struct gguf *g = gguf_open(path, e);
    assert_non_null(g);
    bool ok = vision_read_traits(g, t, e);
    gguf_close(g);
    unlink(path);
    return ok;
}

static struct vision_traits read_well(struct addition a)
{
    struct error e = {0};
    struct vision_traits t;
    if (!read_with(a, &t, &e))
        fail_msg("%s", e.text);
    return t;
}

static void refused(struct addition a, const char *words)
{
    struct error e = {0};
    struct vision_traits t;
    assert_false(read_with(a, &t, &e));
    assert_int_equal(e.kind, ERROR_MODEL);
    if (!strstr(e.text, words))
        fail_msg("\"%s\" does not say \"%s\"", e.text, words);
}

static void blocks_end_where_the_features_are_read(void **state)
{
    (void)state;
    static const int32_t first[] = {1}, two[] = {1, 3}, last[] = {3}, beyond[] = {4}, none[] = {-2};
    assert_int_equal(read_well((struct addition){0}).blocks, 3);
    assert_int_equal(read_well((struct addition){.layers = first, .n_layers = 1}).blocks, 1);
    assert_int_equal(read_well((struct addition){.layers = last, .n_layers = 1}).blocks, 3);
    refused((struct addition){.layers = two, .n_layers = 2}, "several layers");
    refused((struct addition){.layers = beyond, .n_layers = 1}, "layer of its features");
    refused((struct addition){.layers = none, .n_layers = 1}, "layer of its features");
}

static void tiles_are_joined_as_the_file_says(void **state)
{
    (void)state;
    static const char newline[] = "model.image_newline";
    struct addition a = {.grids = true, .tensor = newline};
    assert_true(read_well(a).newlines);
    a.merge = "spatial_unpad";
    assert_true(read_well(a).newlines);
    a.tensor = "v.image_newline";
    assert_true(read_well(a).newlines);
    a.merge = "flat";
    assert_false(read_well(a).newlines);
    a.merge = "spatial";
    refused(a, "a way that we do not know");
    refused((struct addition){.grids = true, .merge = "spatial_unpad"}, newline);
    assert_false(read_well((struct addition){.grids = true}).newlines);
}

static void deeper_projectors_are_refused(void **state)
{
    (void)state;
    refused((struct addition){.tensor = "mm.3.weight"}, "Yi-VL");
    refused((struct addition){.tensor = "mm.4.weight"}, "more than two matrices");
}

int main(void)
{
    snprintf(path, sizeof(path), "/tmp/pumice-traits-%d.gguf", (int)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_end_where_the_features_are_read),
        cmocka_unit_test(tiles_are_joined_as_the_file_says),
        cmocka_unit_test(deeper_projectors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
