// Which template fits a file, and why: its names before its chat template, that before its tokens.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "engine/model/gguf_write.h"
#include "engine/text/template.h"
#include "tests/unit/gguf_bytes.h"
#include "tests/unit/vocabulary.h"

#define BY_FILE       "by the file's name"
#define BY_MODEL      "by the model's name"
#define BY_TEMPLATE   "by the chat template in the file"
#define BY_VOCABULARY "by the vocabulary"
#define BY_NOTHING    "as nothing in the file says which"

// A file: NULL is what it does not have. `pieces`: of LLaMA's kind, instead of `tokens`.
struct described {
    const char *file, *name, *source;
    const char *const *tokens; // two
    size_t pieces;
    const char *template, *why;
};

// A list of texts as it lies in a file; NULL: so many empty ones.
static void write_tokens(struct gguf_writer *w, const char *const *tokens, size_t n,
                         struct buffer *bytes)
{
    const char *key = "tokenizer.ggml.tokens";
    for (size_t i = 0; i < n; i++) {
        uint64_t size = tokens ? strlen(tokens[i]) : 0;
        assert_true(buffer_add(bytes, &size, sizeof(size)) &&
                    buffer_add(bytes, tokens ? tokens[i] : "", size));
    }
    gguf_write_pair(w, &(struct gguf_pair){.key = {key, strlen(key)},
                                           .type = GGUF_ARRAY,
                                           .item_type = GGUF_STRING,
                                           .count = n,
                                           .data = bytes->data,
                                           .size = bytes->size});
}

static struct gguf *open_described(const struct described *d)
{
    struct error e = {0};
    struct buffer bytes = {0};
    create_test_folder(NULL);
    const char *path = test_path(d->file ? d->file : "ggml-model-q4_k.gguf");
    struct gguf_writer *w = gguf_writer_create(path, &e);
    gguf_write_string(w, "general.architecture", "llama");
    gguf_write_string(w, "tokenizer.ggml.model", d->pieces ? "llama" : "gpt2");
    if (d->name)
        gguf_write_string(w, "general.name", d->name);
    if (d->source)
        gguf_write_string(w, "tokenizer.chat_template", d->source);
    if (d->tokens || d->pieces)
        write_tokens(w, d->tokens, d->tokens ? 2 : d->pieces, &bytes);
    bool written = gguf_write_finish(w, &e);
    gguf_writer_destroy(w);
    buffer_free(&bytes);
    struct gguf *g = written ? gguf_open(path, &e) : NULL;
    unlink(path);
    remove_test_folder(NULL);
    if (!g)
        fail_msg("%s", e.text);
    return g;
}

static void assert_choice(const struct described *d)
{
    const char *why = NULL;
    struct gguf *g = open_described(d);
    const char *got = template_name(template_detect(g, &why));
    if (strcmp(got, d->template) != 0 || strcmp(why, d->why) != 0)
        fail_msg("%s, %s: %s, %s", d->file ? d->file : "-", d->name ? d->name : "-", got, why);
    gguf_close(g);
}

static const char *const chat[] = {"a", "<|im_start|>"},
                         *const llama3[] = {"a", "<|start_header_id|>"},
                         *const phi3[] = {"<|user|>", "<|end|>"},
                         *const other[] = {"a", "x<|im_start|>"};

