// Opens libvulkan and creates an instance; finds the functions of an instance and of a device.
// An instance is owned by whoever created it: a device, or a listing of devices.
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct vk_instance;
struct vk_device;

// Also points Mesa's shader cache to our own cache folder, which must happen before a driver is
// loaded.
struct vk_instance *vk_instance_create(struct error *e);
void vk_instance_destroy(struct vk_instance *instance); // NULL allowed
// Fills d->fn from d->handle.
bool vk_load_device_functions(struct vk_device *d, struct error *e);
