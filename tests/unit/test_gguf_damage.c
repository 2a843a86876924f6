// engine/model/gguf: files of another kind, cut or damaged anywhere, a sentence for each.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "engine/model/quant.h"
#include "tests/unit/gguf_open.h"

static void refuse_path(const char *path, const char *shown, const char *reason)
{
    struct error e = {0};
    assert_null(gguf_open(path, &e));
    check_sentence(&e, shown, reason);
}

// Root may read everything and is somebody else meanwhile. True: the file was opened, or not tried.
static bool open_as_ordinary_user(const char *path, struct error *e)
{
    const uid_t nobody = 65534;
    const bool root = geteuid() == 0;
    chmod(test_folder, 0711); // the folder is not what keeps nobody out
    if (root && seteuid(nobody) != 0) {
        print_message(
            "not tried: a file that may not be read (root cannot be somebody else here)\n");
        return true;
    }
    struct gguf *g = gguf_open(path, e);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_null(g);
    return false;
}

static void what_is_not_a_file_is_named(void **state)
{
    (void)state;
    refuse_path(test_path("none.gguf"), "none.gguf", "does not exist");
    refuse_path(test_folder, test_folder, "is a folder");
    refuse_path("/dev/null", "/dev/null", "not a model file");
    const char *path = test_path("secret.gguf");
    write_bytes(path, "GGUF", 4);
    chmod(path, 0);
    struct error e = {0};
    if (!open_as_ordinary_user(path, &e))
        check_sentence(&e, "secret.gguf", "may not be read");
    unlink(path);
}

static void other_formats_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"", "is empty"},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"},
        {"lmgg", "old GGML format"},
        {"tjgg\3", "old GGJT format"},
        {"algg\1", "old GGLA format"},
        {"FUGG", "byte-swapped"},
        {"PK\3\4 whatever follows in it", "PyTorch checkpoint or a zip"},
        {"GG", "not a GGUF model file"},
        {"GGUF\3", "truncated: its header alone takes 24 bytes, 5 there"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct bytes b = {.size = 0};
        put(&b, rows[i].text, strlen(rows[i].text));
        refuse(&b, rows[i].reason);
    }
    struct bytes b;
    put_header(&b, 1, 0, 0);
    refuse(&b, "GGUF version 1, which is no longer in use");
    put_header(&b, 4, 0, 0);
    refuse(&b, "GGUF version 4, which is unknown");
    put_header(&b, 0x03000000, 0, 0);
    refuse(&b, "byte-swapped");
}

static void file_names_cannot_drive_the_terminal(void **state)
{
    (void)state;
    refuse_path("/nowhere/\x1b[31m\nb.gguf", "\xef\xbf\xbd[31m b.gguf", "does not exist");
    char longest[2999]; // "/é" again and again, cut at each of its bytes
    for (size_t i = 0; i + 3 < sizeof(longest); i += 3)
        memcpy(longest + i, "/\xc3\xa9", 3);
    const char *names[] = {"/b.gguf", "/bb.gguf", "/bbb.gguf"};
    for (size_t i = 0; i < 3; i++) {
        strcpy(longest + sizeof(longest) - 11, names[i]);
        refuse_path(longest, names[i], "\xc3\xa9/b");
        struct error e = {0};
        gguf_open(longest, &e);
        assert_null(strstr(e.text, "\xef\xbf\xbd"));
    }
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    struct bytes b;
    put_sample(&b);
    char reason[64];
    size_t whole = b.size - 30; // the padding of the last tensor may be missing
    snprintf(reason, sizeof(reason), "truncated: %zu bytes expected, %zu there", whole, whole - 1);
    b.size = whole - 1;
    refuse(&b, reason);
    while (b.size > 4) {
        b.size--;
        refuse(&b, "truncated");
    }
}

// ---- all that a file's object gives away, read

struct span {
    uintptr_t begin, end; // lowest and highest address that was read
    unsigned sum;
};

static void read_bytes(struct span *s, const void *data, size_t size)
{
    const unsigned char *from = data;
    for (size_t i = 0; i < size; i++)
        s->sum += from[i];
    if (size > 0 && (uintptr_t)from < s->begin)
        s->begin = (uintptr_t)from;
    if (size > 0 && (uintptr_t)from + size > s->end)
        s->end = (uintptr_t)from + size;
}

