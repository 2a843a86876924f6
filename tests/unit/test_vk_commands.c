// Recording, running in pieces, failures that are kept, and times.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/vk/descriptors.h"
#include "vk_fixture.h"

static struct vk_device *device(void **state)
{
    return *state;
}

static void constants_and_pushed_values_reach_the_kernel(void **state)
{
    enum { N = 1003 };
    struct vk_device *d = device(state);
    struct vk_buffer *from = new_buffer(d, N * 4, VK_MEMORY_UPLOAD);
    struct vk_buffer *to = new_buffer(d, N * 4, VK_MEMORY_READBACK);
    uint32_t *in = vk_buffer_map(from), *out = vk_buffer_map(to);
    for (uint32_t i = 0; i < N; i++)
        in[i] = i * i;
    const uint32_t constants[] = {64, 5};
    struct vk_pipeline *p = new_pipeline(d, &scale, constants, 2);
    const struct vk_slice slices[] = {vk_buffer_all(from), vk_buffer_all(to)};
    for (uint32_t add = 1; add <= 2; add++) {
        struct vk_commands *c = new_commands(d);
        const struct scale_push push = {N, add};
        vk_record_dispatch(c, p, slices, &push, (uint32_t[]){(N + 63) / 64, 1, 1});
        finish_and_run(c);
        vk_commands_destroy(c);
        for (uint32_t i = 0; i < N; i++)
            assert_int_equal(out[i], i * i * 5 + add);
    }
    vk_buffer_destroy(to);
    vk_buffer_destroy(from);
}

static void texel_bindings_read_from_their_offset(void **state)
{
    enum { TEXELS = 64, SHIFT = 256, SIZE = SHIFT + TEXELS * 16 + 5 };
    struct vk_device *d = device(state);
    uint32_t lanes = vk_device_profile(d)->subgroup_size;
    struct vk_buffer *whole = new_buffer(d, SIZE, VK_MEMORY_UPLOAD);
    struct vk_buffer *real = new_buffer(d, SIZE, VK_MEMORY_UPLOAD);
    struct vk_buffer *to = new_buffer(d, SIZE, VK_MEMORY_READBACK);
    uint32_t *a = (uint32_t *)vk_buffer_map(whole) + SHIFT / 4;
    float *b = (float *)vk_buffer_map(real) + SHIFT / 4;
    const uint32_t *out = (uint32_t *)vk_buffer_map(to) + SHIFT / 4;
    for (uint32_t i = 0; i < TEXELS * 4; i++) {
        a[i] = 0x80000000u + i;
        b[i] = (float)i + 0.5f;
    }
    struct vk_pipeline *p = new_pipeline(d, &texel, &lanes, 1);
    // The 5 bytes more are no whole texel and are left out.
    const struct vk_slice slices[] = {
        {whole, SHIFT, TEXELS * 16 + 5}, {real, SHIFT, TEXELS * 16}, {to, SHIFT, TEXELS * 16}};
    struct vk_commands *c = new_commands(d);
    vk_record_dispatch(c, p, slices, NULL, (uint32_t[]){TEXELS / lanes, 1, 1});
    finish_and_run(c);
    for (uint32_t i = 0; i < TEXELS * 4 - 1; i++)
        assert_int_equal(out[i], 0x80000000u + 2 * i);
    assert_int_equal(out[TEXELS * 4 - 1], lanes);
    vk_commands_destroy(c);
    vk_buffer_destroy(to);
    vk_buffer_destroy(real);
    vk_buffer_destroy(whole);
}

