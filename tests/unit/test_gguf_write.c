// engine/model/gguf_write: what it writes is what the format's description says, whole or not at
// all.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "engine/model/gguf.h"
#include "engine/model/gguf_write.h"
#include "tests/unit/gguf_bytes.h"

static struct gguf_writer *create(const char *path)
{
    struct error e = {0};
    struct gguf_writer *w = gguf_writer_create(path, &e);
    if (!w)
        fail_msg("%s", e.text);
    return w;
}

static void finish(struct gguf_writer *w)
{
    struct error e = {0};
    if (!gguf_write_finish(w, &e))
        fail_msg("%s", e.text);
    gguf_writer_destroy(w);
}

static void fail_to_finish(struct gguf_writer *w, const char *reason)
{
    struct error e = {0};
    assert_false(gguf_write_finish(w, &e));
    assert_int_equal(e.kind, ERROR_RUNTIME);
    if (!strstr(e.text, reason))
        fail_msg("\"%s\" does not say \"%s\"", e.text, reason);
    gguf_writer_destroy(w);
}

static struct gguf *open_file(const char *path)
{
    struct error e = {0};
    struct gguf *g = gguf_open(path, &e);
    if (!g)
        fail_msg("%s", e.text);
    return g;
}

static void copy_all(struct gguf_writer *w, const struct gguf *g)
{
    for (size_t i = 0; i < gguf_pair_count(g); i++)
        gguf_write_pair(w, gguf_pair_at(g, i));
    for (size_t i = 0; i < gguf_tensor_count(g); i++)
        gguf_write_tensor(w, gguf_tensor_at(g, i));
}

static void check_file(const char *path, const struct bytes *wanted)
{
    struct bytes got;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    got.size = fread(got.data, 1, sizeof(got.data), f);
    fclose(f);
    assert_int_equal(got.size, wanted->size);
    assert_memory_equal(got.data, wanted->data, wanted->size);
}

static void a_copied_file_is_the_same_byte_for_byte(void **state)
{
    (void)state;
    struct bytes b;
    put_sample(&b);
    const char *path = test_path("a.gguf");
    write_bytes(path, b.data, b.size);
    struct gguf *g = open_file(path);
    // Over the very file that is being read: the reader keeps its own.
    struct gguf_writer *w = create(path);
    copy_all(w, g);
    finish(w);
    check_file(path, &b);
    gguf_close(g);
    assert_int_equal(count_files(), 1);
    unlink(path);
}

static void values_are_written_as_the_format_says(void **state)
{
    (void)state;
    const uint32_t data = 0x3f800000;
    struct gguf_tensor t = {
        .name = "t", .n_dims = 1, .dims = {1, 1, 1, 1}, .data = &data, .size = 4};
    const char *path = test_path("a.gguf");
    struct gguf_writer *w = create(path);
    gguf_write_string(w, "text", "h\xc3\xa9");
    gguf_write_string(w, "none", "");
    gguf_write_u32(w, "number", 4000000000);
    gguf_write_f32(w, "float", 1.5f);
    gguf_write_bool(w, "yes", true);
    gguf_write_u32(w, "general.alignment", 64);
    gguf_write_tensor(w, &t);
    finish(w);
    struct bytes b;
    put_header(&b, 3, 1, 6);
    put_key(&b, "text", 8);
    put_text(&b, "h\xc3\xa9");
    put_key(&b, "none", 8);
    put_text(&b, "");
    put_key(&b, "number", 4);
    put_u32(&b, 4000000000);
    put_key(&b, "float", 6);
    put_u32(&b, 0x3fc00000);
    put_key(&b, "yes", 7);
    put_number(&b, 1, 1);
    put_key(&b, "general.alignment", 4);
    put_u32(&b, 64);
    put_tensor(&b, "t", 1, 0, 0, 0);
    put_padding(&b, 64);
    put_u32(&b, data);
    put_padding(&b, 64);
    check_file(path, &b);
    unlink(path);
}