static void read_strings(const struct gguf *g, const char *key, struct span *s)
{
    struct gguf_string text = {0}, *list;
    size_t count;
    if (gguf_get_string(g, key, &text))
        read_bytes(s, text.data, text.size);
    if (!gguf_array_strings(g, key, &list, &count))
        return;
    assert_int_equal(count, gguf_array_count(g, key));
    for (size_t i = 0; i < count; i++)
        read_bytes(s, list[i].data, list[i].size);
    free(list);
}

static void read_numbers(const struct gguf *g, const char *key)
{
    uint32_t u32;
    int64_t i64;
    float f32;
    bool yes;
    gguf_get_u32(g, key, &u32);
    gguf_get_i64(g, key, &i64);
    gguf_get_f32(g, key, &f32);
    gguf_get_bool(g, key, &yes);
    size_t count = gguf_array_count(g, key);
    for (size_t i = 0; i < count; i++) {
        gguf_array_f32(g, key, i, &f32);
        gguf_array_i64(g, key, i, &i64);
    }
    assert_false(gguf_array_f32(g, key, count, &f32));
    assert_false(gguf_array_i64(g, key, count, &i64));
}

static void read_tensor(const struct gguf *g, const struct gguf_tensor *t, struct span *s)
{
    assert_in_range(strlen(t->name), 1, 63);
    assert_ptr_equal(gguf_find_tensor(g, t->name), t);
    assert_in_range(t->n_dims, 1, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_true(i < t->n_dims ? t->dims[i] > 0 : t->dims[i] == 1);
    assert_non_null(quant_find(t->type));
    read_bytes(s, t->data, t->size);
}

// What lies in the file lies there whole: nothing reaches further than the file is long.
static void read_everything(const struct gguf *g)
{
    struct span s = {.begin = UINTPTR_MAX};
    for (size_t i = 0; i < gguf_pair_count(g); i++) {
        const struct gguf_pair *p = gguf_pair_at(g, i);
        read_bytes(&s, p->key.data, p->key.size);
        read_bytes(&s, p->data, p->size);
        char *key = strndup(p->key.data, p->key.size);
        assert_non_null(key);
        if (strlen(key) == p->key.size)
            assert_ptr_equal(gguf_find_pair(g, key), p);
        read_strings(g, key, &s);
        read_numbers(g, key);
        free(key);
    }
    for (size_t i = 0; i < gguf_tensor_count(g); i++)
        read_tensor(g, gguf_tensor_at(g, i), &s);
    assert_true(s.end <= s.begin || s.end - s.begin <= gguf_file_size(g));
}

static void damaged_bytes_do_no_harm(void **state)
{
    (void)state;
    struct bytes b;
    put_sample(&b);
    const unsigned char values[] = {0, 1, 9, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < b.size; i++) {
        unsigned char kept = b.data[i];
        for (size_t v = 0; v < sizeof(values); v++) {
            struct error e = {0};
            b.data[i] = values[v];
            struct gguf *g = open_bytes(&b, &e);
            if (g)
                read_everything(g);
            else
                check_sentence(&e, "a.gguf", "");
            gguf_close(g);
        }
        b.data[i] = kept;
    }
}

static void absurd_counts_are_refused(void **state)
{
    (void)state;
    struct bytes b;
    const uint64_t counts[] = {3, UINT64_MAX, 1ull << 63, UINT64_MAX / 14 + 2};
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        put_header(&b, 3, 0, counts[i]);
        refuse(&b, "metadata pairs, too many for its 24 bytes");
        put_header(&b, 3, counts[i], 0);
        refuse(&b, "tensors, too many for its 24 bytes");
    }
    put_header(&b, 3, 0, 1);
    put_array_key(&b, "list", 0, (1 << 30) + 1);
    refuse(&b, "the array \"list\" claims 1073741825 items");
    put_header(&b, 3, 0, 1);
    put_array_key(&b, "list", 12, 1 << 30);
    refuse(&b, "its tables run past its end");
    put_header(&b, 3, 0, 1);
    put_u64(&b, UINT64_MAX);
    put_u64(&b, 0);
    refuse(&b, "its tables run past its end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_a_file_is_named),
        cmocka_unit_test(other_formats_are_named),
        cmocka_unit_test(file_names_cannot_drive_the_terminal),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(damaged_bytes_do_no_harm),
        cmocka_unit_test(absurd_counts_are_refused),
    };
    return cmocka_run_group_tests(tests, create_test_folder, remove_test_folder);
}
