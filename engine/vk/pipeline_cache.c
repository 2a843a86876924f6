// The driver's pipeline cache on disk: one file for each driver build and version, with a header
// and a hash of our own, because drivers trust what they are given.
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/vk/cache_folder.h"
#include "engine/vk/vk_internal.h"

enum { CACHE_MOST = 256 << 20, PATH_ROOM = 4096 };

struct file_header {
    char magic[8];
    uint32_t driver_version;
    uint32_t reserved; // 0
    uint8_t uuid[16];
    uint64_t size; // of the data that follows
    uint8_t hash[SHA256_DIGEST_LENGTH];
};
_Static_assert(sizeof(struct file_header) == 72, "no padding in the file");

static const char magic[8] = "PumiceP1";

static bool cache_path(const struct vk_profile *p, char *path, size_t room)
{
    char folder[PATH_ROOM], uuid[2 * sizeof(p->uuid) + 1];
    if (!vk_cache_folder(NULL, folder, sizeof(folder)))
        return false;
    for (size_t i = 0; i < sizeof(p->uuid); i++)
        snprintf(uuid + 2 * i, 3, "%02x", p->uuid[i]);
    int n =
        snprintf(path, room, "%s/pipelines-%s-%" PRIx32 ".bin", folder, uuid, p->driver_version);
    return n > 0 && (size_t)n < room;
}

static bool header_fits(const struct file_header *h, const struct vk_profile *p, uint64_t file_size)
{
    return memcmp(h->magic, magic, sizeof(magic)) == 0 && h->driver_version == p->driver_version &&
           memcmp(h->uuid, p->uuid, sizeof(h->uuid)) == 0 && h->size <= CACHE_MOST &&
           h->size == file_size - sizeof(*h);
}

// The header that Vulkan itself puts in front of the data.
static bool data_fits(const void *data, size_t size, const struct vk_profile *p)
{
    VkPipelineCacheHeaderVersionOne h;
    if (size < sizeof(h))
        return false;
    memcpy(&h, data, sizeof(h));
    return h.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE && h.vendorID == p->vendor_id &&
           h.deviceID == p->device_id && memcmp(h.pipelineCacheUUID, p->uuid, sizeof(p->uuid)) == 0;
}

// The data, to be freed; NULL: no file, or one that is not to be trusted.
static void *read_cache(const struct vk_profile *p, size_t *size)
{
    char path[PATH_ROOM + 128];
    FILE *file = cache_path(p, path, sizeof(path)) ? fopen(path, "re") : NULL;
    if (!file)
        return NULL;
    struct file_header h;
    struct stat st;
    void *data = NULL;
    uint8_t hash[SHA256_DIGEST_LENGTH];
    if (fstat(fileno(file), &st) != 0 || st.st_size < (off_t)sizeof(h) ||
        fread(&h, sizeof(h), 1, file) != 1 || !header_fits(&h, p, (uint64_t)st.st_size))
        goto done;
    data = malloc(h.size > 0 ? h.size : 1);
    if (!data)
        goto done;
    *size = h.size;
    if (fread(data, 1, h.size, file) != h.size || !data_fits(data, h.size, p) ||
        memcmp(SHA256(data, h.size, hash), h.hash, sizeof(hash)) != 0) {
        free(data);
        data = NULL;
    }
done:
    fclose(file);
    return data;
}

bool vk_pipeline_cache_create(struct vk_device *d, struct error *e)
{
    size_t size = 0;
    void *data = read_cache(&d->physical.profile, &size);
    VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                      .initialDataSize = data ? size : 0,
                                      .pInitialData = data};
    VkResult r = d->fn.CreatePipelineCache(d->handle, &info, NULL, &d->cache);
    d->cache_saved = data ? size : 0;
    free(data);
    if (r == VK_SUCCESS)
        return true;
    d->cache = VK_NULL_HANDLE;
    return vk_failed(d, r, "create a pipeline cache", e);
}

static bool write_cache(const struct vk_profile *p, const void *data, size_t size)
{
    char path[PATH_ROOM + 128];
    if (!cache_path(p, path, sizeof(path)))
        return false;
    struct file_header h = {.driver_version = p->driver_version, .size = size};
    memcpy(h.magic, magic, sizeof(magic));
    memcpy(h.uuid, p->uuid, sizeof(h.uuid));
    SHA256(data, size, h.hash);
    return vk_cache_write(path, &h, sizeof(h), data, size);
}

void vk_pipelines_save(struct vk_device *d)
{
    pthread_mutex_lock(&d->pipeline_lock);
    size_t size = 0;
    void *data = NULL;
    if (d->fn.GetPipelineCacheData(d->handle, d->cache, &size, NULL) != VK_SUCCESS ||
        size <= d->cache_saved || size > CACHE_MOST)
        goto done;
    data = malloc(size);
    if (data && d->fn.GetPipelineCacheData(d->handle, d->cache, &size, data) == VK_SUCCESS &&
        write_cache(&d->physical.profile, data, size))
        d->cache_saved = size;
done:
    free(data);
    pthread_mutex_unlock(&d->pipeline_lock);
}
