// tools/coopmat.c, word by word: a module put together by hand from the SPIR-V specification and
// SPV_NV_cooperative_matrix, and what SPV_KHR_cooperative_matrix makes of each of its instructions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/coopmat.h"

#define COUNT(list)         (sizeof(list) / sizeof(*(list)))
#define OP(words, opcode)   ((uint32_t)(words) << 16 | (opcode))
#define HEADER(bound)       0x07230203, 0x00010500, 0, bound, 0
#define SPEC_ID(id, number) OP(4, 71), id, 1, number
#define SPEC_CONSTANT(id)   OP(4, 50), INT, id, 16
// SPV_NV_cooperative_matrix, SPV_KHR_cooperative_matrix; and an extension that has nothing to do
// with them.
#define TEXT_NV  0x5f565053, 0x635f564e, 0x65706f6f, 0x69746172, 0x6d5f6576, 0x69727461, 'x'
#define TEXT_KHR 0x5f565053, 0x5f52484b, 0x706f6f63, 0x74617265, 0x5f657669, 0x7274616d, 0x7869
#define OTHER    OP(4, 10), 0x5f565053, 0x5f52484b, 0x78

enum { M = 1, N, K, A, B, C, INT, HALF, FLOAT, BOOL, TRUE, FALSE, SCOPE, STRIDE, POINTER };
enum { WORKGROUP = POINTER + 1, SEMANTICS, LOADED_A, LOADED_B, SUM, PRODUCT, LENGTH, BOUND };
enum { ZERO = BOUND, ONE, TWO, NEW_BOUND };
static const struct coopmat_sizes sizes = {.m = 40, .n = 50, .k = 60};

// What both have before the types of matrices.
#define COMMON                                                                                     \
    SPEC_ID(M, 40), SPEC_ID(N, 50), SPEC_ID(K, 60), OP(4, 21), INT, 32, 0, OP(3, 22), HALF, 16,    \
        OP(3, 22), FLOAT, 32, OP(2, 20), BOOL, OP(3, 41), BOOL, TRUE, OP(3, 42), BOOL, FALSE,      \
        OP(4, 43), INT, SCOPE, 3, OP(4, 43), INT, STRIDE, 5, OP(4, 43), INT, WORKGROUP, 2,         \
        OP(4, 43), INT, SEMANTICS, 0x6108, SPEC_CONSTANT(M), SPEC_CONSTANT(N), SPEC_CONSTANT(K)

