// Which of the machine's devices is meant.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vk/loader.h"
#include "engine/vk/vk_internal.h"

bool vk_survey(const struct vk_instance *instance, struct vk_physical **list, size_t *count,
               struct error *e)
{
    VkPhysicalDevice handles[64];
    uint32_t n = sizeof(handles) / sizeof(handles[0]);
    VkResult r = instance->fn.EnumeratePhysicalDevices(instance->handle, &n, handles);
    if ((r != VK_SUCCESS && r != VK_INCOMPLETE) || n == 0)
        return error_set(e, ERROR_DEVICE,
                         "no Vulkan device was found (%d); install the driver of your GPU or, to "
                         "compute on the processor, the package mesa-vulkan-drivers",
                         (int)r);
    *list = calloc(n, sizeof(**list));
    if (!*list)
        return error_no_memory(e);
    *count = n;
    for (uint32_t i = 0; i < n; i++)
        vk_describe(instance, handles[i], &(*list)[i]);
    return true;
}

// Smaller is better.
static int rank(enum vk_device_type type)
{
    switch (type) {
    case VK_TYPE_DISCRETE:
        return 0;
    case VK_TYPE_INTEGRATED:
        return 1;
    case VK_TYPE_VIRTUAL:
        return 2;
    case VK_TYPE_OTHER:
        return 3;
    case VK_TYPE_CPU:
        return 4;
    }
    return 5;
}

static size_t choose_best(const struct vk_physical *list, size_t count, struct error *e)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        if (list[i].usable &&
            (best == SIZE_MAX || rank(list[i].profile.type) < rank(list[best].profile.type)))
            best = i;
    if (best == SIZE_MAX)
        error_set(e, ERROR_DEVICE,
                  "no Vulkan device of this machine can be used (%s: %s); the package "
                  "mesa-vulkan-drivers has one that computes on the processor",
                  list[0].profile.name, list[0].reason);
    return best;
}

static size_t choose_index(size_t count, const char *want, struct error *e)
{
    unsigned long index = strtoul(want, NULL, 10); // too large a number becomes ULONG_MAX
    if (index < count)
        return index;
    error_set(e, ERROR_DEVICE,
              "there is no device %s: this machine has %zu, counted from 0; `pumice devices` lists "
              "them",
              want, count);
    return SIZE_MAX;
}

// The first usable match, else the first.
static size_t choose_name(const struct vk_physical *list, size_t count, const char *want,
                          struct error *e)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        if (strcasestr(list[i].profile.name, want) &&
            (found == SIZE_MAX || (list[i].usable && !list[found].usable)))
            found = i;
    if (found == SIZE_MAX)
        error_set(e, ERROR_DEVICE, "no device has \"%s\" in its name; `pumice devices` lists them",
                  want);
    return found;
}

size_t vk_choose(const struct vk_physical *list, size_t count, const char *want, struct error *e)
{
    if (!want || !*want)
        return choose_best(list, count, e);
    bool number = strspn(want, "0123456789") == strlen(want);
    size_t i = number ? choose_index(count, want, e) : choose_name(list, count, want, e);
    if (i == SIZE_MAX || list[i].usable)
        return i;
    error_set(e, ERROR_DEVICE, "the device %s cannot be used: %s", list[i].profile.name,
              list[i].reason);
    return SIZE_MAX;
}

static void explain(struct vk_candidate *c, const struct vk_candidate *chosen, const char *want)
{
    const char *reason;
    if (c->chosen)
        reason = want && *want ? "asked for" : "the best here";
    else if (!chosen)
        reason = "not what was asked for";
    else if (want && *want)
        reason = "another was asked for";
    else if (rank(c->profile.type) > rank(chosen->profile.type))
        reason = "a faster kind of device is there";
    else
        reason = "comes later in the list";
    snprintf(c->reason, sizeof(c->reason), "%s", reason);
}

bool vk_list_devices(const char *want, struct vk_candidates *out, struct error *e)
{
    *out = (struct vk_candidates){0};
    struct vk_physical *list = NULL;
    size_t count = 0;
    bool ok = false;
    struct vk_instance *instance = vk_instance_create(e);
    if (!instance || !vk_survey(instance, &list, &count, e))
        goto done;
    out->list = calloc(count, sizeof(*out->list));
    if (!out->list) {
        error_no_memory(e);
        goto done;
    }
    out->count = count;
    size_t chosen = vk_choose(list, count, want, NULL);
    for (size_t i = 0; i < count; i++) {
        struct vk_candidate *c = &out->list[i];
        c->profile = list[i].profile;
        c->usable = list[i].usable;
        c->chosen = i == chosen;
        memcpy(c->reason, list[i].reason, sizeof(c->reason));
        if (c->usable)
            explain(c, chosen == SIZE_MAX ? NULL : &out->list[chosen], want);
    }
    ok = true;
done:
    free(list);
    vk_instance_destroy(instance);
    return ok;
}

void vk_candidates_finish(struct vk_candidates *c)
{
    free(c->list);
    *c = (struct vk_candidates){0};
}
