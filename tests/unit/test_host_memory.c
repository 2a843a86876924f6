// engine/vk/host_memory: the machine's memory and the limits of control groups, in made-up folders
// as Linux shows them (Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "engine/vk/host_memory.h"

#define MIB ((uint64_t)1 << 20)

static char root[] = "/tmp/pumice-host-memory-XXXXXX";

static void remove_root(void)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", root);
    assert_int_equal(system(command), 0);
}

// A file below the root, with its folders.
static void put(const char *path, const char *text)
{
    char whole[512];
    snprintf(whole, sizeof(whole), "%s%s", root, path);
    for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
        *at = '\0';
        mkdir(whole, 0700);
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect(uint64_t total, uint64_t free)
{
    struct host_memory m = host_memory_read(root);
    assert_int_equal(m.total, total * MIB);
    assert_int_equal(m.free, free * MIB);
}

// A machine of 8000 MiB with 6000 MiB free.
static int make_root(void **state)
{
    (void)state;
    strcpy(root + sizeof(root) - 7, "XXXXXX");
    assert_non_null(mkdtemp(root));
    put("/proc/meminfo", "MemTotal:        8192000 kB\nMemFree:          100000 kB\n"
                         "MemAvailable:    6144000 kB\nMemAvailableNot:   1 kB\n");
    return 0;
}

static int drop_root(void **state)
{
    (void)state;
    remove_root();
    return 0;
}

static void without_groups_it_is_the_machines(void **state)
{
    (void)state;
    expect(8000, 6000);
    put("/proc/self/cgroup", "0::/user.slice\n");
    expect(8000, 6000);
    put("/sys/fs/cgroup/user.slice/memory.max", "max\n");
    put("/sys/fs/cgroup/user.slice/memory.current", "1048576000\n");
    expect(8000, 6000);
}

static void the_nearest_limit_counts_wherever_it_is(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a.slice/b.service\n");
    put("/sys/fs/cgroup/a.slice/memory.max", "3145728000\n");     // 3000 MiB
    put("/sys/fs/cgroup/a.slice/memory.current", "1048576000\n"); // 1000
    expect(3000, 2000);
    put("/sys/fs/cgroup/a.slice/b.service/memory.max", "1048576000\n");    // 1000
    put("/sys/fs/cgroup/a.slice/b.service/memory.current", "104857600\n"); // 100
    expect(1000, 900);
    put("/sys/fs/cgroup/a.slice/memory.current", "2621440000\n"); // 2500
    expect(1000, 500);
    // Of another group.
    put("/sys/fs/cgroup/c.service/memory.max", "1\n");
    expect(1000, 500);
}

static void what_was_read_of_files_makes_room(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/memory.max", "1048576000\n");    // 1000 MiB
    put("/sys/fs/cgroup/memory.current", "943718400\n"); // 900
    put("/sys/fs/cgroup/memory.stat", "anon 104857600\ninactive_file 524288000\nactive_file 7\n");
    expect(1000, 600);
    put("/sys/fs/cgroup/memory.stat", "inactive_file 99999999999\n");
    expect(1000, 1000);
}

static void a_full_group_has_nothing_free(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/full\n");
    put("/sys/fs/cgroup/full/memory.max", "104857600\n");
    put("/sys/fs/cgroup/full/memory.current", "209715200\n");
    expect(100, 0);
}

// In a container the path may be that outside, and its own group the root of what it sees.
static void a_container_sees_its_group_as_the_root(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/docker/0123456789abcdef\n");
    put("/sys/fs/cgroup/memory.max", "2097152000\n");
    put("/sys/fs/cgroup/memory.current", "0\n");
    expect(2000, 2000);
}

static void groups_of_the_first_version(void **state)
{
    (void)state;
    put("/proc/self/cgroup",
        "12:cpu,cpuacct:/x\n11:name=memory_like:/x\n4:hugetlb,memory:/docker/y\n"
        "0::/system.slice\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); // none
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "5242880000\n");
    expect(8000, 6000);
    put("/sys/fs/cgroup/memory/docker/y/memory.limit_in_bytes", "1048576000\n"); // 1000 MiB
    put("/sys/fs/cgroup/memory/docker/y/memory.usage_in_bytes", "838860800\n");  // 800
    put("/sys/fs/cgroup/memory/docker/y/memory.stat",
        "inactive_file 1\ntotal_inactive_file 104857600\n"); // 100
    expect(1000, 300);
}

static void where_nothing_is_said_nothing_is_known(void **state)
{
    (void)state;
    put("/proc/meminfo", "MemTotal: 8192000 kB\n");
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/memory.max", "1048576000\n");
    expect(0, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, drop_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_groups_it_is_the_machines),      TEST(the_nearest_limit_counts_wherever_it_is),
        TEST(what_was_read_of_files_makes_room),      TEST(a_full_group_has_nothing_free),
        TEST(a_container_sees_its_group_as_the_root), TEST(groups_of_the_first_version),
        TEST(where_nothing_is_said_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
