// engine/model/gguf: files of another kind, cut or damaged anywhere, a sentence for each.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/gguf_open.h"

static void refuse_path(const char *path, const char *shown, const char *reason)
{
    struct error e = {0};
    assert_null(gguf_open(path, &e));
    check_sentence(&e, shown, reason);
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
    if (geteuid() != 0) // root may read it
        refuse_path(path, "secret.gguf", "may not be read");
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
        {"PK\3\4 whatever follows in it", "not a GGUF model file"},
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
            if (!g)
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
