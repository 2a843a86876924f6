#include "engine/vk/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "engine/vk/commands.h"
#include "engine/vk/vk_internal.h"

enum { DUMMY_SIZE = 4096 };

bool vk_pipelines_create(struct vk_device *d, struct error *e)
{
    d->dummy = vk_buffer_create(d, DUMMY_SIZE, VK_MEMORY_DEVICE, "dummy", e);
    return d->dummy && vk_pipeline_cache_create(d, e);
}

static void destroy(struct vk_device *d, struct vk_pipeline *p)
{
    d->fn.DestroyPipeline(d->handle, p->handle, NULL);
    d->fn.DestroyPipelineLayout(d->handle, p->layout, NULL);
    d->fn.DestroyDescriptorSetLayout(d->handle, p->set_layout, NULL);
    free(p);
}

void vk_pipelines_destroy(struct vk_device *d)
{
    while (d->n_pipelines > 0)
        destroy(d, d->pipelines[--d->n_pipelines]);
    free(d->pipelines);
    d->fn.DestroyPipelineCache(d->handle, d->cache, NULL);
    vk_buffer_destroy(d->dummy);
}

static VkResult create_layouts(struct vk_device *d, struct vk_pipeline *p)
{
    const struct vk_shader *s = p->shader;
    VkDescriptorSetLayoutBinding bindings[VK_BINDINGS_MOST];
    for (uint32_t i = 0; i < s->n_bindings; i++)
        bindings[i] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType = s->bindings[i] == VK_BIND_STORAGE
                                  ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                                  : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    const VkDescriptorSetLayoutCreateInfo set = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = s->n_bindings,
        .pBindings = bindings};
    VkResult r = d->fn.CreateDescriptorSetLayout(d->handle, &set, NULL, &p->set_layout);
    if (r != VK_SUCCESS) {
        p->set_layout = VK_NULL_HANDLE;
        return r;
    }
    const VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
                                      .size = s->push_size};
    const VkPipelineLayoutCreateInfo layout = {.sType =
                                                   VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                               .setLayoutCount = 1,
                                               .pSetLayouts = &p->set_layout,
                                               .pushConstantRangeCount = s->push_size > 0 ? 1 : 0,
                                               .pPushConstantRanges = &push};
    r = d->fn.CreatePipelineLayout(d->handle, &layout, NULL, &p->layout);
    if (r != VK_SUCCESS)
        p->layout = VK_NULL_HANDLE;
    return r;
}

// The kernels count on the size that the profile says, with all lanes there; drivers that can
// choose another one are told. Only possible where the workgroup is made of whole subgroups.
static bool fixes_subgroup_size(const struct vk_device *d, const struct vk_pipeline *p)
{
    uint32_t size = d->physical.profile.subgroup_size;
    uint32_t local = p->n_constants > 0 ? p->constants[0] : 0;
    return d->physical.has_subgroup_size && local > 0 && local % size == 0 &&
           local / size <= d->physical.most_subgroups;
}

static VkResult create_handle(struct vk_device *d, struct vk_pipeline *p, VkShaderModule module)
{
    VkSpecializationMapEntry entries[VK_CONSTANTS_MOST];
    for (uint32_t i = 0; i < p->n_constants; i++)
        entries[i] = (VkSpecializationMapEntry){.constantID = i,
                                                .offset = i * (uint32_t)sizeof(p->constants[0]),
                                                .size = sizeof(p->constants[0])};
    const VkSpecializationInfo constants = {.mapEntryCount = (uint32_t)p->n_constants,
                                            .pMapEntries = entries,
                                            .dataSize = p->n_constants * sizeof(p->constants[0]),
                                            .pData = p->constants};
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfoEXT size = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO_EXT,
        .requiredSubgroupSize = d->physical.profile.subgroup_size};
    bool fixed = fixes_subgroup_size(d, p);
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .pNext = fixed ? &size : NULL,
                  .flags =
                      fixed ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT_EXT : 0,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = &constants},
        .layout = p->layout,
    };
    VkResult r = d->fn.CreateComputePipelines(d->handle, d->cache, 1, &info, NULL, &p->handle);
    if (r != VK_SUCCESS)
        p->handle = VK_NULL_HANDLE;
    return r;
}

