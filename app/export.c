#include "app/export.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/private_file.h"
#include "base/buffer.h"
#include "base/utf8.h"

// Words of our own line: one line, and no letter of it is Markdown.
static bool add_words(struct buffer *out, const char *text)
{
    size_t room = 3 * strlen(text) + 1;
    char *clean = malloc(room);
    bool ok = clean != NULL;
    size_t size = ok ? utf8_clean(clean, room, text, strlen(text)) : 0;
    for (size_t i = 0; ok && i < size; i++) {
        char c = clean[i] == '\n' || clean[i] == '\t' ? ' ' : clean[i];
        ok = (!strchr("\\`*_[]<>#&!|~", c) || buffer_add(out, "\\", 1)) && buffer_add(out, &c, 1);
    }
    free(clean);
    return ok;
}

// As a link takes it (RFC 3986). A colon would make the folder before it a scheme.
static bool add_escaped(struct buffer *out, const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~/";
    for (; *path; path++)
        if (!(strchr(plain, *path) ? buffer_add(out, path, 1)
                                   : buffer_printf(out, "%%%02X", (unsigned char)*path)))
            return false;
    return true;
}

// A link is read from the folder of the file that holds it.
static bool add_link(struct buffer *out, const char *picture, bool elsewhere)
{
    char *here = elsewhere && *picture != '/' ? realpath(picture, NULL) : NULL;
    bool ok = add_escaped(out, here ? here : picture);
    free(here);
    return ok;
}

// What came from the clipboard, or is gone, is named without a link that leads nowhere.
static bool add_picture(struct buffer *out, const char *name, const char *path, bool elsewhere)
{
    if (access(path, F_OK) != 0)
        return buffer_add_text(out, "*picture: ") && add_words(out, name) &&
               buffer_add_text(out, "*\n\n");
    return buffer_add_text(out, "![") && add_words(out, name) && buffer_add_text(out, "](") &&
           add_link(out, path, elsewhere) && buffer_add_text(out, ")\n\n");
}

static bool add_text(struct buffer *out, const char *text)
{
    size_t size = strlen(text);
    return buffer_add(out, text, size) &&
           buffer_add_text(out, size && text[size - 1] == '\n' ? "\n" : "\n\n");
}

static bool add_system(struct buffer *out, const char *text)
{
    for (;;) {
        size_t line = strcspn(text, "\n");
        if (!buffer_add_text(out, "> ") || !buffer_add(out, text, line) ||
            !buffer_add(out, "\n", 1))
            return false;
        if (!text[line])
            return buffer_add(out, "\n", 1);
        text += line + 1;
    }
}

static bool add_heading(struct buffer *out, const char *level, const char *given, const char *usual)
{
    return buffer_add_text(out, level) && add_words(out, given ? given : usual) &&
           buffer_add_text(out, "\n\n");
}

// `*seen` counts the pictures of the messages before: the chat numbers them through.
static bool add_message(struct buffer *out, const struct message *m, struct chat *c, size_t *seen,
                        const struct export_params *p, bool elsewhere)
{
    if (m->role == ROLE_SYSTEM)
        return add_system(out, m->text);
    bool ok = m->role == ROLE_USER ? add_heading(out, "## ", p->user, "You")
                                   : add_heading(out, "## ", p->model, "Pumice");
    for (size_t i = 0; ok && i < m->n_pictures; i++) {
        const char *path;
        const struct picture *picture = chat_picture(c, (*seen)++, &path, NULL);
        ok = add_picture(out, picture_name(picture), path, elsewhere);
    }
    return ok && add_text(out, m->text);
}

bool export_markdown(struct chat *c, const char *path, const struct export_params *params,
                     struct error *e)
{
    static const struct export_params usual;
    const struct export_params *p = params ? params : &usual;
    size_t n, seen = 0;
    const struct message *m = chat_messages(c, 0, &n, e);
    if (!m)
        return false;
    struct buffer text = {0};
    bool ok = add_heading(&text, "# ", p->title, "Conversation");
    for (size_t i = 0; ok && i < n; i++)
        ok = add_message(&text, &m[i], c, &seen, p, strchr(path, '/') != NULL);
    // Of the two newlines at the end one ends the last line.
    ok =
        ok ? private_file_write(path, text.data, text.size - 1, p->replace, e) : error_no_memory(e);
    buffer_free(&text);
    return ok;
}
