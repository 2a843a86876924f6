// What the tests of engine/vk share: a device for a group of tests, a folder for its files, and
// objects made or the test fails. Set-up always installs a software device, so that no device is a
// failure and not a skip.
#pragma once

#include "engine/vk/commands.h"
#include "engine/vk/vk_internal.h"

// to[i] = from[i] * constant 1 + add for i < n. Bindings: from, to. Constant 0 is the workgroup's
// size.
extern const struct vk_shader scale;
struct scale_push {
    uint32_t n, add;
};
// to[i] = whole[i] + uint(real[i]), vectors of four; the very last number is the subgroup's size
// instead.
extern const struct vk_shader texel;

// Runs a group of tests: `state` is a struct vk_device, or NULL without `with_device`. Returns the
// exit status; what the validation layer says, where the tests run under it, is a failure.
#define run_vk_tests(tests, with_device)                                                           \
    run_vk_group(#tests, tests, sizeof(tests) / sizeof((tests)[0]), with_device)
int run_vk_group(const char *name, const struct CMUnitTest *tests, size_t n, bool with_device);

const char *test_folder(void); // of the group, $PUMICE_HOME; removed at its end
struct vk_device *open_test_device(void);
struct vk_buffer *new_buffer(struct vk_device *d, uint64_t size, enum vk_memory kind);
struct vk_commands *new_commands(struct vk_device *d);
struct vk_pipeline *new_pipeline(struct vk_device *d, const struct vk_shader *shader,
                                 const uint32_t *constants, size_t n);
// Ends the recording and runs all its pieces.
void finish_and_run(struct vk_commands *c);
uint32_t random_bits(uint32_t *seed);
