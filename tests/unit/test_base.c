// base/: UTF-8 decoding and cleaning, growable buffers, error texts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/utf8.h"

// The boundary cases of RFC 3629 section 4.
static void valid_utf8_is_told_from_invalid(void **state)
{
    (void)state;
    const char *good[] = {"",
                          "a",
                          "\xc2\x80",
                          "\xdf\xbf",
                          "\xe0\xa0\x80",
                          "\xed\x9f\xbf",
                          "\xee\x80\x80",
                          "\xef\xbf\xbd",
                          "\xf0\x90\x80\x80",
                          "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(utf8_valid(good[i], strlen(good[i])));
    const char *bad[] = {"\x80",
                         "\xc0\x80",
                         "\xc1\xbf",
                         "\xc2",
                         "\xe0\x9f\xbf",
                         "\xed\xa0\x80",
                         "\xf0\x8f\xbf\xbf",
                         "\xf4\x90\x80\x80",
                         "\xf5\x80\x80\x80",
                         "\xff",
                         "a\xe2\x82"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
}

static void every_scalar_value_survives_a_round_trip(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        if (c >= 0xd800 && c < 0xe000)
            continue;
        char bytes[4];
        uint32_t back;
        size_t n = utf8_encode(c, bytes);
        assert_int_equal(utf8_decode(bytes, n, &back), n);
        assert_int_equal(back, c);
        for (size_t cut = 1; cut < n; cut++)
            assert_int_equal(utf8_whole(bytes, cut), 0);
        assert_int_equal(utf8_whole(bytes, n), n);
    }
}

static void cleaning_leaves_nothing_a_terminal_obeys(void **state)
{
    (void)state;
    char out[64];
    const char text[] = "a\x1b[31m\x00\x07\x7f\xc2\x9b\xe2\x80\xae\xff\n\t\xc3\xa9";
    size_t n = utf8_clean(out, sizeof(out), text, sizeof(text) - 1);
#define R "\xef\xbf\xbd"
    assert_string_equal(out, "a" R "[31m" R R R R R R "\n\t\xc3\xa9");
#undef R
    assert_int_equal(n, strlen(out));
    assert_int_equal(utf8_clean(out, 3, "ab\xc3\xa9", 4), 2); // é needs two bytes and the NUL
    assert_string_equal(out, "ab");
}

static void long_errors_are_cut_at_a_character(void **state)
{
    (void)state;
    struct error e = {0};
    char text[2048];
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[2046] = '\0';
    assert_false(error_set(&e, ERROR_MODEL, "x%s", text));
    assert_true(utf8_valid(e.text, strlen(e.text)));
    assert_int_equal(strlen(e.text), 1023);
    error_set(&e, ERROR_RUNTIME, "wrapped: %.4s", e.text);
    assert_string_equal(e.text, "wrapped: x\xc3\xa9\xc3");
}

static void buffers_grow_and_stay_terminated(void **state)
{
    (void)state;
    struct buffer b = {0};
    for (int i = 0; i < 1000; i++)
        assert_true(buffer_printf(&b, "%d,", i));
    assert_int_equal(b.size, strlen(b.data));
    assert_non_null(strstr(b.data, ",999,"));
    assert_false(buffer_reserve(&b, SIZE_MAX - 10));
    buffer_clear(&b);
    assert_true(buffer_add(&b, "x\0y", 3));
    assert_memory_equal(b.data, "x\0y", 4);
    buffer_free(&b);
    buffer_free(&b);
}

static void arrays_grow_and_keep_their_items(void **state)
{
    (void)state;
    uint64_t *list = NULL;
    size_t count = 0, room = 0, moves = 0;
    for (; count < 10000; count++) {
        size_t before = room;
        list = array_reserve(list, count, &room, sizeof(*list));
        assert_non_null(list);
        assert_true(count < room);
        moves += room != before;
        list[count] = 3 * count;
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list[i], 3 * i);
    assert_true(moves < 16); // room grows by a factor
    free(list);
}

static void an_array_beyond_all_memory_stays_as_it_was(void **state)
{
    (void)state;
    char *list = malloc(1);
    size_t room = SIZE_MAX / 4;
    assert_null(array_reserve(list, room, &room, 8));
    assert_int_equal(room, SIZE_MAX / 4);
    *list = 'x'; // still ours
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_utf8_is_told_from_invalid),
        cmocka_unit_test(every_scalar_value_survives_a_round_trip),
        cmocka_unit_test(cleaning_leaves_nothing_a_terminal_obeys),
        cmocka_unit_test(long_errors_are_cut_at_a_character),
        cmocka_unit_test(buffers_grow_and_stay_terminated),
        cmocka_unit_test(arrays_grow_and_keep_their_items),
        cmocka_unit_test(an_array_beyond_all_memory_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
