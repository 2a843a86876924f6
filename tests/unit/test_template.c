// Prompts as they are written: spans, whose words they hold, the system text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/template_prompts.h"
#include "tests/unit/tiny_gguf.h"

#define SYSTEM "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

// A file whose metadata has this chat_template.
static struct gguf *file_with(const char *source)
{
    struct tiny_gguf f = {0};
    struct error e = {0};
    tiny_string(&f, "general.architecture", "llama");
    tiny_string(&f, "tokenizer.chat_template", source);
    struct gguf *g = tiny_open(&f, &e);
    if (!g)
        fail_msg("%s", e.text);
    return g;
}

static void a_conversation_is_written_as_generic_chatml(void **state)
{
    (void)state;
    const struct turn turns[] = {
        {.role = TURN_SYSTEM, .text = "Be brief."},
        {.role = TURN_USER, .text = " What? ", .n_pictures = 2},
        {.role = TURN_ASSISTANT, .text = "A cat."},
        {.role = TURN_USER, .text = "Sure?"},
    };
    assert_written(NULL, turns, 4,
                   "<|im_start|>system\nBe brief.<|im_end|>\n"
                   "<|im_start|>user\n<P>\n<P>\n What? <|im_end|>\n"
                   "<|im_start|>assistant\nA cat.<|im_end|>\n"
                   "<|im_start|>user\nSure?<|im_end|>\n<|im_start|>assistant\n");
    assert_written(NULL, turns, 3,
                   "<|im_start|>system\nBe brief.<|im_end|>\n"
                   "<|im_start|>user\n<P>\n<P>\n What? <|im_end|>\n"
                   "<|im_start|>assistant\nA cat.<|im_end|>\n");
    assert_written(NULL, turns + 3, 1,
                   "<|im_start|>user\nSure?<|im_end|>\n<|im_start|>assistant\n");
    assert_written(NULL, turns, 0, "");
}

static void spans_say_whose_words_they_hold(void **state)
{
    (void)state;
    const struct turn turns[] = {
        {.role = TURN_USER, .text = "Hi", .n_pictures = 2},
        {.role = TURN_ASSISTANT, .text = ""},
        {.role = TURN_USER, .text = "<|im_end|>"},
    };
    const struct span want[] = {
        {SPAN_TEMPLATE, "<|im_start|>user\n", 17, 0, 0},
        {SPAN_PICTURE, NULL, 0, 0, 0},
        {SPAN_TEMPLATE, "\n", 1, 0, 0},
        {SPAN_PICTURE, NULL, 0, 0, 1},
        {SPAN_TEMPLATE, "\n", 1, 0, 0},
        {SPAN_USER, "Hi", 2, 0, 0},
        {SPAN_TEMPLATE, "<|im_end|>\n", 11, 0, 0},
        {SPAN_TEMPLATE, "<|im_start|>assistant\n", 22, 1, 0},
        {SPAN_ANSWER, "", 0, 1, 0},
        {SPAN_TEMPLATE, "<|im_end|>\n", 11, 1, 0},
        {SPAN_TEMPLATE, "<|im_start|>user\n", 17, 2, 0},
        {SPAN_USER, "<|im_end|>", 10, 2, 0},
        {SPAN_TEMPLATE, "<|im_end|>\n", 11, 2, 0},
        {SPAN_TEMPLATE, "<|im_start|>assistant\n", 22, 3, 0},
    };
    struct prompt p = build(NULL, turns, 3);
    assert_int_equal(p.count, COUNT(want));
    for (size_t i = 0; i < p.count; i++) {
        assert_int_equal(p.spans[i].kind, want[i].kind);
        assert_int_equal(p.spans[i].size, want[i].size);
        assert_int_equal(p.spans[i].turn, want[i].turn);
        assert_int_equal(p.spans[i].picture, want[i].picture);
        assert_int_equal(p.spans[i].text == NULL, want[i].text == NULL);
        if (want[i].text)
            assert_memory_equal(p.spans[i].text, want[i].text, want[i].size);
    }
    prompt_finish(&p);
    prompt_finish(&p);
}

static void the_system_text_of_the_model_stands_where_a_conversation_has_none(void **state)
{
    (void)state;
#define USER "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n"
    static const struct {
        const char *source, *system; // NULL: no system turn
    } cases[] = {
        // As SmolLM2 writes it; with the escape left in; in double quotes; outside of any
        // expression.
        {"{% if x %}{{ '<|im_start|>system\nBe a rock.<|im_end|>\n' }}{% endif %}", "Be a rock."},
        {"{{ '<|im_start|>system\\nIt\\'s \\\\ 1\\n2.<|im_end|>\\n' }}", "It's \\ 1\n2."},
        {"{{ \"<|im_start|>system\\nIt's.<|im_end|>\\n\" }}", "It's."},
        {"{% if x %}<|im_start|>system\nSay \"{}\".<|im_end|>\n{% endif %}", "Say \"{}\"."},
        {"{{ '<|im_start|>system\n<|im_end|>' }}", ""},
        // Computed first, literal later.
        {"{{ '<|im_start|>system\\n' + s + '<|im_end|>' }}{{ '<|im_start|>system\\nY<|im_end|>' }}",
         "Y"},
        {"<|im_start|>system\n{{ s }}<|im_end|>", NULL},
        {"{{ '<|im_start|>' + message['role'] + '\n' }}", NULL},
        {"{{ '<|im_start|>system\nnever ended", NULL},
        {"{{ '<|im_start|>system", NULL},
        {"{{ '<|im_start|>system\\", NULL},
        {"", NULL},
    };
    const struct turn turn = {.role = TURN_USER, .text = "x"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gguf *g = file_with(cases[i].source);
        char want[256] = USER;
        if (cases[i].system)
            snprintf(want, sizeof(want), "<|im_start|>system\n%s<|im_end|>\n" USER,
                     cases[i].system);
        assert_written(g, &turn, 1, want);
        gguf_close(g);
    }
    // A system turn of the conversation takes its place, an empty one too.
    struct gguf *g = file_with(cases[0].source);
    const struct turn own[] = {{.role = TURN_SYSTEM, .text = ""}, turn};
    assert_written(g, own, 2, "<|im_start|>system\n<|im_end|>\n" USER);
    gguf_close(g);
}

static void the_small_model_says_its_system_text(void **state)
{
    (void)state;
    struct error e = {0};
    struct gguf *g = gguf_open(data_path("synth/lm-Q4_0.gguf"), &e);
    assert_non_null(g);
    const struct turn turn = {.role = TURN_USER, .text = "x"};
    assert_written(g, &turn, 1, "<|im_start|>system\n" SYSTEM "<|im_end|>\n" USER);
    gguf_close(g);
}

static void templates_are_found_by_name(void **state)
{
    (void)state;
    assert_null(template_find("chatm"));
    assert_string_equal(template_stop(chatml()), "<|im_end|>");
    for (size_t i = 0; i < template_count(); i++)
        assert_ptr_equal(template_find(template_name(template_at(i))), template_at(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conversation_is_written_as_generic_chatml),
        cmocka_unit_test(spans_say_whose_words_they_hold),
        cmocka_unit_test(the_system_text_of_the_model_stands_where_a_conversation_has_none),
        cmocka_unit_test(the_small_model_says_its_system_text),
        cmocka_unit_test(templates_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
