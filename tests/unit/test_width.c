// Which vector width is chosen, and when a remembered one still holds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/width.h"

#define PROCESSOR "Some Processor 9000"

static void wide_must_win_by_more_than_five_percent(void **state)
{
    (void)state;
    static const struct {
        struct width_times narrow, wide;
        uint32_t bits;
    } all[] = {
        {{4, 1}, {4, 1}, 256},       {{4, 1}, {2, 1}, 512}, {{4, 1}, {3.85, 0.96}, 256}, // 4 %
        {{4, 1}, {3.76, 0.94}, 512},                                                     // 6 %
        {{4, 1}, {2, 2}, 256}, // what one gains, the other loses
        {{4, 1}, {5, 1.2}, 256},     {{0, 1}, {2, 1}, 256}, {{4, 1}, {0, 0.1}, 256},
        {{4, 0}, {2, 1}, 256},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        assert_int_equal(width_choose(all[i].narrow, all[i].wide), all[i].bits);
}

static void write_driver(const char *path, const char *text, time_t when)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void it_holds_for_the_same_processor_and_driver(void **state)
{
    (void)state;
    char path[] = "/tmp/pumice-driver-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_driver(path, "driver", 1000);
    struct buffer text = {0};
    for (uint32_t bits = 128; bits <= 512; bits *= 2) {
        buffer_clear(&text);
        assert_true(width_record(bits, path, PROCESSOR, &text));
        assert_int_equal(width_recall(text.data, PROCESSOR), bits);
    }
    assert_int_equal(width_recall(text.data, "Some Processor 9001"), 0);
    assert_int_equal(width_recall(text.data, ""), 0);
    write_driver(path, "driver", 1001);
    assert_int_equal(width_recall(text.data, PROCESSOR), 0);
    write_driver(path, "drivers", 1000);
    assert_int_equal(width_recall(text.data, PROCESSOR), 0);
    write_driver(path, "driver", 1000);
    assert_int_equal(width_recall(text.data, PROCESSOR), 512);
    unlink(path);
    assert_int_equal(width_recall(text.data, PROCESSOR), 0);
    assert_false(width_record(512, path, PROCESSOR, &text));
    buffer_free(&text);
}

static void bad_content_says_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "512", "512\n", "\n\n\n", "wide\n/bin/sh\n", "512\n/bin/sh\n"};
    struct buffer good = {0}, changed = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(width_recall(bad[i], PROCESSOR), 0);
    static const uint32_t widths[] = {0, 64, 1024, 513};
    for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
        buffer_clear(&good);
        assert_true(width_record(widths[i], "/bin/sh", PROCESSOR, &good));
        assert_int_equal(width_recall(good.data, PROCESSOR), 0);
    }
    // Cut anywhere, or with something more.
    buffer_clear(&good);
    assert_true(width_record(512, "/bin/sh", PROCESSOR, &good));
    for (size_t n = 0; n < good.size; n++) {
        buffer_clear(&changed);
        assert_true(buffer_add(&changed, good.data, n));
        assert_int_equal(width_recall(changed.data, PROCESSOR), 0);
    }
    assert_true(buffer_printf(&changed, "\n ") && width_recall(changed.data, PROCESSOR) == 0);
    static const char *const before[] = {" ", "+", "0", "-"};
    for (size_t i = 0; i < 4; i++) {
        buffer_clear(&changed);
        assert_true(buffer_printf(&changed, "%s%s", before[i], good.data));
        assert_int_equal(width_recall(changed.data, PROCESSOR), 0);
    }
    buffer_free(&good);
    buffer_free(&changed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(wide_must_win_by_more_than_five_percent),
        cmocka_unit_test(it_holds_for_the_same_processor_and_driver),
        cmocka_unit_test(bad_content_says_nothing),
    };
    return cmocka_run_group_tests_name("width", tests, NULL, NULL);
}
