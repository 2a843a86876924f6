#!/usr/bin/env python3
"""Runs the tests that compare with references and writes tests/golden/README.md from what they say.

  table.py BUILD      PUMICE_TEST_MODEL and PUMICE_TEST_EYES as ./check sets them; with PUMICE_FULL=1
                      and PUMICE_REFERENCE=DIR nothing is missing
  table.py --check    whether the file has a row for every case that is stored, and nothing missing

The tests print "GOLDEN case=NAME key=value..." (compare.h). A variant that people have is the sum
of cases: its template, its vocabulary, its tower, its decoder.
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent / "data"
TESTS = ["golden_cpu_256", "decoders", "towers", "types", "shapes", "tokenizer_vectors",
         "template_conversations", "tokenizer_vectors_reference",
         "template_conversations_reference"]

PAD = ["tower-23", "tower-24", "tower-24-said-23", "llava-1.5-7b"]
TILES = sorted(p.name for p in (DATA / "towers").iterdir() if p.name.startswith("unpad-"))
# name, templates, vocabularies, towers, decoders
VARIANTS = [
    ("LLaVA v1 (7B, 13B; LLaMA, linear projector)", ["llava_v0", "llava_v1"], ["spm"],
     ["tower-v1", "tower-linear"], ["llama-mha", "vicuna-13b"]),
    ("LLaVA on LLaMA-2 chat", ["llava_llama_2"], ["spm"], ["tower-23", "tower-linear"],
     ["llama-mha", "vicuna-13b"]),
    ("LLaVA-1.5-7B", ["vicuna_v1"], ["spm"], PAD, ["llama-mha", "llava-1.5-7b"]),
    ("LLaVA-1.5-13B", ["vicuna_v1"], ["spm"], PAD, ["llama-mha", "vicuna-13b"]),
    ("LLaVA-1.6-Vicuna (7B, 13B)", ["vicuna_v1"], ["spm"], TILES,
     ["llama-mha", "llava-1.5-7b", "vicuna-13b"]),
    ("LLaVA-1.6-Mistral-7B", ["mistral_instruct"], ["spm"], TILES, ["mistral", "mistral-7b"]),
    ("LLaVA-1.6-34B (Yi)", ["chatml_direct"], ["spm"], TILES, ["yi", "yi-34b"]),
    ("BakLLaVA-1 (Mistral-7B-v0.1)", ["vicuna_v1"], ["spm"], PAD,
     ["mistral", "mistral-window", "mistral-7b"]),
    ("LLaVA-Llama-3-8B", ["llama3"], ["llama-bpe"], PAD + ["tower-new"], ["llama3", "llama-3-8b"]),
    ("LLaVA on LLaMA-3.1", ["llama3"], ["llama-bpe"], PAD, ["llama3-rope", "llama-3-8b"]),
    ("LLaVA-Phi-3-mini (4k)", ["phi3"], ["phi-3"], PAD + ["tower-new"], ["phi3", "phi-3-mini"]),
    ("LLaVA on Phi-3-mini-128k", ["phi3"], ["phi-3"], PAD,
     ["phi3-short", "phi3-long", "phi-3-mini"]),
    ("LLaVA on Qwen2", ["chatml"], ["qwen2"], PAD + TILES, ["qwen2", "qwen2-7b"]),
    ("the default model (SmolLM2 with Pumice's eyes)", ["chatml"], ["smollm"],
     ["default_count_1", "default_text_4", "default_two_pictures", "default_two_turns"],
     ["default_count_1", "default_text_4", "default_text_only", "default_two_pictures",
      "default_two_turns"]),
]


# ---- what the tests say

def run(build):
    log = pathlib.Path(build) / "meson-logs" / "table.json"
    log.unlink(missing_ok=True)
    subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--logbase", "table",
                    "--timeout-multiplier", "5", *TESTS], stdout=sys.stderr, check=False)
    cases, failed = {}, []
    for line in log.read_text().splitlines():
        test = json.loads(line)
        if test["result"] not in ("OK", "SKIP"):
            failed.append(test["name"])
        for said in test.get("stdout", "").splitlines():
            if said.startswith("GOLDEN "):
                case = dict(pair.split("=", 1) for pair in said.split()[1:])
                cases[case.pop("case")] = case
    if failed:
        sys.exit(f"not written: {', '.join(failed)} failed")
    return cases


def values(cases, names, key):
    """(name, value) of the cases that have one; and the names that did not run."""
    found = [(n, cases[n][key]) for n in names if cases.get(n, {}).get(key, "-") != "-"]
    return found, [n for n in names if n not in cases]


# ---- cells

def summed(cases, names, key):
    found, missing = values(cases, names, key)
    parts = [list(map(int, v.split("/"))) for _, v in found]
    return ("{} of {}".format(*map(sum, zip(*parts))) if parts else "-") + absent(missing)


def steps(value):
    equal, all_steps = map(int, value.split("/"))
    close = all_steps - equal
    return f"{equal} equal" + (f", {close} too close" if close else "")


def continued(cases, names):
    found, missing = values(cases, names, "greedy")
    parts = [list(map(int, v.split("/"))) for _, v in found]
    return steps("{}/{}".format(*map(sum, zip(*parts)))) + absent(missing) if parts else "-"


def worst(cases, names, key):
    found, missing = values(cases, names, key)
    if not found:
        return "-" + absent(missing)
    name, value = max(found, key=lambda f: float(f[1].split("<")[0]))
    number, bound = value.split("<")
    return f"{number} ({name}; bound {bound})" + absent(missing)


def absent(names):
    return f"; not run: {', '.join(names)}" if names else ""


def token_ids(cases, templates, vocabularies):
    prompts = [f"prompts/{t}" for t in templates]
    under_llama = [f"ids-llama-spm/{t}" for t in templates if f"ids-llama-spm/{t}" in cases]
    parts = ["prompts " + summed(cases, prompts, "prompts") + f" ({', '.join(templates)})",
             "their ids " + summed(cases, [f"prompt-ids/{t}" for t in templates], "ids"),
             "vectors " + summed(cases, [f"vocabularies/{v}" for v in vocabularies], "ids")
             + f" ({', '.join(vocabularies)})"]
    if under_llama:
        parts.insert(2, "under LLaMA's vocabulary " + summed(cases, under_llama, "ids"))
    return "; ".join(parts)


def wrong(name):
    """The least that something done wrong would change: what the case can tell apart."""
    for path in DATA.glob(f"*/{name}/golden.json"):
        said = json.loads(path.read_text())
        found = [(v, k) for key in ("wrong", "wrong_rows") for k, v in said.get(key, {}).items()]
        return "{:.0e} ({})".format(*min(found)) if found else "-"
    return "-"


# ---- the file

HEAD = """# What is compared with references, and how near it comes

