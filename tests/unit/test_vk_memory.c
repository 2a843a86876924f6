// Memory kinds, buffers, slabs, uploads and copies.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vk_fixture.h"

static struct vk_device *device(void **state)
{
    return *state;
}

// Memory of a GPU whose window into its memory is `window` MiB of 8 GiB.
static VkPhysicalDeviceMemoryProperties gpu_memory(uint64_t window)
{
    enum {
        LOCAL = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
        MAPPED = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
        CACHED = VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
    };
    return (VkPhysicalDeviceMemoryProperties){
        .memoryHeapCount = 3,
        .memoryHeaps = {{16ull << 30, 0},
                        {8ull << 30, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT},
                        {window << 20, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT}},
        .memoryTypeCount = 6,
        .memoryTypes = {{LOCAL | MAPPED | VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD, 1},
                        {LOCAL, 1},
                        {MAPPED | CACHED, 0},
                        {MAPPED, 0},
                        {LOCAL | MAPPED, 2},
                        {MAPPED | CACHED, 0}},
    };
}

static void memory_is_of_the_kind_that_its_use_needs(void **state)
{
    (void)state;
    VkPhysicalDeviceMemoryProperties m = gpu_memory(256);
    assert_int_equal(vk_main_heap(&m), 1);
    assert_int_equal(vk_memory_type(&m, UINT32_MAX, VK_MEMORY_DEVICE), 1);
    assert_int_equal(vk_memory_type(&m, UINT32_MAX, VK_MEMORY_UPLOAD), 3);
    assert_int_equal(vk_memory_type(&m, UINT32_MAX, VK_MEMORY_READBACK), 2);
    assert_int_equal(vk_memory_type(&m, 1u << 5 | 1u << 4, VK_MEMORY_READBACK), 5);
    assert_int_equal(vk_memory_type(&m, 1u << 1, VK_MEMORY_UPLOAD), UINT32_MAX);
    // The window covers all of it: no staging.
    m = gpu_memory(8192);
    assert_int_equal(vk_memory_type(&m, UINT32_MAX, VK_MEMORY_DEVICE), 4);
}

static void a_buffer_has_the_size_asked_for(void **state)
{
    struct vk_buffer *b = new_buffer(device(state), 12345, VK_MEMORY_UPLOAD);
    assert_int_equal(vk_buffer_size(b), 12345);
    struct vk_slice all = vk_buffer_all(b);
    assert_ptr_equal(all.buffer, b);
    assert_int_equal(all.offset, 0);
    assert_int_equal(all.size, 12345);
    assert_non_null(vk_buffer_map(b));
    vk_buffer_destroy(b);
    vk_buffer_destroy(NULL);
}

static void what_is_allocated_is_counted(void **state)
{
    struct vk_device *d = device(state);
    struct error e = {0};
    struct vk_allocated before = vk_device_allocated(d), now;
    struct vk_buffer *a = new_buffer(d, 1000, VK_MEMORY_DEVICE);
    struct vk_buffer *b = new_buffer(d, 300, VK_MEMORY_UPLOAD);
    struct vk_buffer *c = new_buffer(d, 20, VK_MEMORY_READBACK);
    struct vk_slabs *s = vk_slabs_create(d, "host slabs", &e);
    struct vk_slice slice;
    assert_true(s && vk_slabs_take(s, 4096, &slice, &e));
    now = vk_device_allocated(d);
    assert_int_equal(now.device, before.device + 1000);
    assert_int_equal(now.host, before.host + 320); // what is only planned takes nothing
    assert_true(vk_slabs_allocate(s, VK_MEMORY_UPLOAD, &e));
    now = vk_device_allocated(d);
    assert_int_equal(now.device, before.device + 1000);
    assert_int_equal(now.host, before.host + 320 + 4096);
    assert_non_null(vk_buffer_map(slice.buffer));
    vk_slabs_destroy(s);
    vk_buffer_destroy(a);
    vk_buffer_destroy(b);
    vk_buffer_destroy(c);
    now = vk_device_allocated(d);
    assert_memory_equal(&now, &before, sizeof(now));
}

static void a_buffer_larger_than_the_device_gives_is_refused(void **state)
{
    struct vk_device *d = device(state);
    const uint64_t sizes[] = {0, vk_device_profile(d)->most_allocation + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct error e = {0};
        assert_null(vk_buffer_create(d, sizes[i], VK_MEMORY_DEVICE, "the weights", &e));
        assert_int_equal(e.kind, ERROR_DEVICE);
        assert_non_null(strstr(e.text, "the weights"));
    }
}

