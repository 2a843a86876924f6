// Which kernel is picked of those that were tried, and when a remembered trial still holds.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/tune.h"

static void the_fastest_exact_kernel_is_picked(void **state)
{
    (void)state;
    static const struct {
        double ms[GEMM_VARIANTS], error[GEMM_VARIANTS];
        enum gemm_variant picked;
    } all[] = {
        {{4, 2, 1}, {0, 1e-5, 1e-7}, GEMM_MATRIX}, {{4, 1, 2}, {0, 1e-5, 1e-7}, GEMM_DOT},
        {{4, 1, 2}, {0, 6e-4, 1e-7}, GEMM_MATRIX}, // not exact enough
        {{4, 1, 2}, {0, NAN, NAN}, GEMM_FLOAT},    // not a number
        {{4, 0, 0}, {0, 0, 0}, GEMM_FLOAT},        // none is possible
        {{4, 3.9, 3.85}, {0, 0, 0}, GEMM_FLOAT},   // less than 5 %
        {{4, 5, 3.7}, {0, 0, 0}, GEMM_MATRIX},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        struct tune_figure f = {.type = QUANT_Q4_0};
        memcpy(f.gemm_ms, all[i].ms, sizeof(f.gemm_ms));
        memcpy(f.gemm_error, all[i].error, sizeof(f.gemm_error));
        assert_int_equal(tune_gemm(&f), all[i].picked);
    }
    assert_int_equal(tune_gemv(&(struct tune_figure){.gemv_ms = {4, 3, 2, 5}}), 2);
    assert_int_equal(tune_gemv(&(struct tune_figure){.gemv_ms = {4, 0, 0, 3.9}}), 0);
    assert_int_equal(tune_gemv(&(struct tune_figure){.gemv_ms = {4, 0, 0, 3.7}}), 3);
}

// ---- the file

static char folder[] = "/tmp/pumice-tune-XXXXXX";
static const struct vk_profile profile = {.name = "a \"card\"",
                                          .shape = VK_SHAPE_GPU,
                                          .type = VK_TYPE_DISCRETE,
                                          .vendor_id = 1,
                                          .device_id = 2,
                                          .driver_version = 3,
                                          .subgroup_size = 32,
                                          .uuid = {0xab}};
static const struct tune_figure figures[] = {
    {QUANT_F16, {8, 0, 1.5}, {0, 0, 1e-7}, {4, 3, 0.25, 0}},
    {QUANT_Q4_1, {7, 2, 0}, {0, 3e-5, 0}, {1, 2, 3, 4}},
};

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && setenv("PUMICE_HOME", folder, 1) == 0 ? 0 : -1;
}

// The one file of the cache.
static void find_file(char *path, size_t room)
{
    char cache[64];
    snprintf(cache, sizeof(cache), "%s/cache", folder);
    path[0] = '\0';
    DIR *d = opendir(cache);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.')
            snprintf(path, room, "%s/%s", cache, e->d_name);
    closedir(d);
    assert_true(path[0]);
}

static int remove_folder(void **state)
{
    (void)state;
    char path[400];
    find_file(path, sizeof(path));
    unlink(path);
    snprintf(path, sizeof(path), "%s/cache", folder);
    rmdir(path);
    return rmdir(folder);
}

static void it_holds_for_the_same_device_and_driver(void **state)
{
    (void)state;
    struct tune_figure got[TUNE_TYPES];
    struct vk_profile other[5];
    for (size_t i = 0; i < 5; i++)
        other[i] = profile;
    other[0].vendor_id++;
    other[1].device_id++;
    other[2].driver_version++;
    other[3].subgroup_size = 64;
    other[4].uuid[15]++;
    tune_record(&profile, figures, 2);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(tune_recall(&other[i], got), 0);
    assert_int_equal(tune_recall(&profile, got), 2);
    for (size_t i = 0; i < 2; i++)
        assert_memory_equal(&got[i], &figures[i], sizeof(got[i]));
}

static void write_text(const char *path, const char *text, size_t size)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void a_damaged_file_is_none(void **state)
{
    (void)state;
    struct tune_figure got[TUNE_TYPES];
    char path[400], text[4096], changed[4096];
    tune_record(&profile, figures, 2);
    find_file(path, sizeof(path));
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    size_t size = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[size] = '\0';
    for (size_t n = 0; n + 2 < size; n++) { // without its end
        write_text(path, text, n);
        assert_int_equal(tune_recall(&profile, got), 0);
    }
    // Numbers that are none, negative, or missing: the type is not known then.
    static const char *const wrong[] = {"\"ms\": x", "\"ms\": -", "\"no\": "};
    for (size_t i = 0; i < 3; i++) {
        const char *at = strstr(text, "\"ms\": ");
        int n = snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, wrong[i],
                         at + strlen("\"ms\": "));
        write_text(path, changed, (size_t)n);
        assert_true(tune_recall(&profile, got) < 2);
    }
    write_text(path, text, size);
    assert_int_equal(tune_recall(&profile, got), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fastest_exact_kernel_is_picked),
        cmocka_unit_test(it_holds_for_the_same_device_and_driver),
        cmocka_unit_test(a_damaged_file_is_none),
    };
    return cmocka_run_group_tests_name("tune", tests, make_folder, remove_folder);
}
