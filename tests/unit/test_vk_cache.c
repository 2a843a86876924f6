// Compiled kernels on disk.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "engine/vk/cache_folder.h"
#include "vk_fixture.h"

static void cached_files_have_a_private_folder(void **state)
{
    (void)state;
    char path[256], expected[256];
    struct stat st;
    const struct {
        const char *pumice, *xdg, *home, *expected; // NULL: unset, or none
    } cases[] = {
        {"/a b", "/x", "/h", "/a b/cache/sub"},     {NULL, "/x", "/h", "/x/pumice/sub"},
        {NULL, "x", "/h", "/h/.cache/pumice/sub"}, // relative: not valid
        {NULL, NULL, "/h", "/h/.cache/pumice/sub"}, {NULL, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *names[] = {"PUMICE_HOME", "XDG_CACHE_HOME", "HOME"};
        const char *values[] = {cases[i].pumice, cases[i].xdg, cases[i].home};
        for (int k = 0; k < 3; k++) {
            bool absolute = values[k] && values[k][0] == '/';
            snprintf(path, sizeof(path), "%s/%zu%s", test_folder(), i, values[k] ? values[k] : "");
            if (values[k])
                setenv(names[k], absolute ? path : values[k], 1);
            else
                unsetenv(names[k]);
        }
        assert_int_equal(vk_cache_folder("sub", path, sizeof(path)), cases[i].expected != NULL);
        if (!cases[i].expected)
            continue;
        snprintf(expected, sizeof(expected), "%s/%zu%s", test_folder(), i, cases[i].expected);
        assert_string_equal(path, expected);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        assert_false(vk_cache_folder("sub", path, strlen(expected)));
    }
    setenv("HOME", "/proc", 1);
    assert_false(vk_cache_folder(NULL, path, sizeof(path)));
    setenv("PUMICE_HOME", test_folder(), 1);
}

// Path of the one pipeline cache file; "" when there is none.
static void find_cache_file(char *path, size_t room)
{
    char cache[128];
    snprintf(cache, sizeof(cache), "%s/cache", test_folder());
    path[0] = '\0';
    DIR *dir = opendir(cache);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strncmp(entry->d_name, "pipelines-", 10) == 0) {
            assert_string_equal(path, "");
            snprintf(path, room, "%s/%s", cache, entry->d_name);
        }
    closedir(dir);
}

static size_t read_file(const char *path, uint8_t *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, room, file);
    fclose(file);
    return n;
}

static void write_file(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static size_t known_at_start(void)
{
    struct vk_device *d = open_test_device();
    size_t known = d->cache_saved;
    vk_device_close(d);
    return known;
}

static void pipelines_are_kept_on_disk(void **state)
{
    (void)state;
    struct error e = {0};
    char path[512];
    struct stat before, after;
    struct vk_device *d = open_test_device();
    assert_int_equal(d->cache_saved, 0);
    assert_non_null(vk_pipeline_get(d, &scale, (uint32_t[]){8, 3}, 2, &e));
    vk_pipelines_save(d);
    find_cache_file(path, sizeof(path));
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(before.st_mode & 07777, 0600);
    vk_pipelines_save(d); // nothing has grown
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    size_t saved = d->cache_saved;
    vk_device_close(d);
    assert_int_equal(known_at_start(), saved);
}

static void a_damaged_cache_is_not_used_and_is_replaced(void **state)
{
    (void)state;
    static uint8_t good[1 << 20], bad[1 << 20];
    char path[512];
    find_cache_file(path, sizeof(path));
    size_t n = read_file(path, good, sizeof(good));
    size_t known = known_at_start();
    assert_true(known > 0 && n > known);
    for (size_t at = 0; at < n; at += at < 128 ? 1 : n / 7) {
        memcpy(bad, good, n);
        bad[at] ^= 0x10;
        write_file(path, bad, n);
        if (at < 12 || at >= 16) // the reserved field means nothing
            assert_int_equal(known_at_start(), 0);
    }
    const size_t sizes[] = {0, 1, 71, 72, n - 1};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        write_file(path, good, sizes[i]);
        assert_int_equal(known_at_start(), 0);
    }
    memcpy(bad, good, n);
    write_file(path, bad, n + 1);
    assert_int_equal(known_at_start(), 0);

    struct vk_device *d = open_test_device();
    vk_pipelines_save(d);
    vk_device_close(d);
    assert_int_equal(known_at_start(), known);
}

static void without_a_folder_nothing_is_kept(void **state)
{
    (void)state;
    setenv("PUMICE_HOME", "/proc/none", 1);
    struct vk_device *d = open_test_device();
    vk_pipelines_save(d);
    assert_int_equal(d->cache_saved, 0);
    vk_device_close(d);
    setenv("PUMICE_HOME", test_folder(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cached_files_have_a_private_folder),
        cmocka_unit_test(pipelines_are_kept_on_disk),
        cmocka_unit_test(a_damaged_cache_is_not_used_and_is_replaced),
        cmocka_unit_test(without_a_folder_nothing_is_kept),
    };
    return run_vk_tests(tests, false);
}
