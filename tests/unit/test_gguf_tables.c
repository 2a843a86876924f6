// engine/model/gguf: pairs and tensors that cannot be, a sentence for each.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gguf_open.h"

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
        cmocka_unit_test(damaged_pairs_are_named),
        cmocka_unit_test(alignments_that_cannot_be_are_refused),
        cmocka_unit_test(damaged_tensors_are_named),
        cmocka_unit_test(tensor_names_and_dimension_counts_are_checked),
        cmocka_unit_test(tensors_must_differ_and_lie_apart),
    };
    return cmocka_run_group_tests(tests, create_test_folder, remove_test_folder);
}
