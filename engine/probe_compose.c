// base + overlay -> one ordinary model file.
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine_internal.h"
#include "engine/model/gguf_write.h"

enum { HEX = 2 * 32 + 1 };

static bool file_sha256(const char *path, char hex[HEX], struct error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t *block = malloc(1 << 20), hash[32];
    bool ok = fd >= 0 && context && block && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    ssize_t n = 0;
    while (ok && (n = read(fd, block, 1 << 20)) > 0)
        ok = EVP_DigestUpdate(context, block, (size_t)n);
    ok = ok && n == 0 && EVP_DigestFinal_ex(context, hash, NULL);
    if (!ok)
        error_set(e, ERROR_MODEL, "cannot read %s: %s", path, strerror(errno));
    for (int i = 0; ok && i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    free(block);
    EVP_MD_CTX_free(context);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool check_base(const struct gguf *overlay, const char *base, struct error *e)
{
    struct gguf_string want;
    char hex[HEX];
    if (!gguf_get_string(overlay, "adapter.base.sha256", &want))
        return error_set(e, ERROR_MODEL,
                         "%s is not an overlay: it does not say which model it belongs to",
                         gguf_path(overlay));
    if (!file_sha256(base, hex, e))
        return false;
    if (want.size == HEX - 1 && memcmp(want.data, hex, want.size) == 0)
        return true;
    return error_set(e, ERROR_MODEL, "%s is not the model that %s was made for (its SHA-256 is %s)",
                     base, gguf_path(overlay), hex);
}

static bool write_composed(const struct gguf *base, const struct gguf *overlay,
                           const char *overlay_hash, const char *out, struct error *e)
{
    struct gguf_writer *w = gguf_writer_create(out, e);
    if (!w)
        return false;
    for (size_t i = 0; i < gguf_pair_count(base); i++) {
        const struct gguf_pair *p = gguf_pair_at(base, i);
        if (p->key.size < 6 || memcmp(p->key.data, "split.", 6) != 0) // all is in one file now
            gguf_write_pair(w, p);
    }
    gguf_write_string(w, "general.overlay.sha256", overlay_hash);
    for (size_t i = 0; i < gguf_tensor_count(base); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(base, i),
                                 *r = gguf_find_tensor(overlay, t->name);
        gguf_write_tensor(w, r ? r : t);
    }
    for (size_t i = 0; i < gguf_tensor_count(overlay); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(overlay, i);
        if (!gguf_find_tensor(base, t->name))
            gguf_write_tensor(w, t);
    }
    bool ok = gguf_write_finish(w, e);
    gguf_writer_destroy(w);
    return ok;
}

bool probe_compose(const char *base_path, const char *overlay_path, const char *out,
                   struct error *e)
{
    struct gguf *base = gguf_open(base_path, e), *overlay = NULL;
    char hash[HEX];
    bool ok = base && (overlay = gguf_open(overlay_path, e)) && check_base(overlay, base_path, e) &&
              file_sha256(overlay_path, hash, e) && write_composed(base, overlay, hash, out, e);
    gguf_close(overlay);
    gguf_close(base);
    return ok;
}
