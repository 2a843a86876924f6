// Pipelines: made once, from any thread, and really compiled by warming.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "vk_fixture.h"

static struct vk_device *device(void **state)
{
    return *state;
}

static void a_pipeline_is_made_once_for_each_set_of_constants(void **state)
{
    struct vk_device *d = device(state);
    size_t before = vk_pipeline_count(d);
    struct vk_pipeline *a = new_pipeline(d, &scale, (uint32_t[]){16, 7}, 2);
    struct vk_pipeline *b = new_pipeline(d, &scale, (uint32_t[]){16, 8}, 2);
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(a, new_pipeline(d, &scale, (uint32_t[]){16, 7}, 2));
    assert_ptr_not_equal(a, new_pipeline(d, &scale, (uint32_t[]){16}, 1));
    assert_int_equal(vk_pipeline_count(d), before + 3);
    assert_ptr_equal(vk_pipeline_shader(a), &scale);

    struct error e = {0};
    const uint32_t many[VK_CONSTANTS_MOST + 1] = {16};
    assert_null(vk_pipeline_get(d, &scale, many, VK_CONSTANTS_MOST + 1, &e));
    assert_int_equal(e.kind, ERROR_RUNTIME);
}

struct worker {
    struct vk_device *device;
    struct vk_pipeline *pipelines[8];
    bool ok;
};

static void *get_and_warm(void *data)
{
    struct worker *w = data;
    w->ok = true;
    for (uint32_t i = 0; i < 8; i++) {
        struct error e = {0};
        w->pipelines[i] = vk_pipeline_get(w->device, &scale, (uint32_t[]){8, 100 + i}, 2, &e);
        w->ok &= w->pipelines[i] && vk_pipeline_warm(w->device, w->pipelines[i], &e);
    }
    return NULL;
}

static void threads_share_pipelines_and_warm_them(void **state)
{
    enum { THREADS = 4 };
    struct worker workers[THREADS] = {0};
    pthread_t threads[THREADS];
    size_t before = vk_pipeline_count(device(state));
    for (int i = 0; i < THREADS; i++) {
        workers[i].device = device(state);
        assert_int_equal(pthread_create(&threads[i], NULL, get_and_warm, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_true(workers[i].ok);
        assert_memory_equal(workers[i].pipelines, workers[0].pipelines,
                            sizeof(workers[0].pipelines));
    }
    assert_int_equal(vk_pipeline_count(device(state)), before + 8);
}

// Processor time of all threads, which others on the machine hardly lengthen.
static double run_ms(struct vk_commands *c)
{
    struct error e = {0};
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    assert_true(vk_commands_finish(c, &e) && vk_commands_run(c, 0, NULL, &e));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) * 1e-6;
}

// On a software device compiling takes milliseconds and such a dispatch microseconds. What it
// compiles must not depend on the sizes of the buffers.
static void a_warmed_pipeline_does_not_compile_again(void **state)
{
    static const uint64_t sizes[] = {4096, 4000, 1 << 20, 1000000};
    struct vk_device *d = device(state);
    uint32_t lanes = vk_device_profile(d)->subgroup_size;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        // A constant that the kernel does not have makes it a new pipeline.
        struct vk_pipeline *p = new_pipeline(d, &texel, (uint32_t[]){lanes, 0, (uint32_t)i}, 3);
        struct vk_buffer *b = new_buffer(d, sizes[i], VK_MEMORY_DEVICE);
        const struct vk_slice in = {b, 0, 1024}, out = {b, 1024, 1024};
        struct vk_commands *c = new_commands(d), *warm = new_commands(d);
        vk_record_empty(warm, p);
        vk_record_dispatch(c, p, (struct vk_slice[]){in, in, out}, NULL, (uint32_t[]){2, 1, 1});
        double warm_ms = run_ms(warm), first_ms = run_ms(c);
        if (!d->instance->validation && warm_ms > 2)
            assert_true(first_ms < warm_ms / 2);
        vk_commands_destroy(warm);
        vk_commands_destroy(c);
        vk_buffer_destroy(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipeline_is_made_once_for_each_set_of_constants),
        cmocka_unit_test(threads_share_pipelines_and_warm_them),
        cmocka_unit_test(a_warmed_pipeline_does_not_compile_again),
    };
    return run_vk_tests(tests, true);
}
