// engine/model/gguf: reading good files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/quant.h"
#include "tests/unit/gguf_open.h"

static struct gguf *open_good(const struct bytes *b)
{
    struct error e = {0};
    struct gguf *g = open_bytes(b, &e);
    if (!g)
        fail_msg("not opened: %s", e.text);
    return g;
}

static void a_good_file_shows_all_that_it_holds(void **state)
{
    (void)state;
    struct bytes b;
    for (uint32_t version = 2; version <= 3; version++) {
        put_sample(&b);
        b.data[4] = (unsigned char)version;
        struct gguf *g = open_good(&b);
        assert_int_equal(gguf_version(g), version);
        assert_int_equal(gguf_file_size(g), b.size);
        assert_string_equal(gguf_path(g), test_path("a.gguf"));
        assert_int_equal(gguf_pair_count(g), 15);
        assert_memory_equal(gguf_pair_at(g, 1)->key.data, "n.u8", 4);
        assert_int_equal(gguf_tensor_count(g), 2);
        const struct gguf_tensor *t = gguf_find_tensor(g, "matrix");
        assert_ptr_equal(t, gguf_tensor_at(g, 0));
        assert_string_equal(t->name, "matrix");
        assert_int_equal(t->n_dims, 2);
        const uint64_t dims[4] = {4, 3, 1, 1};
        assert_memory_equal(t->dims, dims, sizeof(dims));
        assert_int_equal(t->type, QUANT_F32);
        assert_int_equal(t->size, 48);
        assert_memory_equal((const char *)t->data + 44, "\x0b\0\x80\x3f", 4);
        t = gguf_find_tensor(g, "blocks");
        assert_int_equal(t->size, 34);
        assert_memory_equal(t->data, "\0\1\2\3", 4);
        assert_null(gguf_find_tensor(g, "matri"));
        assert_null(gguf_find_tensor(g, ""));
        gguf_close(g);
    }
}

static void integers_are_taken_from_any_type_that_fits(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int64_t value;
    } rows[] = {{"n.u8", 200},         {"n.i8", -3},      {"n.u16", 60000},    {"n.i16", -300},
                {"n.u32", 4000000000}, {"n.i32", -70000}, {"n.i64", INT64_MIN}};
    struct bytes b;
    put_sample(&b);
    struct gguf *g = open_good(&b);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t wide = 1;
        uint32_t narrow = 1;
        assert_true(gguf_get_i64(g, rows[i].key, &wide));
        assert_true(wide == rows[i].value);
        assert_int_equal(gguf_get_u32(g, rows[i].key, &narrow), rows[i].value >= 0);
        assert_int_equal(narrow, rows[i].value >= 0 ? rows[i].value : 1);
    }
    int64_t wide = 1;
    assert_false(gguf_get_i64(g, "n.u64", &wide));
    assert_false(gguf_get_i64(g, "f.32", &wide));
    assert_false(gguf_get_i64(g, "yes", &wide));
    assert_false(gguf_get_i64(g, "types", &wide));
    assert_false(gguf_get_i64(g, "absent", &wide));
    assert_int_equal(wide, 1);
    gguf_close(g);
}

static void integers_above_32_bits_are_not_cut(void **state)
{
    (void)state;
    struct bytes b;
    put_header(&b, 3, 0, 2);
    put_key(&b, "largest", 11);
    put_u64(&b, UINT32_MAX);
    put_key(&b, "above", 11);
    put_u64(&b, 1ull << 32);
    struct gguf *g = open_good(&b);
    uint32_t value = 0;
    assert_true(gguf_get_u32(g, "largest", &value) && value == UINT32_MAX);
    assert_false(gguf_get_u32(g, "above", &value));
    gguf_close(g);
}

