// The tables of options and commands.
#include "app/options.h"

#include <assert.h>

#define INSPECT_PROMPT (COMMAND_INSPECT_TOKENS | COMMAND_INSPECT_LOGITS)
#define INSPECT_ARRAYS (COMMAND_INSPECT_PIXELS | COMMAND_INSPECT_ROWS | COMMAND_INSPECT_LOGITS)
#define ON_DEVICE      (COMMAND_CHAT | COMMAND_BENCH | COMMAND_INSPECT_ROWS | COMMAND_INSPECT_LOGITS)
#define PLANNED         (ON_DEVICE | COMMAND_CHECK)
#define WITH_MODEL                                                                                 \
    (ON_DEVICE | COMMAND_INSPECT_MODEL | COMMAND_INSPECT_TOKENS | COMMAND_INSPECT_PIXELS)
#define REPORTS     (WITH_MODEL | COMMAND_MODELS | COMMAND_CHECK | COMMAND_DEVICES)
#define EVERY       0xffffffffu
#define FIELD(name) offsetof(struct options, name)

static const char asking[] = "Asking", model[] = "Model and device", sampling[] = "Sampling",
                  output[] = "Output", general[] = "General";

// clang-format off
const struct option_row option_table[] = {
    {"prompt", 'p', "TEXT", OPTION_TEXT, FIELD(prompt), 0, 0, COMMAND_CHAT | INSPECT_PROMPT, asking,
     "answer TEXT once and stop"},
    {"image", 'i', "PICTURE", OPTION_LIST, 0, 0, 0, COMMAND_CHAT | INSPECT_PROMPT | INSPECT_ARRAYS, asking,
     "a picture to ask about (may be repeated; - reads it from standard input)"},
    {"system", 0, "TEXT", OPTION_TEXT, FIELD(system), 0, 0, COMMAND_CHAT | INSPECT_PROMPT, asking,
     "the system text (default: the model's own)"},
    {"plain", 0, NULL, OPTION_FLAG, FIELD(plain), 0, 0, COMMAND_CHAT, asking,
     "chat line by line, by words alone"},
    {"ids", 0, "[[..],..]", OPTION_TEXT, FIELD(ids), 0, 0, COMMAND_INSPECT_LOGITS, asking,
     "instead of a prompt: the chunks of ids around the pictures, nothing added"},
    {"force", 0, "[..]", OPTION_TEXT, FIELD(force), 0, 0, COMMAND_INSPECT_LOGITS, asking,
     "ids to go on with, as if they had been the answer"},
    {"raw-prompt", 0, NULL, OPTION_FLAG, FIELD(raw_prompt), 0, 0, COMMAND_INSPECT_TOKENS, asking,
     "TEXT alone: no template, special tokens as ordinary text"},
    {"no-save", 0, NULL, OPTION_FLAG, FIELD(no_save), 0, 0, COMMAND_CHAT, asking,
     "keep nothing of this chat"},

    {"model", 'm', "FILE|NAME", OPTION_TEXT, FIELD(model), 0, 0, WITH_MODEL, model,
     "a GGUF file, or the name of one in the models folder"},
    {"mmproj", 0, "FILE", OPTION_TEXT, FIELD(mmproj), 0, 0,
     (WITH_MODEL & ~COMMAND_INSPECT_MODEL) | COMMAND_CHECK, model,
     "the vision file (default: the one that lies beside the model)"},
    {"device", 0, "N|NAME", OPTION_TEXT, FIELD(device), 0, 0, PLANNED | COMMAND_DEVICES, model,
     "the Vulkan device, by number or part of its name (default: the best)"},
    {"chat-template", 0, "NAME", OPTION_TEXT, FIELD(chat_template), 0, 0, COMMAND_CHAT | INSPECT_PROMPT, model,
     "how turns are written for the model (default: as the model says)"},
    {"ctx-size", 'c', "N", OPTION_U32, FIELD(context), 1, INT32_MAX, PLANNED, model,
     "tokens of a conversation (default: 4096, at most what the model has)"},
    {"kv", 0, "auto|f16|q8_0", OPTION_CHOICE, FIELD(kv), 0, 0, PLANNED, model,
     "how keys and values are kept; q8_0 takes half the memory (default: auto)"},
    {"device-memory", 0, "SIZE", OPTION_SIZE, FIELD(device_memory), 1 << 20, 1e15, PLANNED, model,
     "use no more device memory: 6G, 512M (default: what is free)"},
    {"gpu-layers", 0, "N", OPTION_U32, FIELD(gpu_layers), 0, INT32_MAX, PLANNED, model,
     "layers in device memory, the rest in the host's (default: all that fit)"},
    {"dry-run", 0, NULL, OPTION_FLAG, FIELD(dry_run), 0, 0, COMMAND_CHAT | COMMAND_BENCH, model,
     "show what memory the model takes, and stop"},
    {"measure", 0, NULL, OPTION_FLAG, FIELD(measure), 0, 0, COMMAND_DEVICES, model,
     "try what computes fastest here, kernels or a processor's vector width, and keep it"},

    {"temp", 0, "X", OPTION_FLOAT, FIELD(temperature), 0, 100, COMMAND_CHAT, sampling,
     "temperature (default: 0.2; 0: always the likeliest token)"},
    {"top-p", 0, "X", OPTION_FLOAT, FIELD(top_p), 0, 1, COMMAND_CHAT, sampling,
     "keep the likeliest tokens that make up X (default: 0.7; 0: off)"},
    {"top-k", 0, "N", OPTION_U32, FIELD(top_k), 0, INT32_MAX, COMMAND_CHAT, sampling,
     "keep the N likeliest tokens (default: 0: off)"},
    {"min-p", 0, "X", OPTION_FLOAT, FIELD(min_p), 0, 1, COMMAND_CHAT, sampling,
     "drop tokens below X times the likeliest (default: 0: off)"},
    {"repeat-penalty", 0, "X", OPTION_FLOAT, FIELD(repeat_penalty), 0, 10, COMMAND_CHAT, sampling,
     "divide the logits of what was said by X (default: 1: off)"},
    {"seed", 0, "N", OPTION_U64, FIELD(seed), 0, 0, COMMAND_CHAT, sampling,
     "the same seed gives the same answer (default: random)"},
    {"max-tokens", 'n', "N", OPTION_U32, FIELD(max_tokens), 1, INT32_MAX, COMMAND_CHAT, sampling,
     "stop an answer after N tokens (default: 1024)"},

    {"json", 0, NULL, OPTION_FLAG, FIELD(json), 0, 0, REPORTS, output,
     "print one JSON object instead of text"},
    {"output", 'o', "FILE", OPTION_TEXT, FIELD(output), 0, 0, INSPECT_ARRAYS, output,
     "where the array goes: raw little-endian float32"},
    {"repeat", 0, "N", OPTION_U32, FIELD(repeat), 1, 1000, COMMAND_BENCH, output,
     "measure everything N times (default: 5, or 3 of what takes long)"},
    {"compare", 0, "FILE", OPTION_TEXT, FIELD(compare), 0, 0, COMMAND_BENCH, output,
     "set beside FILE, an earlier output of bench --json (exit code 1: something is slower)"},
    {"color", 0, "auto|always|never", OPTION_CHOICE, FIELD(color), 0, 0, EVERY, output,
     "colours on a terminal (default: auto; NO_COLOR is heeded)"},
    {"image-protocol", 0, "auto|sixel|half|none", OPTION_CHOICE, FIELD(protocol), 0, 0, COMMAND_CHAT, output,
     "how the screen shows pictures (default: auto)"},

    {"verbose", 'v', NULL, OPTION_COUNT, FIELD(verbose), 0, 0, EVERY, general,
     "say what is done; twice: in detail"},
    {"quiet", 'q', NULL, OPTION_FLAG, FIELD(quiet), 0, 0, EVERY, general,
     "say nothing but errors"},
    {"help", 'h', NULL, OPTION_FLAG, FIELD(help), 0, 0, EVERY, general, "show this and stop"},
    {"version", 0, NULL, OPTION_FLAG, FIELD(version), 0, 0, EVERY, general, "show the version and stop"},
};
const size_t option_count = sizeof(option_table) / sizeof(*option_table);
static_assert(sizeof(option_table) / sizeof(*option_table) <= OPTION_MOST, "OPTION_MOST");