static void many_pairs_and_tensors_come_back(void **state)
{
    (void)state;
    static char keys[500][16];
    struct gguf_tensor t = {
        .n_dims = 1, .dims = {3, 1, 1, 1}, .type = 24, .data = "abc", .size = 3};
    const char *path = test_path("a.gguf");
    struct gguf_writer *w = create(path);
    for (uint32_t i = 0; i < 500; i++) {
        snprintf(keys[i], sizeof(keys[i]), "key.%u", i);
        t.name = keys[i];
        gguf_write_u32(w, keys[i], i);
        gguf_write_tensor(w, &t);
    }
    finish(w);
    struct gguf *g = open_file(path);
    for (uint32_t i = 0; i < 500; i++) {
        uint32_t value;
        assert_true(gguf_get_u32(g, keys[i], &value));
        assert_int_equal(value, i);
        assert_ptr_equal(gguf_find_tensor(g, keys[i]), gguf_tensor_at(g, i));
        assert_memory_equal(gguf_tensor_at(g, i)->data, "abc", 3);
    }
    gguf_close(g);
    unlink(path);
}

static void the_umask_decides_who_may_read(void **state)
{
    (void)state;
    const char *path = test_path("a.gguf");
    const mode_t masks[] = {022, 077};
    for (int i = 0; i < 2; i++) {
        mode_t before = umask(masks[i]);
        finish(create(path));
        umask(before);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0644 & ~masks[i]);
        unlink(path);
    }
}

static void a_writer_that_is_not_finished_leaves_nothing(void **state)
{
    (void)state;
    struct gguf_writer *w = create(test_path("a.gguf"));
    gguf_write_u32(w, "a", 1);
    gguf_writer_destroy(w);
    gguf_writer_destroy(NULL);
    assert_int_equal(count_files(), 0);
}

static void names_given_twice_are_refused(void **state)
{
    (void)state;
    struct gguf_tensor t = {
        .name = "t", .n_dims = 1, .dims = {1, 1, 1, 1}, .data = "abcd", .size = 4};
    struct gguf_writer *w = create(test_path("a.gguf"));
    gguf_write_u32(w, "same", 1);
    gguf_write_bool(w, "same", true);
    fail_to_finish(w, "the metadata key \"same\" is there twice");
    w = create(test_path("a.gguf"));
    gguf_write_tensor(w, &t);
    gguf_write_tensor(w, &t);
    fail_to_finish(w, "the tensor \"t\" is there twice");
    w = create(test_path("a.gguf"));
    gguf_write_u32(w, "general.alignment", 3);
    gguf_write_u32(w, "other", 3);
    fail_to_finish(w, "its alignment is not valid");
    assert_int_equal(count_files(), 0);
}

static void places_that_cannot_be_written_are_named(void **state)
{
    (void)state;
    struct error e = {0};
    assert_null(gguf_writer_create(test_path("none/a.gguf"), &e));
    assert_int_equal(e.kind, ERROR_RUNTIME);
    assert_non_null(strstr(e.text, "none/a.gguf"));
    assert_non_null(strstr(e.text, "folder"));
    const char *path = test_path("folder.gguf");
    assert_int_equal(mkdir(path, 0700), 0);
    fail_to_finish(create(path), "folder.gguf cannot be written");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(count_files(), 0);
}

// The limit on a file's size stands in for a full disk: both end a write half way.
static void a_write_that_fails_keeps_the_old_file(void **state)
{
    (void)state;
    struct bytes old;
    put_sample(&old);
    const char *path = test_path("a.gguf");
    write_bytes(path, old.data, old.size);
    static const char data[1 << 16];
    struct gguf_tensor t = {.name = "t",
                            .n_dims = 1,
                            .dims = {1 << 16, 1, 1, 1},
                            .type = 24,
                            .data = data,
                            .size = 1 << 16};
    struct gguf_writer *w = create(path);
    gguf_write_tensor(w, &t);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4096;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct error e = {0};
    bool ok = gguf_write_finish(w, &e);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_false(ok);
    assert_non_null(strstr(e.text, "a.gguf cannot be written: File too large"));
    assert_int_equal(count_files(), 1);
    gguf_writer_destroy(w);
    check_file(path, &old);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copied_file_is_the_same_byte_for_byte),
        cmocka_unit_test(values_are_written_as_the_format_says),
        cmocka_unit_test(many_pairs_and_tensors_come_back),
        cmocka_unit_test(the_umask_decides_who_may_read),
        cmocka_unit_test(a_writer_that_is_not_finished_leaves_nothing),
        cmocka_unit_test(names_given_twice_are_refused),
        cmocka_unit_test(places_that_cannot_be_written_are_named),
        cmocka_unit_test(a_write_that_fails_keeps_the_old_file),
    };
    return cmocka_run_group_tests(tests, create_test_folder, remove_test_folder);
}
