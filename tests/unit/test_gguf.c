// engine/model/gguf: reading good files, and one sentence for each way in which a file can be bad.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "engine/model/gguf.h"
#include "engine/model/quant.h"
#include "tests/unit/gguf_bytes.h"

static struct gguf *open_bytes(const struct bytes *b, struct error *e)
{
    const char *path = test_path("a.gguf");
    write_bytes(path, b->data, b->size);
    struct gguf *g = gguf_open(path, e);
    unlink(path);
    return g;
}

static struct gguf *open_good(const struct bytes *b)
{
    struct error e = {0};
    struct gguf *g = open_bytes(b, &e);
    if (!g)
        fail_msg("not opened: %s", e.text);
    return g;
}

static void check_sentence(const struct error *e, const char *file, const char *reason)
{
    assert_int_equal(e->kind, ERROR_MODEL);
    assert_true(utf8_valid(e->text, strlen(e->text)));
    assert_null(strpbrk(e->text, "\n\t\x1b"));
    if (!strstr(e->text, file) || !strstr(e->text, reason))
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", e->text, file, reason);
}

static void refuse(const struct bytes *b, const char *reason)
{
    struct error e = {0};
    struct gguf *g = open_bytes(b, &e);
    if (g)
        fail_msg("opened; expected \"%s\"", reason);
    check_sentence(&e, "a.gguf", reason);
}

static void refuse_path(const char *path, const char *shown, const char *reason)
{
    struct error e = {0};
    assert_null(gguf_open(path, &e));
    check_sentence(&e, shown, reason);
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

static void what_is_not_a_file_is_named(void **state)
{
    (void)state;
    refuse_path(test_path("none.gguf"), "none.gguf", "does not exist");
    refuse_path(test_folder, test_folder, "is a folder");
    refuse_path("/dev/null", "/dev/null", "not a model file");
    const char *path = test_path("secret.gguf");
    write_bytes(path, "GGUF", 4);
    chmod(path, 0);
    if (geteuid() != 0) // root may read it
        refuse_path(path, "secret.gguf", "may not be read");
    unlink(path);
}

static void other_formats_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"", "is empty"},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"},
        {"lmgg", "old GGML format"},
        {"tjgg\3", "old GGJT format"},
        {"algg\1", "old GGLA format"},
        {"FUGG", "byte-swapped"},
        {"PK\3\4 whatever follows in it", "not a GGUF model file"},
        {"GG", "not a GGUF model file"},
        {"GGUF\3", "truncated: its header alone takes 24 bytes, 5 there"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct bytes b = {.size = 0};
        put(&b, rows[i].text, strlen(rows[i].text));
        refuse(&b, rows[i].reason);
    }
    struct bytes b;
    put_header(&b, 1, 0, 0);
    refuse(&b, "GGUF version 1, which is no longer in use");
    put_header(&b, 4, 0, 0);
    refuse(&b, "GGUF version 4, which is unknown");
    put_header(&b, 0x03000000, 0, 0);
    refuse(&b, "byte-swapped");
}

static void file_names_cannot_drive_the_terminal(void **state)
{
    (void)state;
    refuse_path("/nowhere/\x1b[31m\nb.gguf", "\xef\xbf\xbd[31m b.gguf", "does not exist");
    char longest[2999]; // "/é" again and again, cut at each of its bytes
    for (size_t i = 0; i + 3 < sizeof(longest); i += 3)
        memcpy(longest + i, "/\xc3\xa9", 3);
    const char *names[] = {"/b.gguf", "/bb.gguf", "/bbb.gguf"};
    for (size_t i = 0; i < 3; i++) {
        strcpy(longest + sizeof(longest) - 11, names[i]);
        refuse_path(longest, names[i], "\xc3\xa9/b");
        struct error e = {0};
        gguf_open(longest, &e);
        assert_null(strstr(e.text, "\xef\xbf\xbd"));
    }
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    struct bytes b;
    put_sample(&b);
    char reason[64];
    size_t whole = b.size - 30; // the padding of the last tensor may be missing
    snprintf(reason, sizeof(reason), "truncated: %zu bytes expected, %zu there", whole, whole - 1);
    b.size = whole - 1;
    refuse(&b, reason);
    while (b.size > 4) {
        b.size--;
        refuse(&b, "truncated");
    }
}

