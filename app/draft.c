#include "app/draft.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/paths.h"
#include "app/private_file.h"
#include "base/utf8.h"

enum { MOST = 1 << 20 };

bool draft_save(const char *text)
{
    struct buffer path = {0};
    bool ok = paths_state_file("draft", &path, NULL);
    if (ok && *text)
        ok = private_file_write(path.data, text, strlen(text), true, NULL);
    else if (ok)
        ok = unlink(path.data) == 0 || errno == ENOENT;
    buffer_free(&path);
    return ok;
}

char *draft_load(void)
{
    struct buffer path = {0}, text = {0};
    bool ok = paths_state_file("draft", &path, NULL) &&
              private_file_read(path.data, MOST, &text, NULL) && text.size &&
              !memchr(text.data, 0, text.size) && utf8_valid(text.data, text.size);
    buffer_free(&path);
    if (!ok)
        buffer_free(&text);
    return text.data;
}