static void slices_of_slabs_are_aligned_and_apart(void **state)
{
    enum { COUNT = 200 };
    struct vk_device *d = device(state);
    const struct vk_profile *p = vk_device_profile(d);
    struct error e = {0};
    struct vk_slabs *s = vk_slabs_create(d, "test slabs", &e);
    assert_non_null(s);
    assert_int_equal(vk_slabs_total(s), 0);
    struct vk_slice slices[COUNT];
    uint32_t seed = 7;
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t size = 1 + random_bits(&seed) % (i % 10 == 0 ? 60000000 : 5000);
        assert_true(vk_slabs_take(s, size, &slices[i], &e));
        assert_int_equal(slices[i].size, size);
        assert_int_equal(slices[i].offset % 256, 0);
        assert_int_equal(slices[i].offset % p->storage_align, 0);
        assert_int_equal(slices[i].offset % p->texel_align, 0);
        assert_true(slices[i].offset + size <= vk_buffer_size(slices[i].buffer));
        for (size_t k = 0; k < i; k++)
            assert_true(slices[k].buffer != slices[i].buffer ||
                        slices[k].offset + slices[k].size <= slices[i].offset ||
                        slices[i].offset + size <= slices[k].offset);
        sum += size;
    }
    assert_true(vk_slabs_total(s) >= sum);
    assert_true(slices[0].buffer == slices[1].buffer); // small ones do share
    assert_true(vk_slabs_allocate(s, VK_MEMORY_DEVICE, &e));
    for (size_t i = 0; i < COUNT; i++)
        assert_true(slices[i].offset + slices[i].size <= vk_buffer_size(slices[i].buffer));
    vk_slabs_destroy(s);
    vk_slabs_destroy(NULL);
}

static void a_slice_is_limited_by_what_a_binding_may_be(void **state)
{
    struct vk_device *d = device(state);
    struct vk_profile *p = &d->physical.profile;
    const struct vk_profile before = *p;
    struct error e = {0};
    struct vk_slice slice;
    p->most_storage_range = 1 << 20;
    p->shape = VK_SHAPE_GPU;
    struct vk_slabs *s = vk_slabs_create(d, "test slabs", &e);
    assert_non_null(s);
    assert_true(vk_slabs_take(s, 1 << 20, &slice, &e));
    assert_false(vk_slabs_take(s, (1 << 20) + 1, &slice, &e));
    assert_int_equal(e.kind, ERROR_DEVICE);
    vk_slabs_destroy(s);

    // Texel buffers, through which the cpu shape reads large tensors, have limits of their own.
    p->shape = VK_SHAPE_CPU;
    s = vk_slabs_create(d, "test slabs", &e);
    assert_non_null(s);
    assert_true(vk_slabs_take(s, (1 << 20) + 1, &slice, &e));
    assert_false(vk_slabs_take(s, p->most_allocation + 1, &slice, &e));
    assert_false(vk_slabs_take(s, 0, &slice, &e));
    vk_slabs_destroy(s);
    *p = before;
}

static void a_tensor_larger_than_a_slab_gets_one_of_its_own(void **state)
{
    struct error e = {0};
    struct vk_slice small, large, next;
    struct vk_slabs *s = vk_slabs_create(device(state), "test slabs", &e);
    assert_non_null(s);
    const uint64_t size = (256u << 20) + 12345;
    if (vk_device_profile(device(state))->shape == VK_SHAPE_CPU) {
        assert_true(vk_slabs_take(s, 100, &small, &e));
        uint64_t before = vk_slabs_total(s);
        assert_true(vk_slabs_take(s, size, &large, &e));
        assert_int_equal(vk_slabs_total(s), before + size);
        assert_true(vk_slabs_take(s, 100, &next, &e));
        assert_ptr_equal(next.buffer, small.buffer); // the room that is left is used
        // No more is taken than is used, and nothing is added to what has its memory.
        uint64_t planned = before + size + (next.offset - small.offset);
        assert_int_equal(vk_slabs_total(s), planned);
        assert_true(vk_slabs_allocate(s, VK_MEMORY_DEVICE, &e));
        assert_int_equal(vk_slabs_total(s), planned);
        assert_int_equal(vk_buffer_size(small.buffer), 2 * (next.offset - small.offset));
        assert_true(vk_slabs_take(s, 100, &large, &e));
        assert_ptr_not_equal(large.buffer, small.buffer);
        assert_true(vk_slabs_allocate(s, VK_MEMORY_DEVICE, &e));
    }
    vk_slabs_destroy(s);
}