static void damaged_bytes_do_no_harm(void **state)
{
    (void)state;
    struct bytes b;
    put_sample(&b);
    const unsigned char values[] = {0, 1, 9, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < b.size; i++) {
        unsigned char kept = b.data[i];
        for (size_t v = 0; v < sizeof(values); v++) {
            struct error e = {0};
            b.data[i] = values[v];
            struct gguf *g = open_bytes(&b, &e);
            if (!g)
                check_sentence(&e, "a.gguf", "");
            gguf_close(g);
        }
        b.data[i] = kept;
    }
}

static void absurd_counts_are_refused(void **state)
{
    (void)state;
    struct bytes b;
    const uint64_t counts[] = {3, UINT64_MAX, 1ull << 63, UINT64_MAX / 14 + 2};
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        put_header(&b, 3, 0, counts[i]);
        refuse(&b, "metadata pairs, too many for its 24 bytes");
        put_header(&b, 3, counts[i], 0);
        refuse(&b, "tensors, too many for its 24 bytes");
    }
    put_header(&b, 3, 0, 1);
    put_array_key(&b, "list", 0, (1 << 30) + 1);
    refuse(&b, "the array \"list\" claims 1073741825 items");
    put_header(&b, 3, 0, 1);
    put_array_key(&b, "list", 12, 1 << 30);
    refuse(&b, "its tables run past its end");
    put_header(&b, 3, 0, 1);
    put_u64(&b, UINT64_MAX);
    put_u64(&b, 0);
    refuse(&b, "its tables run past its end");
}

static void damaged_pairs_are_named(void **state)
{
    (void)state;
    struct bytes b;
    put_header(&b, 3, 0, 1);
    put_array_key(&b, "nest", 9, 1);
    put_u64(&b, 0);
    refuse(&b, "\"nest\" is an array of arrays");
    put_header(&b, 3, 0, 1);
    put_key(&b, "odd", 13);
    put_u64(&b, 0);
    refuse(&b, "\"odd\" has a value of the unknown type 13");
    put_header(&b, 3, 0, 1);
    put_array_key(&b, "odd\x1b", 77, 1);
    put_u64(&b, 0);
    refuse(&b, "\"odd\xef\xbf\xbd\" has a value of the unknown type 77");
    put_header(&b, 3, 0, 1);
    put_key(&b, "", 4);
    put_u64(&b, 0);
    refuse(&b, "the name of metadata pair 1 has 0 bytes");
    put_header(&b, 3, 0, 3);
    const char *keys[] = {"same", "other", "same"};
    for (int i = 0; i < 3; i++) {
        put_key(&b, keys[i], 4);
        put_u32(&b, 0);
    }
    refuse(&b, "the metadata key \"same\" is there twice");
}

static void alignments_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct bytes b;
    const uint32_t values[] = {0, 4, 33, 1u << 21, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        put_header(&b, 3, 0, 1);
        put_key(&b, "general.alignment", 4);
        put_u32(&b, values[i]);
        refuse(&b, "alignment is not a power of two");
    }
    put_header(&b, 3, 0, 1);
    put_key(&b, "general.alignment", 10);
    put_u64(&b, 32);
    refuse(&b, "the type of general.alignment is not u32");
}

// A file with one tensor "t" of the given shape, type and offset, and 256 bytes of data.
static void put_one_tensor(struct bytes *b, uint64_t elements, uint64_t rows, uint32_t type,
                           uint64_t offset)
{
    put_header(b, 3, 1, 0);
    put_tensor(b, "t", elements, rows, type, offset);
    put_padding(b, 32);
    memset(b->data + b->size, 0, 256);
    b->size += 256;
}

