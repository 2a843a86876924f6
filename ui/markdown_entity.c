// HTML's entities, as far as models write them.
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/markdown_internal.h"

static const struct {
    const char *name, *text;
} named[] = {
    {"&amp;", "&"},    {"&lt;", "<"},     {"&gt;", ">"},    {"&quot;", "\""}, {"&apos;", "'"},
    {"&nbsp;", " "},   {"&hellip;", "…"}, {"&mdash;", "—"}, {"&ndash;", "–"}, {"&copy;", "©"},
    {"&reg;", "®"},    {"&trade;", "™"},  {"&deg;", "°"},   {"&times;", "×"}, {"&divide;", "÷"},
    {"&plusmn;", "±"}, {"&laquo;", "«"},  {"&raquo;", "»"}, {"&euro;", "€"},  {"&pound;", "£"},
    {"&middot;", "·"}, {"&bull;", "•"},   {"&rarr;", "→"},  {"&larr;", "←"},  {"&le;", "≤"},
    {"&ge;", "≥"},     {"&ne;", "≠"},     {"&lsquo;", "‘"}, {"&rsquo;", "’"}, {"&ldquo;", "“"},
    {"&rdquo;", "”"},
};

static bool number(const char *text, size_t size, uint32_t *code)
{
    char digits[12];
    if (size < 4 || text[1] != '#' || size - 3 >= sizeof(digits))
        return false;
    memcpy(digits, text + 2, size - 3);
    digits[size - 3] = '\0';
    bool hex = digits[0] == 'x' || digits[0] == 'X';
    unsigned long value = strtoul(digits + hex, NULL, hex ? 16 : 10);
    bool scalar = value > 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
    *code = scalar ? (uint32_t)value : 0xfffd;
    return true;
}

bool entity_add(struct styled *s, const char *text, size_t size, struct style style)
{
    uint32_t code;
    if (number(text, size, &code)) {
        char bytes[4];
        return styled_add(s, bytes, utf8_encode(code, bytes), style);
    }
    for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
        if (strlen(named[i].name) == size && memcmp(named[i].name, text, size) == 0)
            return styled_add(s, named[i].text, strlen(named[i].text), style);
    return styled_add(s, text, size, style);
}
