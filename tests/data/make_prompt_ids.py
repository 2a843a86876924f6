#!/usr/bin/env python3
"""Makes prompt-ids.json: prompts of conversations.json as ids under vocabularies of our own.

  make_prompt_ids.py      (needs the packages tokenizers, sentencepiece, transformers, gguf)
Reads vocabularies/NAME.gguf (make_vocabularies.py), adds the words of the templates to them as
control tokens, writes that as vocabularies/NAME-chat.gguf, and asks Hugging Face's tokenizers for the
ids of each chunk between pictures. No BOS.
"""
import json
import pathlib
import tempfile

import gguf
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Tokenizer, models
from transformers import LlamaTokenizer

from make_vocabularies import pre_tokenizer

HERE = pathlib.Path(__file__).resolve().parent
CHATML = ["<|im_start|>", "<|im_end|>"]
LLAMA3 = ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
# vocabulary: (words that are added, templates that are written with it)
SETS = {
    "spm": (CHATML, ["llava_v0", "llava_v1", "vicuna_v1", "llava_llama_2", "mistral_instruct",
                     "chatml_direct", "plain"]),
    "llama-bpe": (LLAMA3, ["llama3"]),
    "qwen2": (CHATML, ["chatml", "mpt"]),
    "phi-3": ([], ["phi3"]),
}


def read(name):
    """Tokens, types, merges (or scores) of a vocabulary."""
    fields = gguf.GGUFReader(HERE / "vocabularies" / f"{name}.gguf").fields
    texts = lambda key: [bytes(fields[key].parts[i]).decode() for i in fields[key].data]
    numbers = lambda key: [fields[key].parts[i][0].item() for i in fields[key].data]
    tokens, types = texts("tokenizer.ggml.tokens"), numbers("tokenizer.ggml.token_type")
    if "tokenizer.ggml.merges" in fields:
        return tokens, types, texts("tokenizer.ggml.merges"), None
    return tokens, types, None, numbers("tokenizer.ggml.scores")


def write(name, tokens, types, merges, scores):
    w = gguf.GGUFWriter(HERE / "vocabularies" / f"{name}-chat.gguf", "llama")
    w.add_tokenizer_model("gpt2" if merges else "llama")
    w.add_token_list(tokens)
    w.add_token_types(types)
    if merges:
        w.add_tokenizer_pre(name)
        w.add_token_merges(merges)
        w.add_eos_token_id(1)
    else:
        w.add_token_scores(scores)
        w.add_bos_token_id(1)
        w.add_eos_token_id(2)
        w.add_unk_token_id(0)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.close()


def special_of(name, tokens, types):
    """Control tokens as Hugging Face takes them; Phi 3's swallow the blanks behind them."""
    return [AddedToken(t, special=True, normalized=False,
                       rstrip=name == "phi-3" and t not in ("<s>", "<unk>", "<|endoftext|>"))
            for t, kind in zip(tokens, types) if kind == gguf.TokenType.CONTROL]


def byte_level(name, tokens, types, merges):
    words = {t: i for i, t in enumerate(tokens)}
    whole = Tokenizer(models.BPE(vocab=words, merges=[tuple(m.split(" ")) for m in merges],
                                 ignore_merges=name == "llama-bpe"))
    whole.pre_tokenizer = pre_tokenizer(name)
    whole.add_special_tokens(special_of(name, tokens, types))
    assert all(whole.token_to_id(t) == i for i, t in enumerate(tokens))
    return lambda text: whole.encode(text, add_special_tokens=False).ids


def sentence_piece(name, tokens, types, scores):
    model = sentencepiece_model_pb2.ModelProto()
    for token, kind, score in zip(tokens, types, scores):
        piece = model.pieces.add()
        piece.piece, piece.type, piece.score = token, kind, score
    trainer, normalizer = model.trainer_spec, model.normalizer_spec
    trainer.model_type, trainer.byte_fallback = trainer.BPE, True
    trainer.vocab_size = len(tokens)
    normalizer.name, normalizer.add_dummy_prefix = "identity", True
    normalizer.remove_extra_whitespaces, normalizer.escape_whitespaces = False, True
    with tempfile.NamedTemporaryFile(suffix=".model") as file:
        file.write(model.SerializeToString())
        file.flush()
        whole = LlamaTokenizer(file.name, legacy=False, add_bos_token=False)
    whole.add_tokens(special_of(name, tokens, types), special_tokens=True)
    assert whole.convert_tokens_to_ids(tokens) == list(range(len(tokens)))
    return lambda text: whole.convert_tokens_to_ids(whole.tokenize(text))


def main():
    cases = []
    talks = json.loads((HERE / "conversations.json").read_text())
    for name, (words, templates) in SETS.items():
        tokens, types, merges, scores = read(name)
        tokens += words
        types += [int(gguf.TokenType.CONTROL)] * len(words)
        scores = scores and scores + [0.0] * len(words)
        if words:
            write(name, tokens, types, merges, scores)
        ids_of = byte_level(name, tokens, types, merges) if merges else \
            sentence_piece(name, tokens, types, scores)
        for c in talks:
            if c["template"] in templates:
                cases.append({"vocabulary": name + ("-chat" if words else ""),
                              "template": c["template"], "talk": c["talk"],
                              "ids": [ids_of(part) for part in c["prompt"].split("<image>")]})
    path = HERE / "prompt-ids.json"
    path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    print(len(cases))


main()