static void damaged_tensors_are_named(void **state)
{
    (void)state;
    static const struct {
        uint64_t elements, rows;
        uint32_t type;
        uint64_t offset;
        const char *reason;
    } rows[] = {
        {0, 0, 0, 0, "\"t\" has a dimension of 0"},
        {1ull << 32, 1ull << 31, 0, 0, "\"t\" has absurdly large dimensions"},
        {1ull << 32, 1ull << 32, 0, 0, "\"t\" has absurdly large dimensions"},
        {1ull << 32, 1ull << 30, 0, 0, "\"t\" has absurdly large dimensions"},
        {1ull << 32, 1ull << 29, 0, 0, "\"t\" has absurdly large dimensions"},
        {1ull << 32, 1ull << 31, 2, 0, "\"t\" has absurdly large dimensions"},
        {1ull << 32, 1ull << 28, 0, 0, "is truncated: 46116860184273"},
        {33, 0, 2, 0, "\"t\" has rows of 33 elements, which are not whole blocks of Q4_0"},
        {4, 0, 4, 0, "\"t\" of type number 4,"},
        {4, 0, 36, 0, "\"t\" of type number 36,"},
        {4, 0, 99999, 0, "\"t\" of type number 99999,"},
        {4, 0, 0, 8, "\"t\" lies at the offset 8, which is not a multiple of 32"},
        {4, 0, 0, UINT64_MAX - 31, "\"t\" lies at an absurdly large offset"},
        {4, 0, 0, 1ull << 62, "is truncated: 46116860184273"},
        {65, 0, 0, 0, "is truncated: 324 bytes expected, 320 there"},
        {4, 0, 0, 256, "is truncated: 336 bytes expected, 320 there"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct bytes b;
        put_one_tensor(&b, rows[i].elements, rows[i].rows, rows[i].type, rows[i].offset);
        refuse(&b, rows[i].reason);
    }
}

static void tensor_names_and_dimension_counts_are_checked(void **state)
{
    (void)state;
    struct bytes b;
    char name[65] = {0};
    memset(name, 'n', 64);
    put_header(&b, 3, 1, 0);
    put_tensor(&b, name, 1, 0, 24, 0);
    refuse(&b, "the name of tensor 1 is not a text of 1 to 63 bytes");
    put_header(&b, 3, 1, 0);
    put_tensor(&b, "", 1, 0, 24, 0);
    put_u64(&b, 0);
    refuse(&b, "the name of tensor 1 is not a text of 1 to 63 bytes");
    put_header(&b, 3, 1, 0);
    put_u64(&b, 3);
    put(&b, "a\0b", 3);
    memset(b.data + b.size, 0, 64);
    b.size += 64;
    refuse(&b, "the name of tensor 1 is not a text of 1 to 63 bytes");
    const uint32_t counts[] = {0, 5, UINT32_MAX};
    for (int i = 0; i < 3; i++) {
        put_one_tensor(&b, 4, 0, 0, 0);
        b.size = 24 + 9;
        put_u32(&b, counts[i]);
        b.size += 64;
        refuse(&b, "dimensions, 1 to 4 are allowed");
    }
}

static void tensors_must_differ_and_lie_apart(void **state)
{
    (void)state;
    for (int same_name = 0; same_name < 2; same_name++) {
        struct bytes b;
        put_header(&b, 3, 3, 0);
        put_tensor(&b, "a", 9, 0, 0, 32);
        put_tensor(&b, "b", 1, 0, 0, 0);
        put_tensor(&b, same_name ? "a" : "c", 1, 0, 0, 64);
        put_padding(&b, 32);
        memset(b.data + b.size, 0, 128);
        b.size += 128;
        refuse(&b, same_name ? "the tensor \"a\" is there twice" : "\"a\" and \"c\" overlap");
    }
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
        cmocka_unit_test(what_is_not_a_file_is_named),
        cmocka_unit_test(other_formats_are_named),
        cmocka_unit_test(file_names_cannot_drive_the_terminal),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(damaged_bytes_do_no_harm),
        cmocka_unit_test(absurd_counts_are_refused),
        cmocka_unit_test(damaged_pairs_are_named),
        cmocka_unit_test(alignments_that_cannot_be_are_refused),
        cmocka_unit_test(damaged_tensors_are_named),
        cmocka_unit_test(tensor_names_and_dimension_counts_are_checked),
        cmocka_unit_test(tensors_must_differ_and_lie_apart),
    };
    return cmocka_run_group_tests(tests, create_test_folder, remove_test_folder);
}
