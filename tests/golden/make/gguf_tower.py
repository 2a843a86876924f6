"""A GGUF vision file in transformers (CLIPVisionModel, float32), the projector's formula, and how
LLaVA-1.5 and 1.6 make pixels of a picture and put tiles together."""
import math

import numpy as np
import torch
from PIL import Image
from transformers import CLIPVisionConfig, CLIPVisionModel

torch.set_grad_enabled(False)


# ---- the tower

class Tower:
    def __init__(self, pairs, tensors):
        self.pairs, self.tensors = pairs, tensors
        said = lambda key: pairs[f"clip.vision.{key}"]
        self.size, self.patch = said("image_size"), said("patch_size")
        self.grid = self.size // self.patch
        self.mean, self.std = (np.float32(said(k)) for k in ("image_mean", "image_std"))
        self.stored = sum(name.endswith(".attn_q.weight") for name in tensors)
        table = math.isqrt(tensors["v.position_embd.weight"].shape[0] - 1)
        self.width = said("embedding_length")
        self.clip = CLIPVisionModel(CLIPVisionConfig(
            hidden_size=self.width, intermediate_size=said("feed_forward_length"),
            num_hidden_layers=self.stored, num_attention_heads=said("attention.head_count"),
            image_size=table * self.patch, patch_size=self.patch,
            hidden_act="gelu" if pairs["clip.use_gelu"] else "quick_gelu",
            layer_norm_eps=said("attention.layer_norm_epsilon"),
            attn_implementation="eager")).eval()
        state = {"vision_model." + k: v for k, v in self.state().items()}
        missing, unexpected = self.clip.load_state_dict(state, strict=False)
        assert not unexpected, unexpected
        assert not [k for k in missing if "position_ids" not in k], missing

    def state(self):
        t, state = self.tensors, {}
        names = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
                 "attn_v": "self_attn.v_proj", "attn_out": "self_attn.out_proj",
                 "ln1": "layer_norm1", "ln2": "layer_norm2", "ffn_up": "mlp.fc1",
                 "ffn_down": "mlp.fc2"}
        # Old converters called fc1, which takes the width of a column, ffn_down.
        if t["v.blk.0.ffn_down.weight"].shape[1] == self.width:
            names["ffn_up"], names["ffn_down"] = names["ffn_down"], names["ffn_up"]
        for full, values in t.items():
            if full.startswith("v.blk."):
                _, _, layer, name, kind = full.split(".")
                state[f"encoder.layers.{layer}.{names[name]}.{kind}"] = values
        for name, file in (("embeddings.patch_embedding.weight", "patch_embd.weight"),
                           ("embeddings.position_embedding.weight", "position_embd.weight"),
                           ("pre_layrnorm.weight", "pre_ln.weight"),
                           ("pre_layrnorm.bias", "pre_ln.bias"),
                           ("post_layernorm.weight", "post_ln.weight"),
                           ("post_layernorm.bias", "post_ln.bias")):
            state[name] = t["v." + file]
        state["embeddings.class_embedding"] = t["v.class_embd"].reshape(-1)
        return state

    def layer(self):
        """Index into hidden_states: LLaVA's -2 of CLIP-L's 24 blocks is after 23 of them."""
        said = self.pairs.get("clip.vision.feature_layer")
        return said[0] if said else 23 if self.stored == 24 else self.stored

    def project(self, x):
        t = self.tensors
        linear = lambda name, x: x @ t[name + ".weight"].T + t[name + ".bias"]
        if "mm.weight" in t:
            return linear("mm", x)
        x = linear("mm.0", x)
        return linear("mm.2", torch.nn.functional.gelu(x)) if "mm.2.weight" in t else x

    def rows(self, pixels, layer=None):
        """[tiles, 3, size, size] -> [tiles, grid * grid, projects_to]"""
        seen = self.clip(torch.from_numpy(pixels), output_hidden_states=True,
                         interpolate_pos_encoding=True).hidden_states
        return self.project(seen[self.layer() if layer is None else layer][:, 1:])


# ---- pixels

def resize(image, width, height):
    """Pillow's bicubic, one axis a call, the horizontal one first."""
    return image.resize((width, image.height), Image.BICUBIC).resize((width, height), Image.BICUBIC)


def normalise(tower, image):
    values = np.asarray(image, np.float32) / np.float32(255)
    return ((values - tower.mean) / tower.std).transpose(2, 0, 1)


def padded(tower, image):
    """LLaVA-1.5: the picture in the middle of a square of the mean colour."""
    side = max(image.size)
    square = Image.new("RGB", (side, side), tuple(int(float(m) * 255) for m in tower.mean))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return normalise(tower, resize(square, tower.size, tower.size))[None]


def best_grid(shapes, width, height):
    """Most of the picture's own pixels kept, then least of the plane wasted, then the first."""
    def order(shape):
        scale = min(shape[0] / width, shape[1] / height)
        kept = min(int(width * scale) * int(height * scale), width * height)
        return -kept, shape[0] * shape[1] - kept
    return min(shapes, key=order)


def tiled(tower, image):
    """LLaVA-1.6: the whole, squeezed, then the tiles of the picture on black. Also the grid."""
    flat = tower.pairs["clip.vision.image_grid_pinpoints"]
    shape = best_grid(list(zip(flat[::2], flat[1::2])), *image.size)
    ratios = shape[0] / image.width, shape[1] / image.height
    if ratios[0] < ratios[1]:
        fitted = shape[0], min(math.ceil(image.height * ratios[0]), shape[1])
    else:
        fitted = min(math.ceil(image.width * ratios[1]), shape[0]), shape[1]
    plane = Image.new("RGB", shape)
    plane.paste(resize(image, *fitted), ((shape[0] - fitted[0]) // 2, (shape[1] - fitted[1]) // 2))
    s = tower.size
    tiles = [resize(image, s, s)]
    tiles += [plane.crop((x, y, x + s, y + s))
              for y in range(0, shape[1], s) for x in range(0, shape[0], s)]
    return np.stack([normalise(tower, t) for t in tiles]), (shape[0] // s, shape[1] // s)


# ---- rows of a picture

def shown(columns, lines, width, height):
    """The part of a plane of patches that is picture and not margin, as slices (lines, columns)."""
    if width / height > columns / lines:
        margin = (lines - int(height * (columns / width))) // 2
        return slice(margin, lines - margin), slice(None)
    margin = (columns - int(width * (lines / height))) // 2
    return slice(None), slice(margin, columns - margin)


def joined(tower, rows, grid, width, height):
    """spatial_unpad: the whole's rows; then the plane's lines without margin, a newline each."""
    g, n = tower.grid, rows.shape[-1]
    plane = rows[1:].reshape(grid[1], grid[0], g, g, n).transpose(1, 2)
    plane = plane.reshape(grid[1] * g, grid[0] * g, n)[shown(grid[0] * g, grid[1] * g, width, height)]
    newline = next(v for k, v in tower.tensors.items() if k.endswith("image_newline"))
    lines = [torch.cat([line, newline.reshape(1, n)]) for line in plane]
    return torch.cat([rows[0], *lines])


def picture_rows(tower, image):
    """(pixels, rows) of a picture, by what the file says."""
    if "clip.vision.image_grid_pinpoints" not in tower.pairs:
        pixels = padded(tower, image)
        return pixels, tower.rows(pixels)[0]
    pixels, grid = tiled(tower, image)
    rows = torch.cat([tower.rows(p[None]) for p in pixels])
    if tower.pairs["clip.vision.mm_patch_merge_type"] == "flat":
        return pixels, rows.flatten(0, 1)
    return pixels, joined(tower, rows, grid, *image.size)
