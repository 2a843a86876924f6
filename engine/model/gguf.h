// A GGUF file (version 2 or 3), mapped read-only; one in several parts
// (NAME-00001-of-00003.gguf) is opened by its first and is like one file. Everything that the file
// claims (counts, lengths, types, dimensions, offsets) is checked against its size before gguf_open
// returns, so the pointers handed out here are safe to read for as long as the object lives. Facts:
// llama.cpp's gguf format.
//
// The object owns the mapping and all that it points to; after opening it is never changed, so any
// thread may read it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

struct gguf;

enum gguf_value_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
};

// Bytes of the file: not terminated, may hold anything, NUL included.
struct gguf_string {
    const char *data;
    size_t size;
};

static inline bool gguf_string_is(struct gguf_string s, const char *text)
{
    return s.size == strlen(text) && memcmp(s.data, text, s.size) == 0;
}

struct gguf_tensor {
    const char *name; // terminated copy, 1..63 bytes
    uint32_t n_dims;  // 1..4
    uint64_t dims[4]; // dims[0] is the contiguous one; absent ones are 1; none is 0
    uint32_t type;    // enum quant_type, one that quant.h knows; else opening fails and names it
    const void *data; // aligned to at least 8 bytes, as the format demands
    uint64_t size;    // bytes
};

// One metadata pair, for listing (`inspect model`) and copying (`models compose`).
struct gguf_pair {
    struct gguf_string key;
    enum gguf_value_type type;
    enum gguf_value_type item_type; // of an array (never GGUF_ARRAY)
    uint64_t count;                 // items of an array, else 1
    const void *data; // the value as it lies in the file (unaligned); of an array its items
    size_t size;      // its bytes there
};

// Fails with ERROR_MODEL and one sentence that names the file and says what is wrong with it
// (missing, a folder, empty, a Git LFS pointer, GGML/GGJT, big-endian, version 1, truncated,
// damaged, ...).
struct gguf *gguf_open(const char *path, struct error *e);
void gguf_close(struct gguf *g);
const char *gguf_path(const struct gguf *g);
uint32_t gguf_version(const struct gguf *g);
uint64_t gguf_file_size(const struct gguf *g); // of all parts together

size_t gguf_pair_count(const struct gguf *g);
const struct gguf_pair *gguf_pair_at(const struct gguf *g, size_t i);          // in file order
const struct gguf_pair *gguf_find_pair(const struct gguf *g, const char *key); // NULL: absent

size_t gguf_tensor_count(const struct gguf *g);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i);           // in file order
const struct gguf_tensor *gguf_find_tensor(const struct gguf *g, const char *name); // NULL: absent

// Values. Each returns false when the key is absent or of another kind, and leaves `out` alone.
// Integers are taken from any integer type of the file when they fit; floats from f32 and f64.
bool gguf_get_u32(const struct gguf *g, const char *key, uint32_t *out);
bool gguf_get_i64(const struct gguf *g, const char *key, int64_t *out);
bool gguf_get_f32(const struct gguf *g, const char *key, float *out);
bool gguf_get_bool(const struct gguf *g, const char *key, bool *out);
bool gguf_get_string(const struct gguf *g, const char *key, struct gguf_string *out);

// Arrays. The count is 0 when the key is absent or not an array of that kind.
size_t gguf_array_count(const struct gguf *g, const char *key);
bool gguf_array_f32(const struct gguf *g, const char *key, size_t i, float *out);
bool gguf_array_i64(const struct gguf *g, const char *key, size_t i, int64_t *out);
// All strings of an array at once (they have no fixed stride): `out` gets count entries. The caller
// frees *out; the bytes stay the file's.
bool gguf_array_strings(const struct gguf *g, const char *key, struct gguf_string **out,
                        size_t *count);