static void upload(struct vk_uploader *u, struct vk_slice to, const void *bytes)
{
    struct error e = {0};
    void *place = vk_upload_begin(u, to, &e);
    if (!place)
        fail_msg("%s", e.text);
    memcpy(place, bytes, to.size);
    if (!vk_upload_end(u, &e))
        fail_msg("%s", e.text);
}

static void read_back(struct vk_device *d, struct vk_slice from, void *bytes)
{
    struct vk_buffer *b = new_buffer(d, from.size, VK_MEMORY_READBACK);
    struct vk_commands *c = new_commands(d);
    vk_record_copy(c, from, vk_buffer_all(b));
    finish_and_run(c);
    memcpy(bytes, vk_buffer_map(b), from.size);
    vk_commands_destroy(c);
    vk_buffer_destroy(b);
}

// Odd sizes at odd places, with what lies around them left alone.
static void check_upload(struct vk_device *d, bool mapped)
{
    static const uint64_t sizes[] = {1, 3, 5, 17, 64, 4099, (1 << 20) + 1, VK_UPLOAD_MOST};
    enum { GAP = 7 };
    const size_t whole = 48 << 20;
    struct error e = {0};
    struct vk_buffer *b = new_buffer(d, whole, VK_MEMORY_DEVICE);
    uint8_t *expected = malloc(whole), *seen = malloc(whole);
    uint32_t seed = 99;
    assert_true(expected && seen);
    if (!mapped)
        b->mapped = NULL; // as on a GPU with memory of its own
    struct vk_uploader *u = vk_uploader_create(d, &e);
    assert_non_null(u);
    memset(expected, 0xA5, whole);
    for (size_t at = 0; at < whole; at += VK_UPLOAD_MOST)
        upload(u, (struct vk_slice){b, at, VK_UPLOAD_MOST}, expected);
    size_t at = GAP;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            expected[at + k] = (uint8_t)random_bits(&seed);
        upload(u, (struct vk_slice){b, at, sizes[i]}, expected + at);
        at += sizes[i] + GAP;
    }
    assert_true(vk_upload_flush(u, &e));
    read_back(d, vk_buffer_all(b), seen);
    assert_memory_equal(seen, expected, whole);

    assert_null(vk_upload_begin(u, (struct vk_slice){b, whole - 1, 2}, &e));
    assert_null(vk_upload_begin(u, (struct vk_slice){b, 0, VK_UPLOAD_MOST + 1}, &e));
    vk_uploader_destroy(u);
    vk_uploader_destroy(NULL);
    free(seen);
    free(expected);
    vk_buffer_destroy(b);
}

static void uploads_of_odd_sizes_arrive(void **state)
{
    check_upload(device(state), true);
}

static void uploads_through_staging_arrive(void **state)
{
    check_upload(device(state), false);
}

static void copies_of_odd_sizes_arrive(void **state)
{
    struct vk_device *d = device(state);
    uint8_t bytes[5003], seen[5003];
    uint32_t seed = 5;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)random_bits(&seed);
    struct vk_buffer *from = new_buffer(d, sizeof(bytes), VK_MEMORY_UPLOAD);
    struct vk_buffer *to = new_buffer(d, sizeof(bytes), VK_MEMORY_DEVICE);
    memcpy(vk_buffer_map(from), bytes, sizeof(bytes));
    struct vk_commands *c = new_commands(d);
    vk_record_copy(c, vk_buffer_all(from), vk_buffer_all(to));
    vk_record_barrier(c);
    // 1,001 bytes within one buffer, then out again.
    vk_record_copy(c, (struct vk_slice){to, 3, 1001}, (struct vk_slice){to, 2003, 1001});
    finish_and_run(c);
    read_back(d, vk_buffer_all(to), seen);
    memmove(bytes + 2003, bytes + 3, 1001);
    assert_memory_equal(seen, bytes, sizeof(bytes));
    vk_commands_destroy(c);
    vk_buffer_destroy(to);
    vk_buffer_destroy(from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_of_the_kind_that_its_use_needs),
        cmocka_unit_test(a_buffer_has_the_size_asked_for),
        cmocka_unit_test(what_is_allocated_is_counted),
        cmocka_unit_test(a_buffer_larger_than_the_device_gives_is_refused),
        cmocka_unit_test(slices_of_slabs_are_aligned_and_apart),
        cmocka_unit_test(a_slice_is_limited_by_what_a_binding_may_be),
        cmocka_unit_test(a_tensor_larger_than_a_slab_gets_one_of_its_own),
        cmocka_unit_test(uploads_of_odd_sizes_arrive),
        cmocka_unit_test(uploads_through_staging_arrive),
        cmocka_unit_test(copies_of_odd_sizes_arrive),
    };
    return run_vk_tests(tests, true);
}
