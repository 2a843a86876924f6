// Is it a vision file that runs? Others are called by their names: people have files of many
// makers.
#include "base/utf8.h"
#include "engine/model/vision_internal.h"

bool vision_bad(const struct gguf *g, struct error *e, const char *what)
{
    return error_set(e, ERROR_MODEL,
                     "%s: %s; the vision file is damaged or of a kind that we do not run: download "
                     "it again, or use one of LLaVA's",
                     gguf_path(g), what);
}

bool vision_flag(const struct gguf *g, const char *key)
{
    bool value = false;
    gguf_get_bool(g, key, &value);
    return value;
}

bool vision_is_there(const struct gguf *g)
{
    struct gguf_string s;
    return (gguf_get_string(g, "general.architecture", &s) && gguf_string_is(s, "clip")) ||
           vision_flag(g, "clip.has_vision_encoder");
}

static bool belongs_to(const struct gguf *g, const char *maker, struct error *e)
{
    return error_set(e, ERROR_MODEL,
                     "%s is the vision file of %s, which we do not run; LLaVA's run (CLIP with a "
                     "linear or mlp projector)",
                     gguf_path(g), maker);
}

// Projectors of other makers, by the keys and names that their converters write.
static bool check_maker(const struct gguf *g, struct error *e)
{
    static const struct {
        const char *flag, *type, *maker;
    } others[] = {
        {"clip.has_minicpmv_projector", "resampler", "MiniCPM-V"},
        {"clip.has_glm_projector", "adapter", "GLM-Edge"},
        {"clip.has_qwen2vl_merger", "qwen2vl_merger", "Qwen2-VL"},
        {NULL, "qwen2.5vl_merger", "Qwen2.5-VL"},
        {NULL, "ldp", "MobileVLM"},
        {NULL, "ldpv2", "MobileVLM v2"},
        {NULL, "mlp_norm", "Yi-VL"},
        {NULL, "gemma3", "Gemma 3"},
        {NULL, "idefics3", "SmolVLM"},
        {NULL, "pixtral", "Pixtral"},
        {NULL, "internvl", "InternVL"},
    };
    struct gguf_string type = {"mlp", 3};
    if (!gguf_get_string(g, "clip.vision.projector_type", &type))
        gguf_get_string(g, "clip.projector_type", &type);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (gguf_string_is(type, others[i].type) ||
            (others[i].flag && vision_flag(g, others[i].flag)))
            return belongs_to(g, others[i].maker, e);
    if (gguf_find_tensor(g, "mm.3.weight"))
        return belongs_to(g, "Yi-VL", e);
    if (gguf_string_is(type, "mlp"))
        return true;
    char name[64];
    utf8_clean(name, sizeof(name), type.data, type.size);
    return error_set(e, ERROR_MODEL,
                     "%s has a projector of the kind \"%s\", which we do not run; LLaVA's run "
                     "(linear or mlp)",
                     gguf_path(g), name);
}

static bool check_tower(const struct gguf *g, struct error *e)
{
    bool sees = true;
    gguf_get_bool(g, "clip.has_vision_encoder", &sees);
    if (!sees)
        return error_set(
            e, ERROR_MODEL,
            "%s has no vision tower (clip.has_vision_encoder is false); give the vision "
            "file of the language model as --mmproj",
            gguf_path(g));
    if (vision_flag(g, "clip.has_text_encoder"))
        return error_set(e, ERROR_MODEL,
                         "%s is a CLIP with its text encoder, for comparing texts with pictures; "
                         "give the vision file of the language model as --mmproj",
                         gguf_path(g));
    if (vision_flag(g, "clip.use_silu") && vision_flag(g, "clip.use_gelu"))
        return vision_bad(g, e, "it names two activations (clip.use_gelu and clip.use_silu)");
    if (vision_flag(g, "clip.use_silu"))
        return vision_bad(g, e, "its activation is SiLU");
    if (gguf_find_tensor(g, "v.patch_embd.bias") && !gguf_find_tensor(g, "v.class_embd"))
        return vision_bad(g, e, "its tower is SigLIP's, and CLIP's run");
    if (gguf_find_tensor(g, "mm.4.weight"))
        return vision_bad(g, e, "its projector has more than two matrices");
    return true;
}

bool vision_check_kind(const struct gguf *g, struct error *e)
{
    if (!vision_is_there(g))
        return error_set(e, ERROR_MODEL,
                         "%s is not a vision file (its architecture is not \"clip\"); give a "
                         "language model as -m, its vision file as --mmproj",
                         gguf_path(g));
    return check_maker(g, e) && check_tower(g, e);
}
