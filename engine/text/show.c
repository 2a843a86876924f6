#include "engine/text/show.h"

#include <string.h>

#include "base/utf8.h"

enum { MOST_OF_A_NAME = 100 };

static struct shown show(const char *text, size_t size)
{
    struct shown s;
    utf8_clean(s.text, sizeof(s.text), text, size);
    for (char *p = s.text; (p = strpbrk(p, "\n\t"));)
        *p = ' '; // a sentence is one line
    return s;
}

struct shown show_path(const struct gguf *g)
{
    const char *path = gguf_path(g);
    return show(path, strlen(path));
}

struct shown show_name(const char *text, size_t size)
{
    return show(text, size > MOST_OF_A_NAME ? utf8_whole(text, MOST_OF_A_NAME) : size);
}