static void descriptor_pools_are_not_overdrawn(void **state)
{
    enum { SETS = 100, PIPELINES = 3 };
    static struct vk_shader shaders[PIPELINES]; // pipelines point to them until the device goes
    struct vk_device *d = device(state);
    struct vk_buffer *b = new_buffer(d, 4096, VK_MEMORY_DEVICE);
    struct vk_slice slices[VK_BINDINGS_MOST];
    uint32_t lanes = vk_device_profile(d)->subgroup_size;
    for (int kind = 0; kind < PIPELINES; kind++) {
        // The kernel does not have the bindings that are added.
        struct vk_shader *wide = &shaders[kind];
        *wide = texel;
        wide->n_bindings = kind == 2 ? texel.n_bindings : VK_BINDINGS_MOST;
        for (uint32_t i = 0; i < VK_BINDINGS_MOST; i++) {
            if (i >= texel.n_bindings)
                wide->bindings[i] = kind == 0 ? VK_BIND_STORAGE : VK_BIND_TEXEL_UINT;
            slices[i] = vk_buffer_all(b);
        }
        struct vk_pipeline *p = new_pipeline(d, wide, &lanes, 1);
        struct vk_descriptors sets = {.device = d};
        struct error e = {0};
        for (int i = 0; i < SETS; i++)
            assert_non_null(vk_descriptors_set(&sets, p, slices, &e));
        size_t most = wide->n_bindings - (kind == 0 ? 2 : 1); // of one kind
        assert_true(sets.n_pools * VK_POOL_DESCRIPTORS >= SETS * most);
        assert_true(sets.n_pools * VK_POOL_SETS >= SETS);
        vk_descriptors_finish(&sets);
    }
    vk_buffer_destroy(b);
}

// x = 3 x + 1, in place, `steps` times.
static uint32_t repeat(uint32_t x, int steps)
{
    while (steps-- > 0)
        x = 3 * x + 1;
    return x;
}

static void pieces_continue_each_other_and_run_again(void **state)
{
    enum { N = 64, STEPS = 12 };
    struct vk_device *d = device(state);
    struct vk_buffer *b = new_buffer(d, N * 4, VK_MEMORY_READBACK);
    uint32_t *x = vk_buffer_map(b);
    for (uint32_t i = 0; i < N; i++)
        x[i] = i;
    const uint32_t constants[] = {64, 3};
    struct vk_pipeline *p = new_pipeline(d, &scale, constants, 2);
    const struct vk_slice slices[] = {vk_buffer_all(b), vk_buffer_all(b)};
    const struct scale_push push = {N, 1};
    struct vk_commands *c = new_commands(d);
    for (int i = 0; i < STEPS; i++) {
        vk_record_dispatch(c, p, slices, &push, (uint32_t[]){1, 1, 1});
        if (i % 4 == 3) {
            vk_record_split(c); // makes no empty piece, neither twice nor at the end
            vk_record_split(c);
        }
        vk_record_barrier(c);
    }
    finish_and_run(c);
    assert_int_equal(vk_commands_pieces(c), 3);
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(x[i], repeat(i, STEPS));
    struct error e = {0};
    assert_true(vk_commands_run(c, 1, NULL, &e));
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(x[i], repeat(i, STEPS + 4));
    assert_false(vk_commands_run(c, 3, NULL, &e));
    vk_commands_destroy(c);
    vk_commands_destroy(NULL);
    vk_buffer_destroy(b);
}

static void expect_failure(struct vk_commands *c, const char *part)
{
    struct error e = {0}, again = {0};
    assert_false(vk_commands_finish(c, &e));
    assert_non_null(strstr(e.text, part));
    assert_false(vk_commands_run(c, 0, NULL, &again));
    assert_string_equal(e.text, again.text);
    vk_commands_destroy(c);
}

