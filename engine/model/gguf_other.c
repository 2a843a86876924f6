// Files that are no GGUF, told apart by their first bytes: what people give instead of a model.
#include <string.h>

#include "engine/model/gguf_file.h"

bool gguf_starts_with(const struct gguf *g, const char *text)
{
    size_t size = strlen(text);
    return g->size >= size && memcmp(g->bytes, text, size) == 0;
}

// The formats before GGUF wrote their names as little-endian numbers, so they read backwards.
static const char *old_format(const struct gguf *g)
{
    static const char *const magics[][3] = {
        {"lmgg", "ggml", "GGML"},
        {"fmgg", "ggmf", "GGMF"},
        {"tjgg", "ggjt", "GGJT"},
        {"algg", "ggla", "GGLA"},
    };
    for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++) {
        if (gguf_starts_with(g, magics[i][0]) || gguf_starts_with(g, magics[i][1]))
            return magics[i][2];
    }
    return NULL;
}

// A page that a server sent instead of the file, in any mix of letters.
static bool is_web_page(const struct gguf *g)
{
    static const char *const tags[] = {"<!doctype html", "<html", "<head"};
    size_t at = 0;
    while (at < g->size && at < 64 && strchr(" \t\r\n", g->bytes[at]))
        at++;
    for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
        size_t size = strlen(tags[i]);
        if (g->size - at >= size && strncasecmp((const char *)g->bytes + at, tags[i], size) == 0)
            return true;
    }
    return false;
}

// Eight bytes of length, then so many of JSON.
static bool is_safetensors(const struct gguf *g)
{
    uint64_t size;
    if (g->size < 10)
        return false;
    memcpy(&size, g->bytes, sizeof(size));
    return size < g->size && memcmp(g->bytes + 8, "{\"", 2) == 0;
}

static bool is_blank(const struct gguf *g)
{
    size_t n = g->size < 4096 ? g->size : 4096;
    for (size_t i = 0; i < n; i++)
        if (g->bytes[i])
            return false;
    return true;
}

// What the file is, and what to do; NULL: nothing that we know.
static const char *what_it_is(const struct gguf *g)
{
    static const struct {
        const char *start, *what;
    } others[] = {
        {"version https://git-lfs",
         "is only a Git LFS pointer to the model; run \"git lfs pull\" in "
         "its folder or download the file itself"},
        {"PK\3\4", "is a PyTorch checkpoint or a zip archive; get the model as GGUF, or unpack it"},
        {"\x80\2", "is a PyTorch checkpoint; get the model as GGUF, or convert it"},
        {"\x1f\x8b", "is a compressed archive (gzip); unpack it first"},
        {"\x28\xb5\x2f\xfd", "is a compressed archive (zstd); unpack it first"},
        {"\xfd"
         "7zXZ",
         "is a compressed archive (xz); unpack it first"},
        {"7z\xbc\xaf", "is a compressed archive (7z); unpack it first"},
        {"\x89PNG", "is a picture, not a GGUF model file; give it as -i"},
        {"\xff\xd8\xff", "is a picture, not a GGUF model file; give it as -i"},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (gguf_starts_with(g, others[i].start))
            return others[i].what;
    return is_web_page(g)      ? "is a web page that was saved in the model's place; download the "
                                 "file itself"
           : is_safetensors(g) ? "is a safetensors file; get the model as GGUF, or convert it"
           : is_blank(g) ? "begins with zeros alone, so it was never filled; download it again"
                         : NULL;
}

bool gguf_refuse_other(const struct gguf *g, struct error *e)
{
    const char *old = old_format(g), *what = what_it_is(g);
    if (old)
        return error_set(e, ERROR_MODEL,
                         "%s is a model in the old %s format; get it, or convert it, as GGUF",
                         g->shown, old);
    return error_set(e, ERROR_MODEL, "%s %s", g->shown,
                     what ? what : "is not a GGUF model file; name a .gguf file");
}