// clang-format off
static const uint32_t before[] = {
    HEADER(BOUND),
    OP(2, 17), 1, OP(2, 17), 5357,
    OTHER, OP(8, 10), TEXT_NV,
    COMMON,
    OP(6, 5358), A, HALF, SCOPE, M, K,
    OP(6, 5358), B, HALF, SCOPE, K, N,
    OP(6, 5358), C, FLOAT, SCOPE, M, N,
    OP(8, 5359), A, LOADED_A, POINTER, STRIDE, FALSE, 0x30, SCOPE,
    OP(6, 5359), B, LOADED_B, POINTER, STRIDE, TRUE,
    OP(6, 5361), C, PRODUCT, LOADED_A, LOADED_B, SUM,
    OP(7, 5360), POINTER, PRODUCT, STRIDE, TRUE, 0x28, SCOPE,
    OP(5, 5360), POINTER, PRODUCT, STRIDE, FALSE,
    OP(4, 5362), INT, LENGTH, C,
    // Accesses of shared memory, of other memory, and between them a barrier.
    OP(8, 5359), A, LOADED_A, POINTER, STRIDE, FALSE, 0x30, WORKGROUP,
    OP(7, 5360), POINTER, PRODUCT, STRIDE, TRUE, 0x28, WORKGROUP,
    OP(4, 224), WORKGROUP, WORKGROUP, SEMANTICS,
    OP(6, 61), INT, LENGTH, POINTER, 0x30, WORKGROUP,
    OP(5, 62), POINTER, LENGTH, 0x28, WORKGROUP,
    OP(6, 61), INT, LENGTH, POINTER, 0x30, SCOPE,
    OP(7, 61), INT, LENGTH, POINTER, 0x32, 4, WORKGROUP,
    OP(4, 61), INT, LENGTH, POINTER,
    OP(3, 62), POINTER, LENGTH,
    OP(1, 253),
};
static const uint32_t after[] = {
    HEADER(NEW_BOUND),
    OP(2, 17), 1, OP(2, 17), 6022,
    OTHER, OP(8, 10), TEXT_KHR,
    COMMON,
    OP(4, 43), INT, ZERO, 0, OP(4, 43), INT, ONE, 1, OP(4, 43), INT, TWO, 2,
    OP(7, 4456), A, HALF, SCOPE, M, K, ZERO, // MatrixA
    OP(7, 4456), B, HALF, SCOPE, K, N, ONE,  // MatrixB
    OP(7, 4456), C, FLOAT, SCOPE, M, N, TWO, // MatrixAccumulator
    OP(8, 4457), A, LOADED_A, POINTER, ZERO, STRIDE, 0x30, SCOPE, // RowMajor
    OP(6, 4457), B, LOADED_B, POINTER, ONE, STRIDE,               // ColumnMajor
    OP(6, 4459), C, PRODUCT, LOADED_A, LOADED_B, SUM,
    OP(7, 4458), POINTER, PRODUCT, ONE, STRIDE, 0x28, SCOPE,
    OP(5, 4458), POINTER, PRODUCT, ZERO, STRIDE,
    OP(4, 4460), INT, LENGTH, C,
    OP(7, 4457), A, LOADED_A, POINTER, ZERO, STRIDE, 0x20, // NonPrivatePointer
    OP(6, 4458), POINTER, PRODUCT, ONE, STRIDE, 0x20,
    OP(4, 224), WORKGROUP, WORKGROUP, SEMANTICS,
    OP(5, 61), INT, LENGTH, POINTER, 0x20,
    OP(4, 62), POINTER, LENGTH, 0x20,
    OP(6, 61), INT, LENGTH, POINTER, 0x30, SCOPE,
    OP(7, 61), INT, LENGTH, POINTER, 0x32, 4, WORKGROUP,
    OP(4, 61), INT, LENGTH, POINTER,
    OP(3, 62), POINTER, LENGTH,
    OP(1, 253),
};
// clang-format on

// The words in memory of their own, so that a sanitizer sees what is read behind them.
static uint32_t *rewrite(const uint32_t *words, size_t n, size_t *n_out, const char **why,
                         size_t *at)
{
    uint32_t *copy = malloc(n * sizeof(*words) + 1);
    assert_non_null(copy);
    memcpy(copy, words, n * sizeof(*words));
    uint32_t *out = coopmat_rewrite(copy, n, &sizes, n_out, why, at);
    assert_true((out == NULL) == (*why != NULL));
    assert_true(*at <= n);
    free(copy);
    return out;
}

static void refuse(const uint32_t *words, size_t n, const char *expected)
{
    size_t n_out, at;
    const char *why;
    assert_null(rewrite(words, n, &n_out, &why, &at));
    if (!strstr(why, expected))
        fail_msg("\"%s\" does not say \"%s\"", why, expected);
}

// The module with one of its words changed.
static void refuse_changed(size_t word, uint32_t from, uint32_t to, const char *expected)
{
    uint32_t words[COUNT(before)];
    memcpy(words, before, sizeof(before));
    assert_int_equal(words[word], from);
    words[word] = to;
    refuse(words, COUNT(words), expected);
}

static size_t find(uint32_t first, size_t skip)
{
    size_t at = 0;
    for (;; at++) {
        assert_true(at < COUNT(before));
        if (before[at] == first && skip-- == 0)
            return at;
    }
}

static void every_instruction_becomes_its_successor(void **state)
{
    (void)state;
    size_t n, at;
    const char *why;
    uint32_t *out = rewrite(before, COUNT(before), &n, &why, &at);
    assert_non_null(out);
    assert_int_equal(n, COUNT(after));
    for (size_t i = 0; i < n; i++)
        if (out[i] != after[i])
            fail_msg("word %zu is %#x, not %#x", i, out[i], after[i]);
    free(out);
}

