#include "app/width.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "app/paths.h"
#include "app/private_file.h"

uint32_t width_choose(struct width_times narrow, struct width_times wide)
{
    if (narrow.gemm <= 0 || narrow.gemv <= 0 || wide.gemm <= 0 || wide.gemv <= 0)
        return WIDTH_NARROW;
    // The mean gain, as of factors: pictures and prompts are gemm, answers gemv.
    double gain = narrow.gemm / wide.gemm * (narrow.gemv / wide.gemv);
    return gain > 1.05 * 1.05 ? WIDTH_WIDE : WIDTH_NARROW;
}

bool width_processor(char name[WIDTH_NAME])
{
#if defined(__x86_64__)
    // The brand: three leaves of 16 characters.
    unsigned int w[12];
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bw"))
        return false;
    for (unsigned int i = 0; i < 3; i++)
        if (!__get_cpuid(0x80000002 + i, &w[4 * i], &w[4 * i + 1], &w[4 * i + 2], &w[4 * i + 3]))
            return false;
    const char *brand = (const char *)w;
    size_t size = strnlen(brand, sizeof(w)), pad = 0;
    while (pad < size && brand[pad] == ' ')
        pad++;
    while (size > pad && brand[size - 1] == ' ')
        size--;
    snprintf(name, WIDTH_NAME, "%.*s", (int)(size - pad), brand + pad);
    return true;
#else
    (void)name;
    return false;
#endif
}

bool width_record(uint32_t bits, const char *library, const char *processor, struct buffer *out)
{
    struct stat s;
    return stat(library, &s) == 0 &&
           buffer_printf(out, "%u\n%s\n%lld bytes of %lld.%09ld\n%s\n", bits, library,
                         (long long)s.st_size, (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                         processor);
}

uint32_t width_recall(const char *text, const char *processor)
{
    char library[PATH_MAX];
    unsigned int bits;
    if (sscanf(text, "%9u\n%4095[^\n]", &bits, library) != 2 ||
        (bits != 128 && bits != WIDTH_NARROW && bits != WIDTH_WIDE))
        return 0;
    // What would be written now must be what was written then.
    struct buffer now = {0};
    bool same = width_record(bits, library, processor, &now) && strcmp(now.data, text) == 0;
    buffer_free(&now);
    return same ? bits : 0;
}

enum width_origin width_apply(void)
{
    char processor[WIDTH_NAME], digits[16];
    struct buffer path = {0}, text = {0};
    uint32_t bits = 0;
    if (getenv(WIDTH_VARIABLE))
        return WIDTH_GIVEN;
    if (width_processor(processor) && paths_cache_file(WIDTH_FILE, &path) &&
        private_file_read(path.data, PATH_MAX + 256, &text, NULL) && text.data)
        bits = width_recall(text.data, processor);
    buffer_free(&path);
    buffer_free(&text);
    snprintf(digits, sizeof(digits), "%u", bits);
    return bits && setenv(WIDTH_VARIABLE, digits, 1) == 0 ? WIDTH_REMEMBERED : WIDTH_DRIVERS;
}
