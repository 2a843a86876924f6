// Listing, choosing and opening devices, and what is said where there are none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "vk_fixture.h"

static void devices_are_listed_and_one_is_chosen(void **state)
{
    (void)state;
    unsetenv("PUMICE_KERNELS"); // which the tests may be run with
    struct error e = {0};
    struct vk_candidates c;
    if (!vk_list_devices(NULL, &c, &e))
        fail_msg("%s", e.text);
    assert_true(c.count > 0);
    size_t chosen = 0;
    for (size_t i = 0; i < c.count; i++) {
        const struct vk_profile *p = &c.list[i].profile;
        assert_true(strlen(p->name) > 0 && strlen(c.list[i].reason) > 0);
        chosen += c.list[i].chosen;
        if (!c.list[i].usable)
            continue;
        assert_true(strlen(p->driver) > 0);
        assert_true(p->api_version >= VK_API_VERSION_1_2);
        // Vulkan's own least values.
        assert_true(p->subgroup_size >= 1 && p->subgroup_size <= 128);
        assert_true(p->shared_memory >= 16384 && p->most_invocations >= 128);
        assert_true(p->most_groups[0] >= 65535 && p->most_groups[2] >= 65535);
        assert_true(p->most_storage_range >= 1u << 27 && p->most_texel_elements >= 65536);
        assert_true(p->most_allocation >= 1u << 30);
        assert_true(p->free_memory > 0 && p->free_memory <= p->device_memory);
        assert_true(p->storage_align > 0 && (p->storage_align & (p->storage_align - 1)) == 0);
        assert_true(p->texel_align > 0 && (p->texel_align & (p->texel_align - 1)) == 0);
        if (p->type == VK_TYPE_CPU) {
            assert_int_equal(p->shape, VK_SHAPE_CPU);
            assert_true(p->host_visible);
            uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
            assert_true(p->device_memory <= machine); // less in a container
        }
    }
    assert_int_equal(chosen, 1);
    vk_candidates_finish(&c);
}

static void the_environment_forces_the_shape_of_kernels(void **state)
{
    (void)state;
    const struct {
        const char *text;
        enum vk_shape shape;
    } cases[] = {{"gpu", VK_SHAPE_GPU}, {"cpu", VK_SHAPE_CPU}};
    for (size_t i = 0; i < 2; i++) {
        struct error e = {0};
        struct vk_candidates c;
        setenv("PUMICE_KERNELS", cases[i].text, 1);
        assert_true(vk_list_devices(NULL, &c, &e));
        assert_int_equal(c.list[0].profile.shape, cases[i].shape);
        vk_candidates_finish(&c);
    }
    unsetenv("PUMICE_KERNELS");
}

// What a list of these devices gives for `want`; SIZE_MAX and a sentence when none.
static struct vk_physical imagined[] = {
    {.profile = {.name = "llvmpipe (LLVM 15)", .type = VK_TYPE_CPU}, .usable = true},
    {.profile = {.name = "Intel(R) UHD", .type = VK_TYPE_INTEGRATED}, .usable = true},
    {.profile = {.name = "Old Radeon", .type = VK_TYPE_DISCRETE}, .reason = "Vulkan 1.0"},
    {.profile = {.name = "Radeon RX", .type = VK_TYPE_DISCRETE}, .usable = true},
    {.profile = {.name = "GeForce", .type = VK_TYPE_DISCRETE}, .usable = true},
    {.profile = {.name = "Virtio", .type = VK_TYPE_VIRTUAL}, .usable = true},
};

