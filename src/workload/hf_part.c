/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which part of a config.json is counted, and of which family it is: of networks that
 * see or hear, too, the part that reads text. Its family is what stands nearest to it: its
 * own `model_type`, its class, then what the whole is built around.
 */
#include <string.h>
#include "workload/hf_part.h"

/* Of their configuration classes in the transformers library. Those whose text part has
 * layers of its own (mllama: a cross attention to the picture) are not among them. */
static const struct { const char *type, *text; } around[] = {
    { "gemma3",             "gemma3_text" }, { "idefics3",          "llama" },
    { "internvl",           "qwen2" },       { "llava",             "llama" },
    { "llava_next",         "llama" },       { "llava_next_video",  "llama" },
    { "llava_onevision",    "qwen2" },       { "mistral3",          "mistral" },
    { "paligemma",          "gemma" },       { "qwen2_5_vl",        "qwen2" },
    { "qwen2_5_vl_text",    "qwen2" },       { "qwen2_audio",       "qwen2" },
    { "qwen2_vl",           "qwen2" },       { "qwen2_vl_text",     "qwen2" },
    { "qwen3_vl",           "qwen3" },       { "qwen3_vl_text",     "qwen3" },
    { "qwen3_vl_moe",       "qwen3_moe" },   { "qwen3_vl_moe_text", "qwen3_moe" },
    { "smolvlm",            "llama" },       { "video_llava",       "llama" },
    { "vipllava",           "llama" },       { "voxtral",           "llama" },
};

static const char *const part_names[] = { "text_config", "llm_config", "language_config" };

static const char *word_of(const json_t *part, const char *name)
{
    return json_string_value(json_object_get(part, name));
}

/* Where older files have no `model_type`, the first class that they name. */
static const char *class_of(const json_t *part)
{
    if (json_is_string(json_object_get(part, "model_type")))
        return NULL;
    return json_string_value(json_array_get(json_object_get(part, "architectures"), 0));
}

static const erg_hf_family *family_around(const char *type)
{
    for (size_t i = 0; type && i < ERG_COUNT(around); i++)
        if (strcmp(around[i].type, type) == 0)
            return erg_hf_family_find(around[i].text);
    return NULL;
}

static const erg_hf_family *family_by(const char *type, const char *class)
{
    const erg_hf_family *family = type ? erg_hf_family_find(type)
                                : class ? erg_hf_family_of_class(class) : NULL;
    return family ? family : family_around(type);
}

static bool unknown_type(const char *type, erg_error *err)
{
    erg_text known = { 0 };
    const erg_hf_family *family;

    for (size_t i = 0; (family = erg_hf_family_at(i)); i++)
        erg_text_add(&known, "%s%s", i ? ", " : "", family->type);
    char *list = erg_text_take(&known);
    if (type)
        erg_fail(err, ERG_BAD_INPUT, "model_type %.40s is none that is known: %s", type,
                 list ? list : "");
    else
        erg_fail(err, ERG_BAD_INPUT, "JSON without \"model_type\", which a config.json "
                 "has: one of %s", list ? list : "");
    free(list);
    return false;
}

bool erg_hf_part_find(const json_t *root, erg_hf_part *part, erg_error *err)
{
    const char *whole = word_of(root, "model_type"), *type = whole;
    bool is_whole = whole && erg_hf_family_find(whole);

    *part = (erg_hf_part){ .of = root };
    for (size_t i = 0; i < ERG_COUNT(part_names) && part->of == root && !is_whole; i++) {
        const json_t *inner = json_object_get(root, part_names[i]);
        if (!json_is_object(inner))
            continue;
        part->of = inner;
        type = word_of(inner, "model_type");
    }
    part->class = class_of(part->of);
    part->family = family_by(type, part->class);
    if (!part->family && !type && (part->family = family_around(whole)))
        part->class = NULL;
    if (!part->family)
        return unknown_type(type ? type : whole, err);
    if (!is_whole && (part->of != root || whole))
        part->outer = whole ? whole : "it";
    return true;
}
