#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

bool error_set(struct error *e, enum error_kind kind, const char *format, ...)
{
    if (!e)
        return false;
    // The arguments may point into e->text (a reason being wrapped in a longer one).
    char text[sizeof(e->text)];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n >= (int)sizeof(text))
        text[utf8_whole(text, sizeof(text) - 1)] = '\0';
    e->kind = kind;
    memcpy(e->text, text, sizeof(text));
    return false;
}

bool error_no_memory(struct error *e)
{
    return error_set(e, ERROR_DEVICE, "not enough memory on this machine; close other programs");
}