static void floats_bools_and_strings_are_read(void **state)
{
    (void)state;
    struct bytes b;
    put_sample(&b);
    struct gguf *g = open_good(&b);
    float f = 0;
    assert_true(gguf_get_f32(g, "f.32", &f) && f == 1.5f);
    assert_true(gguf_get_f32(g, "f.64", &f) && f == -2.5f);
    assert_false(gguf_get_f32(g, "n.u32", &f));
    bool yes = false;
    assert_true(gguf_get_bool(g, "yes", &yes) && yes);
    assert_false(gguf_get_bool(g, "n.u8", &yes));
    struct gguf_string s;
    assert_true(gguf_get_string(g, "general.architecture", &s));
    assert_int_equal(s.size, 5);
    assert_memory_equal(s.data, "llama", 5);
    assert_false(gguf_get_string(g, "tokens", &s));
    gguf_close(g);
}

static void arrays_are_read(void **state)
{
    (void)state;
    struct bytes b;
    put_sample(&b);
    struct gguf *g = open_good(&b);
    assert_int_equal(gguf_array_count(g, "tokens"), 3);
    assert_int_equal(gguf_array_count(g, "n.u8"), 0);
    struct gguf_string *s;
    size_t count;
    assert_true(gguf_array_strings(g, "tokens", &s, &count));
    assert_int_equal(count, 3);
    assert_int_equal(s[1].size, 3);
    assert_memory_equal(s[1].data, "b\0c", 3);
    assert_int_equal(s[2].size, 0);
    free(s);
    assert_false(gguf_array_strings(g, "scores", &s, &count));
    float f;
    assert_true(gguf_array_f32(g, "scores", 1, &f) && f == -2);
    assert_false(gguf_array_f32(g, "scores", 2, &f));
    assert_false(gguf_array_f32(g, "types", 0, &f));
    int64_t n;
    assert_true(gguf_array_i64(g, "types", 1, &n) && n == -7);
    assert_false(gguf_array_i64(g, "tokens", 0, &n));
    assert_false(gguf_array_i64(g, "n.u8", 0, &n));
    const struct gguf_pair *p = gguf_find_pair(g, "types");
    assert_int_equal(p->type, GGUF_ARRAY);
    assert_int_equal(p->item_type, GGUF_I32);
    assert_int_equal(p->count, 2);
    assert_int_equal(p->size, 8);
    assert_memory_equal(p->data, "\7\0\0\0\xf9\xff\xff\xff", 8);
    gguf_close(g);
}

static void tensors_may_lie_in_any_order_and_alignment(void **state)
{
    (void)state;
    struct bytes b;
    put_header(&b, 3, 2, 1);
    put_key(&b, "general.alignment", 4);
    put_u32(&b, 64);
    put_tensor(&b, "second", 2, 0, 0, 128);
    put_tensor(&b, "first", 2, 0, 0, 0);
    put_padding(&b, 64);
    size_t start = b.size;
    b.size += 128 + 8;
    memset(b.data + start, 0, 136);
    b.data[start] = 1;
    b.data[start + 128] = 2;
    struct gguf *g = open_good(&b);
    assert_int_equal(*(const char *)gguf_find_tensor(g, "first")->data, 1);
    assert_int_equal(*(const char *)gguf_find_tensor(g, "second")->data, 2);
    gguf_close(g);
}

static void a_file_without_pairs_and_tensors_is_fine(void **state)
{
    (void)state;
    struct bytes b;
    put_header(&b, 3, 0, 0);
    struct gguf *g = open_good(&b);
    assert_null(gguf_find_pair(g, "a"));
    assert_null(gguf_find_tensor(g, "a"));
    gguf_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_shows_all_that_it_holds),
        cmocka_unit_test(integers_are_taken_from_any_type_that_fits),
        cmocka_unit_test(integers_above_32_bits_are_not_cut),
        cmocka_unit_test(floats_bools_and_strings_are_read),
        cmocka_unit_test(arrays_are_read),
        cmocka_unit_test(tensors_may_lie_in_any_order_and_alignment),
        cmocka_unit_test(a_file_without_pairs_and_tensors_is_fine),
    };
    return cmocka_run_group_tests(tests, create_test_folder, remove_test_folder);
}
