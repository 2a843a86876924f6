#include "engine/vk/loader.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/vk/cache_folder.h"
#include "engine/vk/vk_internal.h"

#define LAYER "VK_LAYER_KHRONOS_validation"

struct globals {
#define FIELD(name) PFN_vk##name name;
    VK_GLOBAL_FUNCTIONS(FIELD)
#undef FIELD
};

// llvmpipe's kernels on disk are not keyed by its vector width, so that a changed width would run
// code made for another: each width gets a folder.
static void place_mesa_cache(void)
{
    if (getenv("MESA_SHADER_CACHE_DIR"))
        return;
    const char *width = getenv("LP_NATIVE_VECTOR_WIDTH");
    if (!width || !*width || strlen(width) > 8 || strspn(width, "0123456789") != strlen(width))
        width = "default";
    char sub[32], path[4096];
    snprintf(sub, sizeof(sub), "mesa-%s", width);
    if (vk_cache_folder(sub, path, sizeof(path)))
        setenv("MESA_SHADER_CACHE_DIR", path, 0);
}

static bool missing_function(const char *name, struct error *e)
{
    return error_set(e, ERROR_DEVICE,
                     "the Vulkan on this machine has no %s; update libvulkan1 and the driver",
                     name);
}

static bool load_globals(struct vk_instance *i, struct globals *fn, struct error *e)
{
    i->get = (PFN_vkGetInstanceProcAddr)dlsym(i->library, "vkGetInstanceProcAddr");
    if (!i->get)
        return missing_function("vkGetInstanceProcAddr", e);
#define LOAD(name)                                                                                 \
    fn->name = (PFN_vk##name)i->get(NULL, "vk" #name);                                             \
    if (!fn->name)                                                                                 \
        return missing_function("vk" #name, e);
    VK_GLOBAL_FUNCTIONS(LOAD)
#undef LOAD
    uint32_t version = 0;
    if (fn->EnumerateInstanceVersion(&version) != VK_SUCCESS || version < VK_API_VERSION_1_2)
        return error_set(e, ERROR_DEVICE,
                         "the Vulkan loader is of version %u.%u, 1.2 is needed; update libvulkan1",
                         VK_API_VERSION_MAJOR(version), VK_API_VERSION_MINOR(version));
    return true;
}

static bool load_instance_functions(struct vk_instance *i, struct error *e)
{
#define LOAD(name)                                                                                 \
    i->fn.name = (PFN_vk##name)i->get(i->handle, "vk" #name);                                      \
    if (!i->fn.name)                                                                               \
        return missing_function("vk" #name, e);
    VK_INSTANCE_FUNCTIONS(LOAD)
    if (i->validation) {
        VK_DEBUG_FUNCTIONS(LOAD)
    }
#undef LOAD
    return true;
}

bool vk_load_device_functions(struct vk_device *d, struct error *e)
{
#define LOAD(name)                                                                                 \
    d->fn.name = (PFN_vk##name)d->instance->fn.GetDeviceProcAddr(d->handle, "vk" #name);           \
    if (!d->fn.name)                                                                               \
        return missing_function("vk" #name, e);
    VK_DEVICE_FUNCTIONS(LOAD)
#undef LOAD
    return true;
}

// A device's functions are the driver's own, without the loader in between.
const char *vk_device_library(const struct vk_device *d)
{
    Dl_info info;
    void *function;
    memcpy(&function, &d->fn.CmdDispatch, sizeof(function));
    return dladdr(function, &info) ? info.dli_fname : NULL;
}

static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT types,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data,
                                                 void *user)
{
    (void)severity;
    (void)types;
    struct vk_instance *i = user;
    atomic_fetch_add(&i->messages, 1);
    log_error("Vulkan validation: %s", data->pMessage);
    return VK_FALSE;
}

static bool has_layer(const struct globals *fn)
{
    VkLayerProperties list[64];
    uint32_t n = sizeof(list) / sizeof(list[0]);
    VkResult r = fn->EnumerateInstanceLayerProperties(&n, list);
    for (uint32_t k = 0; (r == VK_SUCCESS || r == VK_INCOMPLETE) && k < n; k++)
        if (strcmp(list[k].layerName, LAYER) == 0)
            return true;
    return false;
}

// `messenger` also hears what is wrong with creating and destroying the instance itself.
static VkResult create(struct vk_instance *i, const struct globals *fn,
                       const VkDebugUtilsMessengerCreateInfoEXT *messenger)
{
    const VkValidationFeatureEnableEXT synchronization =
        VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    const VkValidationFeaturesEXT features = {
        .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
        .pNext = messenger,
        .enabledValidationFeatureCount = 1,
        .pEnabledValidationFeatures = &synchronization,
    };
    const char *layers[] = {LAYER};
    const char *extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME,
                                VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME};
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = i->validation ? &features : NULL,
        .pApplicationInfo = &(VkApplicationInfo){.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                                 .pApplicationName = "pumice",
                                                 .pEngineName = "pumice",
                                                 .apiVersion = VK_API_VERSION_1_2},
        .enabledLayerCount = i->validation ? 1 : 0,
        .ppEnabledLayerNames = layers,
        .enabledExtensionCount = i->validation ? 2 : 0,
        .ppEnabledExtensionNames = extensions,
    };
    return fn->CreateInstance(&info, NULL, &i->handle);
}

static bool open_library(struct vk_instance *i, struct error *e)
{
    i->library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    if (i->library)
        return true;
    return error_set(e, ERROR_DEVICE,
                     "the Vulkan loader libvulkan.so.1 cannot be opened; install the package "
                     "libvulkan1 and a driver (mesa-vulkan-drivers, which also has one for "
                     "machines without a GPU)");
}

static bool create_messenger(struct vk_instance *i, const VkDebugUtilsMessengerCreateInfoEXT *info,
                             struct error *e)
{
    if (!i->validation ||
        i->fn.CreateDebugUtilsMessengerEXT(i->handle, info, NULL, &i->messenger) == VK_SUCCESS)
        return true;
    return error_set(e, ERROR_DEVICE, "the validation layer does not take our message callback");
}

struct vk_instance *vk_instance_create(struct error *e)
{
    struct vk_instance *i = calloc(1, sizeof(*i));
    if (!i) {
        error_no_memory(e);
        return NULL;
    }
    place_mesa_cache();
    struct globals fn = {0};
    if (!open_library(i, e) || !load_globals(i, &fn, e))
        goto fail;
    const char *validation = getenv("PUMICE_VALIDATION");
    i->validation = validation && strcmp(validation, "1") == 0;
    if (i->validation && !has_layer(&fn)) {
        error_set(e, ERROR_DEVICE,
                  "PUMICE_VALIDATION=1 needs the layer " LAYER
                  "; install the package vulkan-validationlayers");
        goto fail;
    }
    const VkDebugUtilsMessengerCreateInfoEXT messenger = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
        .pfnUserCallback = on_message,
        .pUserData = i,
    };
    VkResult r = create(i, &fn, &messenger);
    if (r != VK_SUCCESS) {
        i->handle = VK_NULL_HANDLE;
        error_set(e, ERROR_DEVICE,
                  "no Vulkan driver was found (%d); install the driver of your GPU or, to compute "
                  "on the processor, the package mesa-vulkan-drivers",
                  (int)r);
        goto fail;
    }
    if (!load_instance_functions(i, e) || !create_messenger(i, &messenger, e))
        goto fail;
    return i;
fail:
    vk_instance_destroy(i);
    return NULL;
}

void vk_instance_destroy(struct vk_instance *i)
{
    if (!i)
        return;
    if (i->messenger)
        i->fn.DestroyDebugUtilsMessengerEXT(i->handle, i->messenger, NULL);
    if (i->handle && i->fn.DestroyInstance)
        i->fn.DestroyInstance(i->handle, NULL);
    if (i->library)
        dlclose(i->library);
    free(i);
}
