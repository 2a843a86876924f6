#include "engine/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "engine/image/decode.h"

enum { MOST_BYTES = 256 << 20 };

struct picture {
    atomic_uint refs;
    char *name;
    uint8_t *bytes;
    size_t size;
    uint8_t hash[PICTURE_HASH];
    uint32_t width, height;
    struct image preview;
};

static char *clean_name(const char *name)
{
    size_t size = strlen(name), room = 3 * size + 1;
    char *clean = malloc(room);
    if (clean)
        utf8_clean(clean, room, name, size);
    return clean;
}

struct picture *picture_create(const void *bytes, size_t size, const char *name, struct error *e)
{
    struct picture *p = calloc(1, sizeof(*p));
    if (!p) {
        error_no_memory(e);
        return NULL;
    }
    atomic_init(&p->refs, 1);
    p->name = clean_name(name);
    p->bytes = malloc(size ? size : 1);
    p->size = size;
    if (!p->name || !p->bytes) {
        error_no_memory(e);
        goto fail;
    }
    if (size)
        memcpy(p->bytes, bytes, size);
    struct image_info info;
    // The preview decodes the whole file, so that damage anywhere is noticed now.
    if (!image_probe(p->bytes, size, p->name, &info, e) ||
        !image_preview(p->bytes, size, p->name, PICTURE_PREVIEW_SIDE, &p->preview, e))
        goto fail;
    p->width = info.width;
    p->height = info.height;
    if (!EVP_Digest(p->bytes, size, p->hash, NULL, EVP_sha256(), NULL)) {
        error_set(e, ERROR_RUNTIME, "libcrypto cannot compute SHA-256");
        goto fail;
    }
    return p;

fail:
    picture_unref(p);
    return NULL;
}

static bool read_all(int fd, const char *name, uint8_t **out, size_t *size, struct error *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_set(e, ERROR_PICTURE, "cannot read the picture %s: %s", name, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return error_set(e, ERROR_PICTURE, "%s is a folder, not a picture", name);
    if (!S_ISREG(st.st_mode))
        return error_set(e, ERROR_PICTURE,
                         "%s is not a regular file; a picture can also come from \"-i -\"", name);
    if (st.st_size > MOST_BYTES)
        return error_set(e, ERROR_PICTURE, "the picture %s is larger than %d MiB", name,
                         MOST_BYTES >> 20);
    *out = malloc((size_t)st.st_size + 1);
    if (!*out)
        return error_no_memory(e);
    *size = 0;
    while (*size < (size_t)st.st_size) {
        ssize_t n = read(fd, *out + *size, (size_t)st.st_size - *size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(e, ERROR_PICTURE, "cannot read the picture %s: %s", name,
                             strerror(errno));
        if (n == 0)
            break; // shorter than it was: the decoder will say so
        *size += (size_t)n;
    }
    return true;
}

struct picture *picture_read(const char *path, struct error *e)
{
    char *name = clean_name(path);
    if (!name) {
        error_no_memory(e);
        return NULL;
    }
    struct picture *p = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    // O_NONBLOCK: a FIFO that nobody writes to must not hang us.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        error_set(e, ERROR_PICTURE, "cannot open the picture %s: %s", name, strerror(errno));
    else if (read_all(fd, name, &bytes, &size, e))
        p = picture_create(bytes, size, path, e);
    free(bytes);
    if (fd >= 0)
        close(fd);
    free(name);
    return p;
}

struct picture *picture_ref(struct picture *p)
{
    atomic_fetch_add(&p->refs, 1);
    return p;
}

void picture_unref(struct picture *p)
{
    if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
        return;
    image_finish(&p->preview);
    free(p->bytes);
    free(p->name);
    free(p);
}

const char *picture_name(const struct picture *p)
{
    return p->name;
}

void picture_size(const struct picture *p, uint32_t *width, uint32_t *height)
{
    *width = p->width;
    *height = p->height;
}

const uint8_t *picture_preview(const struct picture *p, uint32_t *width, uint32_t *height)
{
    *width = p->preview.width;
    *height = p->preview.height;
    return p->preview.rgb;
}

const uint8_t *picture_bytes(const struct picture *p, size_t *size)
{
    *size = p->size;
    return p->bytes;
}

const uint8_t *picture_hash(const struct picture *p)
{
    return p->hash;
}