static void names_decide_first(void **state)
{
    (void)state;
    static const struct described cases[] = {
        {.file = "llava-v1.5-7b-Q4_K_M.gguf", .template = "vicuna_v1", .why = BY_FILE},
        {.file = "llava-llama-3-8b-v1_1-int4.gguf", .template = "llama3", .why = BY_FILE},
        {.file = "LLaVA-Llama3-8B.gguf", .template = "llama3", .why = BY_FILE},
        {.file = "llava-phi-3-mini-v1.gguf", .template = "phi3", .why = BY_FILE},
        {.file = "llava-v1.6-mistral-7b.Q4_K_M.gguf",
         .template = "mistral_instruct",
         .why = BY_FILE},
        {.file = "llava-v1.6-34b.Q3_K_M.gguf", .template = "chatml_direct", .why = BY_FILE},
        {.file = "llava-v1.6-vicuna-13b.gguf", .template = "vicuna_v1", .why = BY_FILE},
        {.file = "llava-llama-2-13b-chat.gguf", .template = "llava_llama_2", .why = BY_FILE},
        {.file = "LLaVA-Lightning-MPT-7B-preview.gguf", .template = "mpt", .why = BY_FILE},
        {.file = "LLaVA-13b-delta-v0.gguf", .template = "llava_v0", .why = BY_FILE},
        {.file = "BakLLaVA-1-Q4_K.gguf", .template = "vicuna_v1", .why = BY_FILE},
        {.name = "Meta Llama 3.1 8B Instruct", .template = "llama3", .why = BY_MODEL},
        {.name = "Phi 3 Mini 4k Instruct", .template = "phi3", .why = BY_MODEL},
        {.name = "liuhaotian_llava-v1.5-13b", .template = "vicuna_v1", .why = BY_MODEL},
        // A sign that comes first decides, whichever name has it.
        {.file = "llava-v1.5.gguf", .name = "Llama 3 8B", .template = "llama3", .why = BY_MODEL},
        {.file = "vicuna.gguf",
         .name = "llava v1.6 34B",
         .template = "chatml_direct",
         .why = BY_MODEL},
        // Names beat what the base model's metadata say.
        {.file = "llava-v1.5-7b.gguf",
         .source = "[INST] <<SYS>>",
         .tokens = chat,
         .template = "vicuna_v1",
         .why = BY_FILE},
        // Near misses.
        {.file = "llama-30b.gguf", .template = "llava_v0", .why = BY_NOTHING},
        {.file = "open_llama_3b.gguf", .template = "llava_v0", .why = BY_NOTHING},
        {.file = "tinyllama-1.1b-chat-v1.0.gguf", .template = "llava_v0", .why = BY_NOTHING},
        {.name = "LLaMA v2", .template = "llava_v0", .why = BY_NOTHING},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_choice(&cases[i]);
}

static void then_the_chat_template_and_the_vocabulary(void **state)
{
    (void)state;
    static const struct described cases[] = {
        {.source = "{{ '<|im_start|>' }}",
         .tokens = other,
         .template = "chatml",
         .why = BY_TEMPLATE},
        {.source = "{{ bos_token + '[INST] ' }}",
         .tokens = chat,
         .template = "mistral_instruct",
         .why = BY_TEMPLATE},
        {.source = "[INST] <<SYS>>",
         .tokens = chat,
         .template = "llava_llama_2",
         .why = BY_TEMPLATE},
        {.source = "<|assistant|> <|end|>",
         .tokens = other,
         .template = "phi3",
         .why = BY_TEMPLATE},
        {.source = "USER: x ASSISTANT:",
         .tokens = other,
         .template = "vicuna_v1",
         .why = BY_TEMPLATE},
        {.source = "<|start_header_id|> <|end_header_id|>",
         .tokens = other,
         .template = "llama3",
         .why = BY_TEMPLATE},
        {.source = "{{ nothing known }}",
         .tokens = chat,
         .template = "chatml",
         .why = BY_VOCABULARY},
        {.source = "<|im_start|> <|im_sep|>",
         .tokens = other,
         .template = "llava_v0",
         .why = BY_NOTHING}, // phi-4's, which we do not have
        {.tokens = chat, .template = "chatml", .why = BY_VOCABULARY},
        {.tokens = llama3, .template = "llama3", .why = BY_VOCABULARY},
        {.tokens = phi3, .template = "phi3", .why = BY_VOCABULARY},
        {.pieces = 32000, .template = "vicuna_v1", .why = BY_VOCABULARY},
        {.pieces = 32064, .template = "vicuna_v1", .why = BY_VOCABULARY},
        {.pieces = 32768, .template = "llava_v0", .why = BY_NOTHING},
        {.pieces = 31999, .template = "llava_v0", .why = BY_NOTHING},
        {.tokens = other, .template = "llava_v0", .why = BY_NOTHING},
        {.template = "llava_v0", .why = BY_NOTHING},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_choice(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_decide_first),
        cmocka_unit_test(then_the_chat_template_and_the_vocabulary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
