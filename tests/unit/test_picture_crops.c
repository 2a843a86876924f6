// ui/picture: the sequences of crops that are kept, which of them are the same, and how many.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/picture_terminal.h"
#include "ui/picture_crops.h"

static uint64_t drawn_id(struct ui_picture *p, struct term *t, int cols, int rows, int from, int n)
{
    t->image = (struct term_image){0};
    ui_picture_draw(p, t, 0, 0, cols, rows, from, n);
    return t->image.id;
}

static void an_image_is_named_by_what_is_seen(void **state)
{
    (void)state;
    struct ui_picture *p = make_picture(480, 360), *same = make_picture(480, 360);
    struct ui_picture *other = make_picture(480, 359);
    struct term t = sixel_terminal(10, 20), wider = sixel_terminal(11, 20);
    struct term blocks = half_terminal(256, true), few = half_terminal(16, false);
    uint64_t id = drawn_id(p, &t, 20, 8, 0, 8);
    const char *bytes = t.image.bytes;
    assert_true(drawn_id(p, &t, 20, 8, 0, 8) == id);
    assert_ptr_equal(t.image.bytes, bytes); // not made again
    assert_true(drawn_id(same, &t, 20, 8, 0, 8) == id);
    ui_picture_forget(p);
    uint64_t ids[] = {drawn_id(p, &t, 20, 8, 0, 8),     drawn_id(other, &t, 20, 8, 0, 8),
                      drawn_id(p, &t, 20, 8, 1, 7),     drawn_id(p, &t, 20, 8, 0, 7),
                      drawn_id(p, &t, 20, 9, 0, 8),     drawn_id(p, &t, 21, 8, 0, 8),
                      drawn_id(p, &wider, 20, 8, 0, 8), drawn_id(p, &blocks, 20, 8, 0, 8),
                      drawn_id(p, &few, 20, 8, 0, 8)};
    assert_true(ids[0] == id);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        for (size_t k = 0; k < i; k++)
            assert_true(ids[i] != ids[k]);
    ui_picture_unref(other);
    ui_picture_unref(same);
    ui_picture_unref(p);
}

static void a_changed_terminal_gets_new_sequences(void **state)
{
    (void)state;
    struct ui_picture *p = make_picture(300, 200);
    struct term t = sixel_terminal(10, 20);
    free(draw_crop(p, &t, 20, 7, 0, 7).pixel);
    t.caps.cell_height = 25; // another font
    free(draw_crop(p, &t, 20, 7, 0, 7).pixel);
    t.caps.cell_width = 12;
    free(draw_crop(p, &t, 20, 7, 0, 7).pixel);
    t.caps.pictures = PICTURES_HALF;
    t.caps.true_color = true;
    ui_picture_draw(p, &t, 0, 0, 20, 7, 0, 7);
    struct screen s = read_blocks(t.image.bytes, t.image.size);
    assert_int_equal(s.width, 20);
    assert_int_equal(s.height, 14);
    free(s.pixel);
    t.images = 0;
    t.caps.pictures = PICTURES_NONE;
    ui_picture_draw(p, &t, 0, 0, 20, 7, 0, 7);
    assert_int_equal(t.images, 0);
    ui_picture_unref(p);
}

// Noise, which takes the most bytes.
static uint8_t *make_noise(size_t size)
{
    uint8_t *noise = malloc(size);
    uint32_t random = 1;
    for (size_t i = 0; i < size; i++) {
        random = random * 1664525 + 1013904223;
        noise[i] = (uint8_t)(random >> 24);
    }
    return noise;
}

static void a_frame_may_show_a_picture_in_many_places(void **state)
{
    (void)state;
    enum { SIDE = 600, FRAME = 8 };
    uint8_t *rgb = make_noise((size_t)SIDE * SIDE * 3);
    struct ui_picture *p = ui_picture_create(SIDE, SIDE, rgb, "");
    struct term t = sixel_terminal(10, 20);
    struct term_image kept[FRAME];
    char *copy[FRAME];
    for (int i = 0; i < FRAME; i++) {
        ui_picture_draw(p, &t, 0, 0, 60, 30, i, 30 - i);
        kept[i] = t.image;
        assert_true(kept[i].size > PICTURE_CROPS_BYTES / FRAME);
        copy[i] = malloc(kept[i].size);
        memcpy(copy[i], kept[i].bytes, kept[i].size);
    }
    for (int i = 0; i < FRAME; i++) {
        assert_memory_equal(copy[i], kept[i].bytes, kept[i].size);
        free(copy[i]);
    }
    ui_picture_unref(p);
    free(rgb);
}

static void what_is_kept_is_bounded(void **state)
{
    (void)state;
    enum { SIDE = 400 };
    uint8_t *rgb = make_noise((size_t)SIDE * SIDE * 3);
    const struct picture_geometry g = {
        .sixel = true, .cols = 40, .rows = 20, .cell_width = 10, .cell_height = 20, .colors = 256};
    struct picture_crops crops = {0};
    for (int i = 0; i < 3 * PICTURE_CROPS; i++) {
        assert_non_null(picture_crops_get(&crops, &g, SIDE, SIDE, rgb, i % 19, 1 + i % 2));
        assert_non_null(picture_crops_get(&crops, &g, SIDE, SIDE, rgb, i % 7, 13));
        size_t bytes = 0;
        int kept = 0;
        for (int k = 0; k < PICTURE_CROPS; k++) {
            bytes += crops.list[k].bytes.room;
            kept += crops.list[k].used > 0;
        }
        assert_true(bytes <= PICTURE_CROPS_BYTES || kept <= PICTURE_CROPS_SAFE);
    }
    picture_crops_clear(&crops);
    free(rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_named_by_what_is_seen),
        cmocka_unit_test(a_changed_terminal_gets_new_sequences),
        cmocka_unit_test(a_frame_may_show_a_picture_in_many_places),
        cmocka_unit_test(what_is_kept_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