static void the_wanted_device_is_found(void **state)
{
    (void)state;
    const struct {
        const char *want;
        size_t index;
        const char *sentence; // part of it
    } cases[] = {
        {NULL, 3, NULL},
        {"", 3, NULL},
        {"0", 0, NULL},
        {"5", 5, NULL},
        {"geforce", 4, NULL},
        {"LLVMPIPE", 0, NULL},
        {"radeon", 3, NULL}, // the usable one of two
        {"15", SIZE_MAX, "this machine has 6"},
        {"99999999999999999999999", SIZE_MAX, "this machine has 6"},
        {"6", SIZE_MAX, "pumice devices"},
        {"2", SIZE_MAX, "Vulkan 1.0"},
        {"old", SIZE_MAX, "Vulkan 1.0"},
        {"Voodoo", SIZE_MAX, "Voodoo"},
        {"-1", SIZE_MAX, "-1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error e = {0};
        assert_int_equal(vk_choose(imagined, 6, cases[i].want, &e), cases[i].index);
        assert_int_equal(e.kind, cases[i].sentence ? ERROR_DEVICE : ERROR_NONE);
        if (cases[i].sentence)
            assert_non_null(strstr(e.text, cases[i].sentence));
    }
    struct error e = {0};
    assert_int_equal(vk_choose(imagined, 1, NULL, &e), 0);
    assert_int_equal(vk_choose(imagined + 2, 1, NULL, &e), SIZE_MAX);
    assert_non_null(strstr(e.text, "Old Radeon: Vulkan 1.0"));
}

static void opening_refuses_a_device_that_is_not_there(void **state)
{
    (void)state;
    struct error e = {0};
    assert_null(vk_device_open("1000", &e));
    assert_int_equal(e.kind, ERROR_DEVICE);
    assert_null(vk_device_open("no such device", &e));
    assert_non_null(strstr(e.text, "no such device"));
    vk_device_close(NULL);

    struct vk_candidates c;
    assert_true(vk_list_devices("no such device", &c, &e));
    for (size_t i = 0; i < c.count; i++)
        assert_false(c.list[i].chosen);
    vk_candidates_finish(&c);
}

static void a_part_of_the_name_opens_the_device(void **state)
{
    (void)state;
    struct error e = {0};
    struct vk_candidates c;
    assert_true(vk_list_devices("0", &c, &e));
    char part[6];
    snprintf(part, sizeof(part), "%.5s", c.list[0].profile.name);
    part[0] ^= 'a' ^ 'A'; // the other case
    struct vk_device *d = vk_device_open(part, &e);
    if (!d)
        fail_msg("%s", e.text);
    assert_string_equal(vk_device_profile(d)->name, c.list[0].profile.name);
    vk_device_close(d);
    vk_candidates_finish(&c);
}

// Runs this program as a child that opens a device, with `variables` set, and expects it to say
// `part`.
static void expect_child_says(const char *variables, const char *part)
{
    char self[512], command[2048], said[2048];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    assert_true(length > 0);
    self[length] = '\0';
    snprintf(command, sizeof(command), "%s '%s' open 2>/dev/null", variables, self);
    FILE *child = popen(command, "r");
    assert_non_null(child);
    said[fread(said, 1, sizeof(said) - 1, child)] = '\0';
    assert_int_equal(WEXITSTATUS(pclose(child)), ERROR_DEVICE);
    if (!strstr(said, part))
        fail_msg("\"%s\" does not say \"%s\"", said, part);
}

static void a_missing_loader_is_a_sentence(void **state)
{
    (void)state;
    char path[256], variables[300];
    snprintf(path, sizeof(path), "%s/libvulkan.so.1", test_folder());
    FILE *file = fopen(path, "w"); // found first, and no library
    assert_non_null(file);
    fclose(file);
    snprintf(variables, sizeof(variables), "LD_LIBRARY_PATH=%s", test_folder());
    expect_child_says(variables, "install the package libvulkan1");
}

static void a_missing_driver_is_a_sentence(void **state)
{
    (void)state;
    expect_child_says("VK_DRIVER_FILES=/nonexistent VK_ICD_FILENAMES=/nonexistent",
                      "mesa-vulkan-drivers");
}

static void a_missing_validation_layer_is_a_sentence(void **state)
{
    (void)state;
    expect_child_says("PUMICE_VALIDATION=1 VK_LAYER_PATH=/nonexistent",
                      "install the package vulkan-validationlayers");
}

static int open_as_child(void)
{
    struct error e = {0};
    struct vk_device *d = vk_device_open(NULL, &e);
    vk_device_close(d);
    puts(e.text);
    return (int)e.kind;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "open") == 0)
        return open_as_child();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_listed_and_one_is_chosen),
        cmocka_unit_test(the_environment_forces_the_shape_of_kernels),
        cmocka_unit_test(the_wanted_device_is_found),
        cmocka_unit_test(opening_refuses_a_device_that_is_not_there),
        cmocka_unit_test(a_part_of_the_name_opens_the_device),
        cmocka_unit_test(a_missing_loader_is_a_sentence),
        cmocka_unit_test(a_missing_driver_is_a_sentence),
        cmocka_unit_test(a_missing_validation_layer_is_a_sentence),
    };
    return run_vk_tests(tests, false);
}
