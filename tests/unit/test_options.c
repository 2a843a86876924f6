// app/options: the command line, as its contract (the table of options and exit codes) says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/options.h"

enum { MOST = 16 };

static struct options options;
static struct error reason;

// Parses a command line given as words, the last of them NULL.
static bool parse(const char *first, ...)
{
    char *argv[MOST + 2] = {(char *)"pumice"};
    int argc = 1;
    va_list args;
    va_start(args, first);
    for (const char *word = first; word; word = va_arg(args, const char *))
        argv[argc++] = (char *)word;
    va_end(args);
    options_finish(&options);
    reason = (struct error){0};
    return options_parse(&options, argc, argv, &reason);
}

static void assert_usage_error(const char *part)
{
    assert_int_equal(reason.kind, ERROR_USAGE);
    if (!strstr(reason.text, part))
        fail_msg("'%s' does not speak of '%s'", reason.text, part);
}

static int finish(void **state)
{
    (void)state;
    options_finish(&options);
    return 0;
}

static void defaults_are_those_of_the_contract(void **state)
{
    (void)state;
    assert_true(parse(NULL, NULL));
    assert_int_equal(options.command->bit, COMMAND_CHAT);
    assert_float_equal(options.temperature, 0.2, 1e-6);
    assert_float_equal(options.top_p, 0.7, 1e-6);
    assert_int_equal(options.top_k, 0);
    assert_float_equal(options.min_p, 0, 0);
    assert_float_equal(options.repeat_penalty, 1, 0);
    assert_int_equal(options.max_tokens, 1024);
    assert_int_equal(options.context, 4096);
    assert_false(options.seed_given);
    assert_null(options.prompt);
}

static void pictures_keep_their_order_among_the_options(void **state)
{
    (void)state;
    assert_true(parse("./a.png", "-p", "what?", "-i", "b.png", "./c.png", "--image=d.png", "--",
                      "-e.png", NULL));
    const char *want[] = {"./a.png", "b.png", "./c.png", "d.png", "-e.png"};
    assert_int_equal(options.n_pictures, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(options.pictures[i], want[i]);
    assert_string_equal(options.prompt, "what?");
}

static void every_option_of_a_chat_is_taken(void **state)
{
    (void)state;
    assert_true(parse("-m", "x.gguf", "--mmproj", "y.gguf", "--device", "1", "--system", "be kind",
                      "--chat-template", "chatml", "-c", "77", "--json", "--no-save", "-vv", NULL));
    assert_string_equal(options.model, "x.gguf");
    assert_string_equal(options.mmproj, "y.gguf");
    assert_string_equal(options.device, "1");
    assert_string_equal(options.system, "be kind");
    assert_string_equal(options.chat_template, "chatml");
    assert_int_equal(options.context, 77);
    assert_true(options.json && options.no_save);
    assert_int_equal(options.verbose, 2);
    assert_true(parse("--temp", "0", "--top-p", ".5", "--top-k", "40", "--min-p", "5e-2",
                      "--repeat-penalty", "1.1", "--seed", "18446744073709551615", "-n", "1", "-q",
                      "--color", "never", NULL));
    assert_float_equal(options.temperature, 0, 0);
    assert_float_equal(options.top_p, 0.5, 1e-6);
    assert_int_equal(options.top_k, 40);
    assert_float_equal(options.min_p, 0.05, 1e-6);
    assert_float_equal(options.repeat_penalty, 1.1, 1e-6);
    assert_true(options.seed_given && options.seed == UINT64_MAX);
    assert_int_equal(options.max_tokens, 1);
    assert_true(options.quiet && options.color == COLOR_NEVER);
}

static void sizes_have_units(void **state)
{
    (void)state;
    assert_true(parse(NULL, NULL));
    assert_true(options.device_memory == 0);
    assert_true(options.gpu_layers == (uint32_t)GPU_LAYERS_AUTO);
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"6G", 6ull << 30},    {"512M", 512ull << 20}, {"1.5G", 3ull << 29},
                {"4096K", 4ull << 20}, {"2T", 2ull << 40},     {"7000000", 7000000}};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_true(parse("--device-memory", good[i].text, NULL));
        assert_true(options.device_memory == good[i].bytes);
    }
    static const char *const bad[] = {"",    "G",  "6g",   "6GB",  "6 G",
                                      "-6G", "1K", "0x6G", "6.G.", "."};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(parse("--device-memory", bad[i], NULL));
        assert_usage_error("--device-memory");
    }
    assert_true(parse("--gpu-layers", "0", "--dry-run", NULL));
    assert_true(options.gpu_layers == 0 && options.dry_run);
}

