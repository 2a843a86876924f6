"""A GGUF language model in transformers (float32, eager attention), from what the file says."""
import math
import subprocess
import sys
import tempfile

import gguf
import numpy as np
import torch
from transformers import (LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM,
                          Phi3Config, Phi3ForCausalLM, Qwen2Config, Qwen2ForCausalLM)
from transformers.modeling_utils import no_init_weights

torch.set_grad_enabled(False)


def scalar(part):
    return part[0].item()


def read(path):
    """(metadata, tensors as float32 torch arrays) of a file."""
    reader = gguf.GGUFReader(path)
    pairs, tensors = {}, {}
    for key, field in reader.fields.items():
        if not field.types or key.startswith("tokenizer."):
            continue
        if field.types[0] == gguf.GGUFValueType.STRING:
            pairs[key] = bytes(field.parts[field.data[0]]).decode()
        elif field.types[0] == gguf.GGUFValueType.ARRAY:
            pairs[key] = [scalar(field.parts[i]) for i in field.data]
        else:
            pairs[key] = scalar(field.parts[field.data[0]])
    for t in reader.tensors:
        values = gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32)
        shape = [int(n) for n in reversed(t.shape)]
        tensors[t.name] = torch.from_numpy(np.ascontiguousarray(values.reshape(shape)))
    return pairs, tensors


def made(maker, name):
    """What the program `make_model` writes for a name."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([maker, name, f"{folder}/model.gguf"], check=True)
        return read(f"{folder}/model.gguf")


def unpermute(rows, heads):
    """The file's llama has the rotated pairs as neighbours; transformers has them in halves."""
    return rows.reshape(heads, -1, 2, *rows.shape[1:]).transpose(1, 2).reshape(rows.shape)


def config_of(pairs, tensors, family, **more):
    a = pairs["general.architecture"]
    said = dict(
        vocab_size=tensors["token_embd.weight"].shape[0],
        hidden_size=pairs[f"{a}.embedding_length"],
        intermediate_size=pairs[f"{a}.feed_forward_length"],
        num_hidden_layers=pairs[f"{a}.block_count"],
        num_attention_heads=pairs[f"{a}.attention.head_count"],
        num_key_value_heads=pairs[f"{a}.attention.head_count_kv"],
        rms_norm_eps=pairs[f"{a}.attention.layer_norm_rms_epsilon"],
        max_position_embeddings=pairs[f"{a}.context_length"],
        rope_theta=pairs[f"{a}.rope.freq_base"],
        tie_word_embeddings="output.weight" not in tensors,
        attn_implementation="eager", pad_token_id=0)
    if family is not LlamaConfig:
        said["sliding_window"] = pairs.get(f"{a}.attention.sliding_window")
    if family is LlamaConfig:
        said["attention_bias"] = "blk.0.attn_q.bias" in tensors
        if f"{a}.rope.scaling.factor" in pairs:
            said["rope_scaling"] = {"rope_type": pairs[f"{a}.rope.scaling.type"],
                                    "factor": pairs[f"{a}.rope.scaling.factor"]}
    if "rope_factors_long.weight" in tensors:
        said["original_max_position_embeddings"] = \
            pairs[f"{a}.rope.scaling.original_context_length"]
        said["rope_scaling"] = {"type": "longrope",
                                "short_factor": tensors["rope_factors_short.weight"].tolist(),
                                "long_factor": tensors["rope_factors_long.weight"].tolist()}
    return family(**{**said, **more})


def state_of(config, tensors):
    """transformers' names for the file's tensors."""
    llama = not isinstance(config, (Qwen2Config, Phi3Config))
    heads = {"q": config.num_attention_heads, "k": config.num_key_value_heads}
    state = {"model.embed_tokens.weight": tensors["token_embd.weight"],
             "model.norm.weight": tensors["output_norm.weight"],
             "lm_head.weight": tensors.get("output.weight", tensors["token_embd.weight"])}
    names = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
             "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
             "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
             "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
    if isinstance(config, Phi3Config):
        names |= {"attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj"}
    for full, values in tensors.items():
        if not full.startswith("blk."):
            continue
        _, layer, name, kind = full.split(".")
        if llama and name in ("attn_q", "attn_k"):
            values = unpermute(values, heads[name[-1]])
        state[f"model.layers.{layer}.{names[name]}.{kind}"] = values
    return state


FAMILIES = {"llama": (LlamaConfig, LlamaForCausalLM), "mistral": (MistralConfig, MistralForCausalLM),
            "qwen2": (Qwen2Config, Qwen2ForCausalLM), "phi3": (Phi3Config, Phi3ForCausalLM)}


def build(pairs, tensors, family, **more):
    """The model; `more` overrides what the file says."""
    kind, model = FAMILIES[family]
    config = config_of(pairs, tensors, kind, **more)
    with no_init_weights():
        made_model = model(config).eval()
    missing, unexpected = made_model.load_state_dict(state_of(config, tensors), strict=False,
                                                     assign=True)
    assert not unexpected, unexpected
    # A bias that the file has not is one of zeros.
    for name in missing:
        assert name.endswith(".bias"), name
        made_model.get_parameter(name).zero_()
    return made_model


def nmse(got, want):
    got, want = got.double(), want.double()
    return (((got - want) ** 2).sum() / (want ** 2).sum()).item()


def greedy(model, embedded, steps):
    """Logits after `embedded` [n, width]; then ids and margins of the best continuation. Without a
    cache: what a family does with long sequences it does with all of this one."""
    first, ids, margins = None, [], []
    embed = model.get_input_embeddings()
    for _ in range(steps):
        logits = model(inputs_embeds=embedded[None], use_cache=False).logits[0, -1]
        first = logits if first is None else first
        best, order = logits.topk(2)
        ids.append(order[0].item())
        margins.append(round((best[0] - best[1]).item(), 4))
        embedded = torch.cat([embedded, embed(order[:1])])
    return first, ids, margins