static struct vk_pipeline *create(struct vk_device *d, const struct vk_shader *shader,
                                  const uint32_t *constants, size_t n, struct error *e)
{
    struct vk_pipeline *p = calloc(1, sizeof(*p));
    if (!p) {
        error_no_memory(e);
        return NULL;
    }
    p->shader = shader;
    p->n_constants = n;
    if (n > 0)
        memcpy(p->constants, constants, n * sizeof(*constants));

    VkShaderModule module = VK_NULL_HANDLE;
    const VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                           .codeSize = shader->size,
                                           .pCode = shader->code};
    VkResult r = create_layouts(d, p);
    if (r == VK_SUCCESS)
        r = d->fn.CreateShaderModule(d->handle, &info, NULL, &module);
    if (r == VK_SUCCESS) {
        r = create_handle(d, p, module);
        d->fn.DestroyShaderModule(d->handle, module, NULL);
    }
    if (r != VK_SUCCESS) {
        struct error cause = {0};
        vk_failed(d, r, "compile a kernel", &cause);
        error_set(e, cause.kind, "%s: %s", shader->name, cause.text);
        destroy(d, p);
        return NULL;
    }
    vk_name_object(d, VK_OBJECT_TYPE_PIPELINE, (uint64_t)p->handle, shader->name);
    return p;
}

static struct vk_pipeline *find(struct vk_device *d, const struct vk_shader *shader,
                                const uint32_t *constants, size_t n)
{
    for (size_t i = 0; i < d->n_pipelines; i++) {
        struct vk_pipeline *p = d->pipelines[i];
        if (p->shader == shader && p->n_constants == n &&
            (n == 0 || memcmp(p->constants, constants, n * sizeof(*constants)) == 0))
            return p;
    }
    return NULL;
}

static bool add(struct vk_device *d, struct vk_pipeline *p)
{
    struct vk_pipeline **list = realloc(d->pipelines, (d->n_pipelines + 1) * sizeof(*list));
    if (!list)
        return false;
    d->pipelines = list;
    list[d->n_pipelines++] = p;
    return true;
}

struct vk_pipeline *vk_pipeline_get(struct vk_device *d, const struct vk_shader *shader,
                                    const uint32_t *constants, size_t n, struct error *e)
{
    if (n > VK_CONSTANTS_MOST || shader->n_bindings > VK_BINDINGS_MOST ||
        shader->push_size > VK_PUSH_MOST) {
        error_set(e, ERROR_RUNTIME, "the kernel %s has too large an interface", shader->name);
        return NULL;
    }
    pthread_mutex_lock(&d->pipeline_lock);
    struct vk_pipeline *known = find(d, shader, constants, n);
    pthread_mutex_unlock(&d->pipeline_lock);
    if (known)
        return known;

    // Compiled without the lock, so that several threads compile at once; should two of them have
    // made the same pipeline, the second goes.
    struct vk_pipeline *made = create(d, shader, constants, n, e);
    if (!made)
        return NULL;
    pthread_mutex_lock(&d->pipeline_lock);
    known = find(d, shader, constants, n);
    bool added = !known && add(d, made);
    pthread_mutex_unlock(&d->pipeline_lock);
    if (added)
        return made;
    destroy(d, made);
    if (!known)
        error_no_memory(e);
    return known;
}

const struct vk_shader *vk_pipeline_shader(const struct vk_pipeline *p)
{
    return p->shader;
}

size_t vk_pipeline_count(const struct vk_device *d)
{
    return atomic_load(&d->n_pipelines);
}

bool vk_pipeline_warm(struct vk_device *d, struct vk_pipeline *p, struct error *e)
{
    struct vk_commands *c = vk_commands_create(d, "warming", e);
    if (!c)
        return false;
    vk_record_empty(c, p);
    bool ok = vk_commands_finish(c, e) && vk_commands_run(c, 0, NULL, e);
    vk_commands_destroy(c);
    return ok;
}
