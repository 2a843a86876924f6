#include "app/messages.h"

#include <stdlib.h>
#include <string.h>

static bool copy_message(struct message *to, const struct message *from)
{
    *to = (struct message){.role = from->role};
    struct picture **pictures = malloc((from->n_pictures + 1) * sizeof(struct picture *));
    int32_t *ids = malloc((from->n_ids + 1) * sizeof(*ids));
    char *text = strdup(from->text);
    to->pictures = pictures;
    to->ids = ids;
    to->text = text;
    if (!pictures || !ids || !text)
        return false;
    for (; to->n_pictures < from->n_pictures; to->n_pictures++)
        pictures[to->n_pictures] = picture_ref(from->pictures[to->n_pictures]);
    if (from->n_ids)
        memcpy(ids, from->ids, from->n_ids * sizeof(*ids));
    to->n_ids = from->n_ids;
    return true;
}

void messages_free(struct message *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < list[i].n_pictures; k++)
            picture_unref(list[i].pictures[k]);
        free((void *)list[i].pictures);
        free((void *)list[i].ids);
        free((void *)list[i].text);
    }
    free(list);
}

struct message *messages_copy(const struct message *from, size_t n)
{
    struct message *list = calloc(n + 1, sizeof(*list));
    for (size_t i = 0; list && i < n; i++)
        if (!copy_message(&list[i], &from[i])) {
            messages_free(list, i + 1);
            return NULL;
        }
    return list;
}