static void what_is_no_module_is_refused(void **state)
{
    (void)state;
    refuse(before, 0, "shorter than the header");
    refuse(before, 4, "shorter than the header");
    refuse(before, 5, "no matrices");
    refuse_changed(0, 0x07230203, 0x03022307, "order of bytes");
    refuse_changed(3, BOUND, 0, "no ids");
    refuse_changed(3, BOUND, UINT32_MAX, "no ids");
}

static void what_lacks_the_extension_is_refused(void **state)
{
    (void)state;
    refuse_changed(find(5357, 0), 5357, 2, "no matrices");
    refuse_changed(find('x', 1), 'x', 'y', "no matrices");
    refuse(before, find(OP(6, 5358), 0), "no matrices");
}

static void a_type_of_unknown_use_is_refused(void **state)
{
    (void)state;
    size_t a = find(OP(6, 5358), 0);
    refuse_changed(a + 5, K, M, "neither M x K");
    refuse_changed(a + 4, M, N, "neither M x K");
    refuse_changed(a + 4, M, STRIDE, "not specialization constants");
    refuse_changed(a + 4, M, 1 << 30, "not specialization constants");
    refuse_changed(a + 3, SCOPE, FLOAT, "not a whole constant");
}

static void a_layout_that_is_no_constant_is_refused(void **state)
{
    (void)state;
    refuse_changed(find(OP(8, 5359), 0) + 5, FALSE, STRIDE, "column by column");
    refuse_changed(find(OP(7, 5360), 0) + 4, TRUE, 0x80000000, "column by column");
}

static void a_barrier_that_shows_nothing_is_refused(void **state)
{
    (void)state;
    size_t at = find(OP(4, 224), 0) + 3;
    refuse_changed(at, SEMANTICS, STRIDE, "available and visible");
    refuse_changed(at, SEMANTICS, BOUND, "available and visible");
    refuse_changed(find(0x6108, 0), 0x6108, 0x4108, "available and visible");
}

static void word_counts_that_lie_are_refused(void **state)
{
    (void)state;
    size_t last = COUNT(before) - 1;
    refuse_changed(last, OP(1, 253), OP(0, 253), "no words, or more than are left");
    refuse_changed(last, OP(1, 253), OP(2, 253), "no words, or more than are left");
    refuse_changed(find(OP(6, 5358), 2), OP(6, 5358), OP(5, 5358), "five operands");
    refuse_changed(find(OP(6, 5361), 0), OP(6, 5361), OP(7, 5361), "five operands");
    refuse_changed(find(OP(4, 5362), 0), OP(4, 5362), OP(3, 5362), "three operands");
    refuse_changed(find(OP(5, 5360), 0), OP(5, 5360), OP(4, 5360), "too few operands");
    refuse_changed(find(OP(4, 61), 0), OP(4, 61), OP(3, 61), "too few operands");
    refuse_changed(find(OP(3, 62), 0), OP(3, 62), OP(2, 62), "too few operands");
}

// Whatever is cut off or overwritten: an answer, and no access outside.
static void damaged_modules_are_survived(void **state)
{
    (void)state;
    uint32_t seed = 1, words[COUNT(before)];
    size_t n_out, at;
    const char *why;
    for (size_t n = 0; n < COUNT(before); n++)
        free(rewrite(before, n, &n_out, &why, &at));
    for (int i = 0; i < 20000; i++) {
        memcpy(words, before, sizeof(before));
        for (int k = 0; k < 1 + i % 3; k++) {
            seed = seed * 1664525 + 1013904223;
            size_t word = (seed >> 8) % COUNT(before);
            seed = seed * 1664525 + 1013904223;
            words[word] = i % 2 ? seed >> (seed >> 27) : words[word] ^ 1u << (seed >> 27);
        }
        free(rewrite(words, COUNT(words), &n_out, &why, &at));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_becomes_its_successor),
        cmocka_unit_test(what_is_no_module_is_refused),
        cmocka_unit_test(what_lacks_the_extension_is_refused),
        cmocka_unit_test(a_type_of_unknown_use_is_refused),
        cmocka_unit_test(a_layout_that_is_no_constant_is_refused),
        cmocka_unit_test(a_barrier_that_shows_nothing_is_refused),
        cmocka_unit_test(word_counts_that_lie_are_refused),
        cmocka_unit_test(damaged_modules_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