const struct command command_table[] = {
    {"", COMMAND_CHAT, "[PICTURE...]", "chat about pictures, or answer once with -p TEXT", 0},
    {"models compose", COMMAND_COMPOSE, "BASE OVERLAY OUT", "write BASE with the tensors of OVERLAY as one file", 3},
    {"models check", COMMAND_CHECK, "FILE", "what a file is, whether it runs, and the memory that it takes", 1},
    {"models", COMMAND_MODELS, "", "what is installed, and what it can see", 0},
    {"devices", COMMAND_DEVICES, "", "the Vulkan devices, and which one is used (-v: with which kernels)", 0},
    {"bench", COMMAND_BENCH, "", "how fast this machine is", 0},
    {"inspect model", COMMAND_INSPECT_MODEL, "", "metadata and tensors of a file", 0},
    {"inspect tokens", COMMAND_INSPECT_TOKENS, "-p TEXT [-i PICTURE]...", "the whole prompt as ids", 0},
    {"inspect pixels", COMMAND_INSPECT_PIXELS, "-i PICTURE -o FILE", "a picture as the tower gets it", 0},
    {"inspect rows", COMMAND_INSPECT_ROWS, "-i PICTURE -o FILE", "a picture as the language model gets it", 0},
    {"inspect logits", COMMAND_INSPECT_LOGITS, "(-p TEXT | --ids '[[..],..]') [-i PICTURE]... -o FILE",
     "the logits after the prompt and after forced ids", 0},
    {"inspect", COMMAND_INSPECT, "model|tokens|pixels|rows|logits", "what the engine computes, for maintainers", 0},
};
const size_t command_count = sizeof(command_table) / sizeof(*command_table);
// clang-format on
