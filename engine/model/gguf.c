#include "engine/model/gguf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/model/gguf_file.h"

enum { HEADER_SIZE = 24 }; // magic, version, two counts

static bool cannot_open(const struct gguf *g, int code, struct error *e)
{
    if (code == ENOENT || code == ENOTDIR)
        return error_set(e, ERROR_MODEL, "the model file %s does not exist; check its path",
                         g->shown);
    if (code == EACCES || code == EPERM)
        return error_set(e, ERROR_MODEL, "the model file %s may not be read; check its permissions",
                         g->shown);
    return error_set(e, ERROR_MODEL, "the model file %s cannot be read: %s", g->shown,
                     strerror(code));
}

// The descriptor is not needed once the file is mapped.
static bool map_file(struct gguf *g, struct error *e)
{
    // Without O_NONBLOCK a named pipe would block for ever.
    int fd = open(g->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return cannot_open(g, errno, e);
    struct stat st;
    bool ok = false;
    if (fstat(fd, &st) != 0) {
        cannot_open(g, errno, e);
    } else if (S_ISDIR(st.st_mode)) {
        error_set(e, ERROR_MODEL, "%s is a folder, not a model file; name a .gguf file in it",
                  g->shown);
    } else if (!S_ISREG(st.st_mode)) {
        error_set(e, ERROR_MODEL, "%s is a device or a pipe, not a model file; name a .gguf file",
                  g->shown);
    } else if (st.st_size == 0) {
        error_set(e, ERROR_MODEL, "the model file %s is empty; download it again", g->shown);
    } else {
        void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED) {
            cannot_open(g, errno, e);
        } else {
            g->bytes = bytes;
            g->size = (uint64_t)st.st_size;
            ok = true;
        }
    }
    close(fd);
    return ok;
}

static bool byte_swapped(const struct gguf *g, struct error *e)
{
    return error_set(e, ERROR_MODEL,
                     "the model file %s is byte-swapped (big-endian); get the little-endian one",
                     g->shown);
}

static bool check_header(struct gguf *g, struct error *e)
{
    if (gguf_starts_with(g, "FUGG"))
        return byte_swapped(g, e);
    if (!gguf_starts_with(g, "GGUF"))
        return gguf_refuse_other(g, e);
    if (g->size < HEADER_SIZE)
        return error_set(e, ERROR_MODEL,
                         "the model file %s is truncated: its header alone takes %d bytes, "
                         "%" PRIu64 " there; download it again",
                         g->shown, HEADER_SIZE, g->size);
    memcpy(&g->version, g->bytes + 4, sizeof(g->version));
    if (g->version != 0 && (g->version & 0xffff) == 0)
        return byte_swapped(g, e);
    if (g->version == 1)
        return error_set(
            e, ERROR_MODEL,
            "the model file %s is of GGUF version 1, which is no longer in use; get or "
            "convert it as version 3",
            g->shown);
    if (g->version != 2 && g->version != 3)
        return error_set(e, ERROR_MODEL,
                         "the model file %s is of GGUF version %" PRIu32
                         ", which is unknown to this program; get it as version 2 or 3",
                         g->shown, g->version);
    return true;
}

static bool parse(struct gguf *g, struct error *e)
{
    struct gguf_cursor c = {.at = g->bytes + 8, .left = g->size - 8};
    uint64_t tensors = gguf_take_u64(&c);
    uint64_t pairs = gguf_take_u64(&c);
    return gguf_parse_pairs(g, &c, pairs, e) && gguf_parse_tensors(g, &c, tensors, e);
}

struct gguf *gguf_open_file(const char *path, struct error *e)
{
    struct gguf *g = calloc(1, sizeof(*g));
    if (!g || !(g->path = strdup(path))) {
        error_no_memory(e);
        goto fail;
    }
    gguf_show_path(g->shown, path);
    if (!map_file(g, e) || !check_header(g, e) || !parse(g, e))
        goto fail;
    return g;
fail:
    gguf_close(g);
    return NULL;
}

struct gguf *gguf_open(const char *path, struct error *e)
{
    struct gguf *g = gguf_open_file(path, e);
    if (!g || gguf_join_parts(g, e))
        return g;
    gguf_close(g);
    return NULL;
}

void gguf_close(struct gguf *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->part_count; i++)
        gguf_close(g->parts[i]);
    free(g->parts);
    free(g->names);
    free(g->tensor_index);
    free(g->tensors);
    free(g->pair_index);
    free(g->pairs);
    if (g->bytes)
        munmap((void *)(uintptr_t)g->bytes, g->size);
    free(g->path);
    free(g);
}

const char *gguf_path(const struct gguf *g)
{
    return g->path;
}

uint32_t gguf_version(const struct gguf *g)
{
    return g->version;
}

uint64_t gguf_file_size(const struct gguf *g)
{
    uint64_t size = g->size;
    for (size_t i = 0; i < g->part_count; i++)
        size += g->parts[i]->size;
    return size;
}