static void the_first_failure_of_a_recording_is_kept(void **state)
{
    struct vk_device *d = device(state);
    struct vk_buffer *b = new_buffer(d, 4096, VK_MEMORY_DEVICE);
    uint32_t lanes = vk_device_profile(d)->subgroup_size;
    struct vk_pipeline *p = new_pipeline(d, &texel, &lanes, 1);
    const struct vk_slice all = vk_buffer_all(b);
    const uint32_t one[] = {1, 1, 1};

    struct vk_commands *c = new_commands(d);
    vk_record_copy(c, (struct vk_slice){b, 0, 10}, (struct vk_slice){b, 100, 11});
    vk_record_dispatch(c, p, (struct vk_slice[]){all, all, all}, NULL, (uint32_t[]){0, 1, 1});
    expect_failure(c, "a copy of 10 bytes onto 11");

    const struct {
        struct vk_slice first, last;
        const char *part;
    } cases[] = {
        {{b, 3000, 2000}, all, "outside of its buffer"},
        {{NULL, 0, 16}, all, "outside of its buffer"},
        {{b, 4, 1024}, all, "not aligned for a texel"},
        {{b, 0, 15}, all, "no texel buffer"},
        {all, {b, 2, 1024}, "not aligned for a storage"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = new_commands(d);
        vk_record_dispatch(c, p, (struct vk_slice[]){cases[i].first, all, cases[i].last}, NULL,
                           one);
        expect_failure(c, cases[i].part);
    }
    const uint32_t groups[][3] = {{0, 1, 1}, {1, 1, 0}, {1, UINT32_MAX, 1}};
    for (size_t i = 0; i < 3; i++) {
        c = new_commands(d);
        vk_record_dispatch(c, p, (struct vk_slice[]){all, all, all}, NULL, groups[i]);
        expect_failure(c, "workgroups");
    }
    c = new_commands(d);
    finish_and_run(c); // an empty recording is fine
    vk_record_copy(c, (struct vk_slice){b, 0, 16}, (struct vk_slice){b, 16, 16});
    expect_failure(c, "after its end");
    vk_buffer_destroy(b);
}

static void a_binding_larger_than_the_device_takes_is_refused(void **state)
{
    struct vk_device *d = device(state);
    struct vk_profile *profile = &d->physical.profile;
    const struct vk_profile before = *profile;
    struct vk_buffer *b = new_buffer(d, 4096, VK_MEMORY_DEVICE);
    const struct vk_slice all = vk_buffer_all(b), half = {b, 0, 2048};
    uint32_t lanes = profile->subgroup_size;
    struct vk_pipeline *p = new_pipeline(d, &texel, &lanes, 1);
    profile->most_storage_range = 2048;
    struct vk_commands *c = new_commands(d);
    vk_record_dispatch(c, p, (struct vk_slice[]){all, all, half}, NULL, (uint32_t[]){1, 1, 1});
    vk_record_dispatch(c, p, (struct vk_slice[]){all, all, all}, NULL, (uint32_t[]){1, 1, 1});
    expect_failure(c, "binding 2 of the kernel test_texel");
    profile->most_texel_elements = 128;
    c = new_commands(d);
    vk_record_dispatch(c, p, (struct vk_slice[]){half, all, half}, NULL, (uint32_t[]){1, 1, 1});
    expect_failure(c, "binding 1 of the kernel test_texel");
    *profile = before;
    vk_buffer_destroy(b);
}

static void timestamps_follow_each_other(void **state)
{
    enum { STEPS = 150, PIECE = 60 };
    struct vk_device *d = device(state);
    struct vk_buffer *b = new_buffer(d, 4096, VK_MEMORY_DEVICE);
    const uint32_t constants[] = {64, 3};
    struct vk_pipeline *p = new_pipeline(d, &scale, constants, 2);
    const struct vk_slice slices[] = {vk_buffer_all(b), vk_buffer_all(b)};
    const struct scale_push push = {1024, 1};
    struct vk_commands *c = new_commands(d);
    double ns[STEPS];
    for (int i = 0; i < STEPS; i++) {
        vk_record_timestamp(c);
        vk_record_dispatch(c, p, slices, &push, (uint32_t[]){16, 1, 1});
        vk_record_barrier(c);
        if (i % PIECE == PIECE - 1)
            vk_record_split(c);
    }
    finish_and_run(c);
    bool timed = vk_commands_times(c, ns, STEPS);
    assert_int_equal(timed, d->physical.timestamp_bits > 0);
    for (int i = 1; timed && i < STEPS; i++)
        assert_true(ns[i] >= ns[i - 1]);
    if (timed)
        assert_true(ns[0] == 0 && ns[STEPS - 1] > 1000 && ns[STEPS - 1] < 60e9);
    double more[STEPS + 1];
    assert_false(vk_commands_times(c, more, STEPS + 1));
    vk_commands_destroy(c);
    vk_buffer_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_and_pushed_values_reach_the_kernel),
        cmocka_unit_test(texel_bindings_read_from_their_offset),
        cmocka_unit_test(descriptor_pools_are_not_overdrawn),
        cmocka_unit_test(pieces_continue_each_other_and_run_again),
        cmocka_unit_test(the_first_failure_of_a_recording_is_kept),
        cmocka_unit_test(a_binding_larger_than_the_device_takes_is_refused),
        cmocka_unit_test(timestamps_follow_each_other),
    };
    return run_vk_tests(tests, true);
}
