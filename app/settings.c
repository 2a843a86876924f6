#include "app/settings.h"

#include <stdlib.h>
#include <string.h>

bool settings_set(struct sampling *s, const char *name, const char *value)
{
    const struct {
        const char *name;
        float *to, most;
    } table[] = {{"temp", &s->temperature, 100},
                 {"top-p", &s->top_p, 1},
                 {"min-p", &s->min_p, 1},
                 {"repeat-penalty", &s->repeat_penalty, 10}};
    char *end;
    float number = strtof(value, &end);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(name, table[i].name) == 0 && *value && !*end && number >= 0 &&
            number <= table[i].most) {
            *table[i].to = number;
            return true;
        }
    return false;
}

void settings_show(const struct sampling *s, const struct engine_info *info, const struct chat *c,
                   struct buffer *out)
{
    buffer_printf(out, "model   %s\ndevice  %s\ntemplate  %s%s%s\ncontext  %u\n",
                  info ? info->model : "(loading)", info ? info->device : "",
                  info ? info->chat_template : "", info ? ", " : "",
                  info ? info->template_reason : "", info ? info->context : 0);
    buffer_printf(out, "temp %g, top-p %g, top-k %u, min-p %g, repeat-penalty %g, seed %llu\n",
                  (double)s->temperature, (double)s->top_p, s->top_k, (double)s->min_p,
                  (double)s->repeat_penalty, (unsigned long long)s->seed);
    buffer_printf(out, "system  %s", chat_system(c) ? chat_system(c) : "(the model's own)");
}
