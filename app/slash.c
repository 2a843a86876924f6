#include "app/slash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct slash_command slash_table[SLASH_COUNT] = {
    [SLASH_HELP] = {"help", "", "keys and commands"},
    [SLASH_IMAGE] = {"image", "PATH", "attach a picture to the next question"},
    [SLASH_IMAGES] = {"images", "", "list the pictures"},
    [SLASH_DROP] = {"drop", "N", "take picture N out"},
    [SLASH_MOVE] = {"move", "N TO", "put waiting picture N into place TO"},
    [SLASH_PASTE] = {"paste", "", "attach the picture of the clipboard"},
    [SLASH_VIEW] = {"view", "N", "show picture N, and as the model sees it"},
    [SLASH_CLEAR] = {"clear", "", "begin a new conversation"},
    [SLASH_NEW] = {"new", "", "the same"},
    [SLASH_REGEN] = {"regen", "", "answer the last question again"},
    [SLASH_EDIT] = {"edit", "", "take the last question back and change it"},
    [SLASH_UNDO] = {"undo", "", "forget the last question and answer"},
    [SLASH_SYSTEM] = {"system", "TEXT", "set the system text (without TEXT: the model's own)"},
    [SLASH_SET] = {"set", "NAME VALUE", "images, theme, temp, top-p, min-p, repeat-penalty"},
    [SLASH_SHOW] = {"show", "", "what is set"},
    [SLASH_MODEL] = {"model", "", "which model answers"},
    [SLASH_EXPORT] = {"export", "FILE", "write the conversation as Markdown (chat.md)"},
    [SLASH_COPY] = {"copy", "N", "copy the last answer, or its code block N"},
    [SLASH_EDITOR] = {"editor", "", "write in your editor"},
    [SLASH_STATS] = {"stats", "", "tokens and times"},
    [SLASH_QUIT] = {"quit", "", "leave"},
};

enum slash slash_find(const char *line, const char **argument)
{
    if (line[0] != '/')
        return SLASH_COUNT;
    size_t size = strcspn(line + 1, " \t\n");
    enum slash found = SLASH_HELP;
    while (found < SLASH_COUNT && (strlen(slash_table[found].name) != size ||
                                   strncmp(line + 1, slash_table[found].name, size) != 0))
        found++;
    *argument = line + 1 + size + strspn(line + 1 + size, " \t\n");
    return found;
}

size_t slash_number(const char *argument, size_t most)
{
    char *end;
    if (*argument < '0' || *argument > '9')
        return 0;
    unsigned long n = strtoul(argument, &end, 10);
    return !*end && n <= most ? n : 0;
}

bool slash_numbers(const char *argument, size_t most, size_t *first, size_t *second)
{
    char a[16], b[16], more;
    if (sscanf(argument, "%15s %15s %c", a, b, &more) != 2)
        return false;
    *first = slash_number(a, most);
    *second = slash_number(b, most);
    return *first && *second;
}
