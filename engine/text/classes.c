#include "engine/text/classes.h"

#include <string.h>

#include <utf8proc.h>

#include "base/utf8.h"

bool class_is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static enum char_class class_of(uint32_t c)
{
    if (class_is_space(c))
        return CLASS_SPACE;
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return CLASS_LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return CLASS_NUMBER;
    default:
        return CLASS_OTHER;
    }
}

size_t class_read(const char *s, size_t size, enum char_class *class)
{
    uint32_t code;
    size_t n = utf8_decode(s, size, &code);
    *class = class_of(code);
    return n;
}

size_t class_run(const char *s, size_t size, enum char_class class)
{
    size_t end = 0;
    while (end < size) {
        enum char_class c;
        size_t n = class_read(s + end, size - end, &c);
        if (c != class)
            break;
        end += n;
    }
    return end;
}

bool class_is_mark(uint32_t c)
{
    if (c < 0x80 && c && strchr("$+<=>^~|", (int)c))
        return true;
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}
