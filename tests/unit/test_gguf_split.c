// engine/model/gguf_split: a model in several files is like one file; parts that do not belong
// together are refused.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/model/gguf_write.h"
#include "tests/unit/gguf_open.h"

enum { PARTS = 3 };

static char folder[] = "/tmp/gguf-split-XXXXXX";
static const float values[4] = {1, 2, 3, 4};

static const char *part_path(int number, int count)
{
    static char path[4][256];
    static int turn;
    char *out = path[turn++ % 4];
    snprintf(out, sizeof(path[0]), "%s/model-%05d-of-%05d.gguf", folder, number + 1, count);
    return out;
}

struct part {
    uint32_t number, count; // as its metadata say
    int32_t total;          // -1: not told
    const char *tensors[3];
};

static void write_part(const char *path, const struct part *p)
{
    struct error e = {0};
    struct gguf_writer *w = gguf_writer_create(path, &e);
    assert_non_null(w);
    uint16_t number = (uint16_t)p->number, count = (uint16_t)p->count;
    const struct gguf_pair pairs[] = {
        {{"split.no", 8}, GGUF_U16, GGUF_U16, 1, &number, 2},
        {{"split.count", 11}, GGUF_U16, GGUF_U16, 1, &count, 2},
        {{"split.tensors.count", 19}, GGUF_I32, GGUF_I32, 1, &p->total, 4},
    };
    if (p->number == 0)
        gguf_write_string(w, "general.architecture", "llama");
    for (int i = 0; i < (p->total < 0 ? 2 : 3); i++)
        gguf_write_pair(w, &pairs[i]);
    for (int i = 0; i < 3 && p->tensors[i]; i++) {
        struct gguf_tensor t = {p->tensors[i], 1, {(uint64_t)i + 2, 1, 1, 1}, 0, values, 0};
        t.size = t.dims[0] * sizeof(float);
        gguf_write_tensor(w, &t);
    }
    if (!gguf_write_finish(w, &e))
        fail_msg("%s", e.text);
    gguf_writer_destroy(w);
}

// The first without tensors, as gguf-split can cut it.
static const struct part parts[PARTS] = {
    {0, PARTS, 3, {NULL}},
    {1, PARTS, -1, {"b", "a"}},
    {2, PARTS, 3, {"c"}},
};

static int write_model(void **state)
{
    (void)state;
    for (int i = 0; i < PARTS; i++)
        write_part(part_path(i, PARTS), &parts[i]);
    return 0;
}

static void refuse_path(const char *path, const char *file, const char *reason)
{
    struct error e = {0};
    if (gguf_open(path, &e))
        fail_msg("opened; expected \"%s\"", reason);
    check_sentence(&e, file, reason);
}

static void the_parts_are_one_model(void **state)
{
    (void)state;
    struct error e = {0};
    struct gguf *g = gguf_open(part_path(0, PARTS), &e);
    if (!g)
        fail_msg("%s", e.text);
    static const char *const names[] = {"b", "a", "c"};
    static const uint64_t sizes[] = {2, 3, 2};
    assert_int_equal(gguf_tensor_count(g), 3);
    for (size_t i = 0; i < 3; i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        assert_string_equal(t->name, names[i]);
        assert_ptr_equal(gguf_find_tensor(g, names[i]), t);
        assert_int_equal(t->dims[0], sizes[i]);
        assert_memory_equal(t->data, values, t->size);
    }
    assert_null(gguf_find_tensor(g, "d"));
    struct gguf_string architecture;
    assert_true(gguf_get_string(g, "general.architecture", &architecture));
    uint64_t size = 0;
    struct stat s;
    for (int i = 0; i < PARTS; i++) {
        assert_int_equal(stat(part_path(i, PARTS), &s), 0);
        size += (uint64_t)s.st_size;
    }
    assert_int_equal(gguf_file_size(g), size);
    gguf_close(g);
}

static void a_model_of_one_part_is_a_file(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof(path), "%s/alone.gguf", folder);
    write_part(path, &(struct part){0, 1, 1, {"a"}});
    struct error e = {0};
    struct gguf *g = gguf_open(path, &e);
    assert_non_null(g);
    assert_int_equal(gguf_tensor_count(g), 1);
    gguf_close(g);
}

static void the_first_is_asked_for(void **state)
{
    (void)state;
    refuse_path(part_path(1, PARTS), "model-00002-of-00003.gguf",
                "is part 2 of a model in 3 parts; name the first, whose name ends in "
                "-00001-of-00003.gguf");
    char path[256];
    snprintf(path, sizeof(path), "%s/renamed.gguf", folder);
    assert_int_equal(rename(part_path(0, PARTS), path), 0);
    refuse_path(path, "renamed.gguf", "its name does not end in -00001-of-00003.gguf");
}

static void a_part_that_is_missing_is_named(void **state)
{
    (void)state;
    assert_int_equal(unlink(part_path(2, PARTS)), 0);
    refuse_path(part_path(0, PARTS), "model-00001-of-00003.gguf",
                "part 3 (model-00003-of-00003.gguf) is not beside it");
}

static void a_part_of_something_else_is_refused(void **state)
{
    (void)state;
    static const struct part wrong[] = {
        {1, PARTS, 3, {"c"}}, {2, PARTS + 1, 3, {"c"}}, {0, 1, 3, {"c"}}};
    for (size_t i = 0; i < 3; i++) {
        write_part(part_path(2, PARTS), &wrong[i]);
        refuse_path(part_path(0, PARTS), "model-00003-of-00003.gguf",
                    "is not part 3 of the model in 3 parts");
    }
    write_part(part_path(2, PARTS), &(struct part){2, PARTS, 3, {"a"}});
    refuse_path(part_path(0, PARTS), "model-00001-of-00003.gguf",
                "the tensor \"a\" is in two of its parts");
    write_part(part_path(2, PARTS), &(struct part){2, PARTS, 3, {"c", "d"}});
    refuse_path(part_path(0, PARTS), "model-00001-of-00003.gguf",
                "hold 4 tensors, and should hold 3");
    write_part(part_path(0, 60000), &(struct part){0, 60000, 3, {"c"}});
    refuse_path(part_path(0, 60000), "model-00001-of-60000.gguf", "one of 60000 parts");
    unlink(part_path(0, 60000));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_parts_are_one_model, write_model),
        cmocka_unit_test_setup(a_model_of_one_part_is_a_file, write_model),
        cmocka_unit_test_setup(the_first_is_asked_for, write_model),
        cmocka_unit_test_setup(a_part_that_is_missing_is_named, write_model),
        cmocka_unit_test_setup(a_part_of_something_else_is_refused, write_model),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