Written by `tests/golden/table.py BUILD`; do not edit. Errors are NMSE, the sum of squared
differences over the sum of squares of the reference's numbers.

- **token ids**: prompts are those of the original's prompt builder (`tests/data/conversations.json`);
  their ids are Hugging Face's, under vocabularies of our own with the template's words in them, and
  under LLaMA's (which may not be copied into the repository: `./check --reference`); vectors are
  texts of all kinds, by Hugging Face tokenizers and Google's sentencepiece.
- **pixels**: Pillow's; how many values are off (by an ulp, or the test fails).
- **rows**: what the projector gives, against transformers' CLIPVisionModel, LLaVA's projector and
  the original's rules for tiles (`make/gguf_tower.py`).
- **logits, greedy**: transformers, float32, eager attention, no cache. Each step of the greedy
  continuation has the reference's token, but where its two best logits are within 0.1 of each other:
  that is too close to tell.

Models are made with random weights by the tests themselves (`decoder_recipes.c`, `tower_file.c`);
`make/*.py` reads the same files. Shapes are those of the real models, with one or two layers; the
tower of `llava-1.5-7b` is ViT-L/14-336 in full depth. A new case is a recipe there, a row in
`made_cases.c` and one in `make/decoders.py`, `towers.py` or `shapes.py`, which then writes its numbers
(`make/decoders.py BUILD/tests/golden/make_model NAME`).

"""


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def variants(cases):
    text = "## Variants\n\n" + row(["variant", "token ids", "pixels off", "rows", "logits", "greedy"])
    text += row(["---"] * 6)
    for name, templates, vocabularies, towers, decoders in VARIANTS:
        both = list(dict.fromkeys(decoders + towers))
        text += row([name, token_ids(cases, templates, vocabularies),
                     summed(cases, towers, "pixels"), worst(cases, towers, "rows"),
                     worst(cases, both, "logits"), continued(cases, both)])
    return text


def all_cases(cases):
    text = "\n## Cases\n\nThe last column says how far the numbers would be off if one thing was done"
    text += " otherwise: the least of what `make/*.py` tried.\n\n"
    text += row(["case", "pixels off", "rows", "logits", "greedy", "done wrong"]) + row(["---"] * 6)
    for name, case in cases.items():
        if "logits" in case:
            text += row([name] + [case[k].replace("<", " < ").replace("/", " of ")
                                  for k in ("pixels", "rows", "logits")]
                        + ["-" if case["greedy"] == "-" else steps(case["greedy"]), wrong(name)])
    text += "\n## Words\n\n" + row(["case", "prompts", "ids"]) + row(["---"] * 3)
    for name, case in cases.items():
        if "logits" not in case:
            text += row([name] + [case.get(k, "-").replace("/", " of ") for k in ("prompts", "ids")])
    return text


def check():
    written = (HERE / "README.md").read_text()
    stored = [p.parent.name for group in ("decoders", "towers", "types", "shapes")
              for p in (DATA / group).glob("*/golden.json")]
    lacking = [n for n in stored + [v[0] for v in VARIANTS] if f"\n| {n} |" not in written]
    if lacking or "not run" in written or not stored:
        sys.exit(f"tests/golden/README.md lacks {', '.join(lacking) or 'cases that did not run'};"
                 " tests/golden/table.py writes it")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--check":
        check()
    else:
        cases = run(sys.argv[1])
        (HERE / "README.md").write_text(HEAD + variants(cases) + all_cases(cases))


main()
