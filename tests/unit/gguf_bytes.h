// Builds small GGUF files byte by byte, as the format's description says, for the tests of the
// reader and the writer; and a folder for them that must be empty again at the end.
#pragma once

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bytes {
    unsigned char data[8192];
    size_t size;
};

static inline void put(struct bytes *b, const void *data, size_t size)
{
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static inline void put_number(struct bytes *b, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        b->data[b->size++] = (unsigned char)(value >> (8 * i));
}

static inline void put_u32(struct bytes *b, uint32_t value)
{
    put_number(b, value, 4);
}

static inline void put_u64(struct bytes *b, uint64_t value)
{
    put_number(b, value, 8);
}

static inline void put_text(struct bytes *b, const char *text)
{
    put_u64(b, strlen(text));
    put(b, text, strlen(text));
}

static inline void put_header(struct bytes *b, uint32_t version, uint64_t tensors, uint64_t pairs)
{
    b->size = 0;
    put(b, "GGUF", 4);
    put_u32(b, version);
    put_u64(b, tensors);
    put_u64(b, pairs);
}

// The value follows.
static inline void put_key(struct bytes *b, const char *key, uint32_t type)
{
    put_text(b, key);
    put_u32(b, type);
}

static inline void put_array_key(struct bytes *b, const char *key, uint32_t item_type,
                                 uint64_t count)
{
    put_key(b, key, 9);
    put_u32(b, item_type);
    put_u64(b, count);
}

// A row of `elements`, or a matrix when `rows` is not 0.
static inline void put_tensor(struct bytes *b, const char *name, uint64_t elements, uint64_t rows,
                              uint32_t type, uint64_t offset)
{
    put_text(b, name);
    put_u32(b, rows ? 2 : 1);
    put_u64(b, elements);
    if (rows)
        put_u64(b, rows);
    put_u32(b, type);
    put_u64(b, offset);
}

static inline void put_padding(struct bytes *b, size_t alignment)
{
    while (b->size % alignment != 0)
        b->data[b->size++] = 0;
}

// A file with a value of every type and two tensors, version 3, tensors in order and padded.
static inline void put_sample(struct bytes *b)
{
    put_header(b, 3, 2, 15);
    put_key(b, "general.architecture", 8);
    put_text(b, "llama");
    put_key(b, "n.u8", 0);
    put_number(b, 200, 1);
    put_key(b, "n.i8", 1);
    put_number(b, (uint64_t)-3, 1);
    put_key(b, "n.u16", 2);
    put_number(b, 60000, 2);
    put_key(b, "n.i16", 3);
    put_number(b, (uint64_t)-300, 2);
    put_key(b, "n.u32", 4);
    put_u32(b, 4000000000);
    put_key(b, "n.i32", 5);
    put_number(b, (uint64_t)-70000, 4);
    put_key(b, "n.u64", 10);
    put_u64(b, UINT64_MAX);
    put_key(b, "n.i64", 11);
    put_u64(b, (uint64_t)INT64_MIN);
    put_key(b, "f.32", 6);
    put_u32(b, 0x3fc00000); // 1.5
    put_key(b, "f.64", 12);
    put_u64(b, 0xc004000000000000); // -2.5
    put_key(b, "yes", 7);
    put_number(b, 1, 1);
    put_array_key(b, "tokens", 8, 3);
    put_text(b, "a");
    put_u64(b, 3);
    put(b, "b\0c", 3);
    put_text(b, "");
    put_array_key(b, "scores", 6, 2);
    put_u32(b, 0x3fc00000);
    put_u32(b, 0xc0000000); // -2
    put_array_key(b, "types", 5, 2);
    put_u32(b, 7);
    put_number(b, (uint64_t)-7, 4);
    put_tensor(b, "matrix", 4, 3, 0, 0);
    put_tensor(b, "blocks", 32, 0, 8, 64);
    put_padding(b, 32);
    for (uint32_t i = 0; i < 12; i++)
        put_u32(b, 0x3f800000 + i);
    put_padding(b, 32);
    for (unsigned i = 0; i < 34; i++)
        put_number(b, i, 1);
    put_padding(b, 32);
}

static char test_folder[256];

static inline int create_test_folder(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(test_folder, sizeof(test_folder), "%s/gguf-test-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(test_folder) ? 0 : -1;
}

// Fails when a test left a file behind.
static inline int remove_test_folder(void **state)
{
    (void)state;
    return rmdir(test_folder);
}

static inline int count_files(void)
{
    DIR *d = opendir(test_folder);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(d));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(d);
    return n;
}

// Valid until the next call.
static inline const char *test_path(const char *name)
{
    static char path[600];
    snprintf(path, sizeof(path), "%s/%s", test_folder, name);
    return path;
}

static inline void write_bytes(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        abort();
}
