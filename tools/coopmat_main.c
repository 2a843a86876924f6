// coopmat NAME IN.spv OUT.h: a module with the cooperative matrices of glslang of Debian 12 as the
// array NAME in C, with those of VK_KHR_cooperative_matrix (coopmat.h). Runs at build time.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shaders/shared.h"
#include "tools/coopmat.h"

enum { WORDS_MOST = 1 << 20, WORDS_A_LINE = 8 };

// Words of a file, as this machine reads them; NULL: it cannot be read, or is no whole number of
// them.
static uint32_t *read_words(const char *path, size_t *n)
{
    uint32_t *words = malloc(WORDS_MOST * sizeof(*words));
    FILE *f = words ? fopen(path, "rb") : NULL;
    size_t bytes = f ? fread(words, 1, WORDS_MOST * sizeof(*words), f) : 0;
    bool ok = f && !ferror(f) && feof(f) && bytes % sizeof(*words) == 0;
    if (f)
        fclose(f);
    if (!ok) {
        fprintf(stderr, "coopmat: %s cannot be read, or is not made of up to a million words\n",
                path);
        free(words);
        return NULL;
    }
    *n = bytes / sizeof(*words);
    return words;
}

static bool write_header(const char *path, const char *name, const uint32_t *words, size_t n)
{
    FILE *f = fopen(path, "w");
    if (f) {
        fprintf(f, "#pragma once\nconst uint32_t %s[] = {", name);
        for (size_t i = 0; i < n; i++)
            fprintf(f, "%s0x%08" PRIx32 ",", i % WORDS_A_LINE == 0 ? "\n\t" : "", words[i]);
        fprintf(f, "\n};\n");
    }
    bool ok = f && !ferror(f);
    ok = f && fclose(f) == 0 && ok;
    if (!ok)
        fprintf(stderr, "coopmat: %s cannot be written: %s\n", path, strerror(errno));
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: coopmat NAME IN.spv OUT.h\n");
        return 2;
    }
    static const struct coopmat_sizes sizes = {MATRIX_M, MATRIX_N, MATRIX_K};
    size_t n = 0, n_out = 0, at = 0;
    const char *why = NULL;
    uint32_t *in = read_words(argv[2], &n);
    uint32_t *out = in ? coopmat_rewrite(in, n, &sizes, &n_out, &why, &at) : NULL;
    if (in && !out)
        fprintf(stderr, "coopmat: %s, at word %zu: %s\n", argv[2], at, why);
    bool ok = out && write_header(argv[3], argv[1], out, n_out);
    free(in);
    free(out);
    return ok ? 0 : 1;
}
