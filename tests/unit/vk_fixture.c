#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/log.h"
#include "vk_fixture.h"

#include "test_vk_scale.h"
#include "test_vk_texel.h"

const struct vk_shader scale = {
    .name = "test_scale",
    .code = test_vk_scale,
    .size = sizeof(test_vk_scale),
    .n_bindings = 2,
    .bindings = {VK_BIND_STORAGE, VK_BIND_STORAGE},
    .push_size = 8,
};
const struct vk_shader texel = {
    .name = "test_texel",
    .code = test_vk_texel,
    .size = sizeof(test_vk_texel),
    .n_bindings = 3,
    .bindings = {VK_BIND_TEXEL_UINT, VK_BIND_TEXEL_FLOAT, VK_BIND_STORAGE},
};

static atomic_size_t errors_heard;
static char folder[] = "/tmp/pumice-test-XXXXXX";

const char *test_folder(void)
{
    return folder;
}

struct vk_device *open_test_device(void)
{
    struct error e = {0};
    struct vk_device *d = vk_device_open(NULL, &e);
    if (!d)
        fail_msg("%s", e.text);
    return d;
}

struct vk_buffer *new_buffer(struct vk_device *d, uint64_t size, enum vk_memory kind)
{
    struct error e = {0};
    struct vk_buffer *b = vk_buffer_create(d, size, kind, "test", &e);
    if (!b)
        fail_msg("%s", e.text);
    return b;
}

struct vk_commands *new_commands(struct vk_device *d)
{
    struct error e = {0};
    struct vk_commands *c = vk_commands_create(d, "test", &e);
    if (!c)
        fail_msg("%s", e.text);
    return c;
}

struct vk_pipeline *new_pipeline(struct vk_device *d, const struct vk_shader *shader,
                                 const uint32_t *constants, size_t n)
{
    struct error e = {0};
    struct vk_pipeline *p = vk_pipeline_get(d, shader, constants, n, &e);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

void finish_and_run(struct vk_commands *c)
{
    struct error e = {0};
    if (!vk_commands_finish(c, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < vk_commands_pieces(c); i++) {
        double ms = -1;
        if (!vk_commands_run(c, i, &ms, &e))
            fail_msg("%s", e.text);
        assert_true(ms >= 0);
    }
}

uint32_t random_bits(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void hear(void *data, enum log_level level, const char *line)
{
    (void)data;
    errors_heard += level == LOG_ERROR;
    print_error("%s\n", line);
}

static int open_device(void **state)
{
    *state = open_test_device();
    return 0;
}

static int close_device(void **state)
{
    errors_heard += vk_device_validation_count(*state);
    vk_device_close(*state);
    return 0;
}

int run_vk_group(const char *name, const struct CMUnitTest *tests, size_t n, bool with_device)
{
    char command[128];
    if (!mkdtemp(folder))
        return 1;
    setenv("PUMICE_HOME", folder, 1);
    setenv("MESA_SHADER_CACHE_DISABLE", "1", 1); // compile for real
    log_set_sink(hear, NULL);
    int failed = _cmocka_run_group_tests(name, tests, n, with_device ? open_device : NULL,
                                         with_device ? close_device : NULL);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command) != 0 || failed != 0 || errors_heard > 0;
}