static void numbers_are_strict(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"--temp", "-0.1"},
        {"--temp", "nan"},
        {"--temp", "inf"},
        {"--temp", "0x1"},
        {"--temp", ""},
        {"--temp", " 1"},
        {"--temp", "1 "},
        {"--temp", "1e"},
        {"--temp", "1e999"},
        {"--top-p", "1.01"},
        {"--top-p", "-1"},
        {"--min-p", "2"},
        {"--top-k", "-1"},
        {"--top-k", "1.5"},
        {"-n", "0"},
        {"-n", "4294967296"},
        {"-n", "1e3"},
        {"-c", "0"},
        {"-c", "abc"},
        {"--seed", "-1"},
        {"--seed", "18446744073709551616"},
        {"--seed", "1.0"},
        {"--seed", "99999999999999999999999"},
        {"--color", "maybe"},
        {"--repeat-penalty", "x"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (parse(bad[i][0], bad[i][1], NULL))
            fail_msg("%s '%s' was taken", bad[i][0], bad[i][1]);
        assert_usage_error(bad[i][0]);
    }
}

static void unknown_options_and_commands_are_usage_errors(void **state)
{
    (void)state;
    static const char *const later[] = {"-C", "--endpoint"};
    for (size_t i = 0; i < sizeof(later) / sizeof(*later); i++) {
        assert_false(parse(later[i], NULL));
        assert_usage_error("no option");
    }
    static const char *const commands[] = {"chats", "doctor", "config", "batch"};
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        assert_false(parse(commands[i], NULL));
        assert_usage_error(commands[i]);
    }
    assert_false(parse("inspect", NULL));
    assert_usage_error("logits");
    assert_false(parse("inspect", "soul", NULL));
    assert_usage_error("soul");
    assert_false(parse("-p", NULL));
    assert_usage_error("-p");
    assert_false(parse("--json=yes", NULL));
    assert_usage_error("--json");
}

static void a_command_takes_its_own_options_only(void **state)
{
    (void)state;
    assert_true(parse("models", "--json", NULL));
    assert_int_equal(options.command->bit, COMMAND_MODELS);
    assert_false(parse("models", "-p", "x", NULL));
    assert_usage_error("'pumice models' does not take -p");
    assert_false(parse("devices", "--temp", "1", NULL));
    assert_usage_error("'pumice devices' does not take --temp");
    assert_false(parse("devices", "x", NULL));
    assert_usage_error("'x'");
    assert_false(parse("-o", "x", NULL));
    assert_usage_error("-o");
    assert_true(parse("inspect", "logits", "--ids", "[[1]]", "-o", "x", "--force", "[2]", NULL));
    assert_int_equal(options.command->bit, COMMAND_INSPECT_LOGITS);
    assert_false(parse("inspect", "model", "-i", "x", NULL));
    assert_usage_error("'pumice inspect model' does not take -i");
    assert_true(parse("models", "compose", "a", "b", "c", NULL));
    assert_string_equal(options.operands[2], "c");
    assert_false(parse("models", "compose", "a", "b", NULL));
    assert_usage_error("BASE OVERLAY OUT");
    assert_true(parse("bench", "--repeat", "3", "--json", NULL));
    assert_int_equal(options.repeat, 3);
}

static void contradictions_are_usage_errors(void **state)
{
    (void)state;
    assert_false(parse("--plain", "-p", "x", NULL));
    assert_usage_error("--plain");
    assert_false(parse("-i", "-", "-i", "-", "-p", "x", NULL));
    assert_usage_error("standard input");
    assert_false(parse("--plain", "-i", "-", NULL));
    assert_usage_error("standard input");
    assert_true(parse("-i", "-", "-p", "x", NULL));
}

static void help_and_version_come_before_everything_else(void **state)
{
    (void)state;
    assert_true(parse("inspect", "--help", NULL));
    assert_true(options.help);
    assert_true(parse("--version", "--nonsense", NULL));
    assert_true(options.version);
}

static void help_shows_every_option_of_a_chat(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_true(parse("-h", NULL));
    options_help(&options, out);
    fclose(out);
    for (size_t i = 0; i < option_count; i++) {
        char name[64];
        snprintf(name, sizeof(name), "--%s ", option_table[i].name);
        bool taken = option_table[i].commands & COMMAND_CHAT;
        assert_int_equal(strstr(text, name) != NULL, taken);
    }
    assert_non_null(strstr(text, "Exit codes"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_contract),
        cmocka_unit_test(pictures_keep_their_order_among_the_options),
        cmocka_unit_test(every_option_of_a_chat_is_taken),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(unknown_options_and_commands_are_usage_errors),
        cmocka_unit_test(a_command_takes_its_own_options_only),
        cmocka_unit_test(contradictions_are_usage_errors),
        cmocka_unit_test(help_and_version_come_before_everything_else),
        cmocka_unit_test(help_shows_every_option_of_a_chat),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
