#!/usr/bin/env python3
"""What transformers' CLIPTextModel gives a diffusion model, for a small tower.

    HF_HUB_OFFLINE=1 python3 make_hidden_states.py

needs numpy, torch, safetensors and transformers (made with torch 2.15, transformers 5.23). Writes, beside itself,

    hidden_states.safetensors    three layers of width 16, 77 positions, 60 ids, under transformers' names, exact in half
                                 precision; and, as expected/…:
        ids           80 ids of a text, without those around it
        weights       one per id
        end, zero     (2, 77) the rows of the text: start 58, 75 ids, end 59, padded with 59 or with 0
        NAME.last     (2, 77, 16) after the last block and final_layer_norm; NAME is the padding, end or zero
        NAME.skip     before the last block, then final_layer_norm
        NAME.bare     before the last block
        end.weighted  end.last multiplied by the weights, then by one number per chunk that restores the mean
        pooled        (2, 12) text_embeds
"""
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from make_siglip import stream, weight

torch.set_num_threads(1)
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hidden_states.safetensors")
START, END, VOCABULARY, WIDTH = 58, 59, 60, 16


def main():
    model = CLIPTextModelWithProjection(CLIPTextConfig(
        hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=3, num_attention_heads=2, max_position_embeddings=77,
        vocab_size=VOCABULARY, bos_token_id=START, eos_token_id=END, projection_dim=12)).eval()
    state = {k: weight("hidden/" + k, t.shape) for k, t in model.state_dict().items() if not k.endswith("position_ids")}
    model.load_state_dict(state, strict=False)
    model = model.double()
    random = stream("hidden/ids")
    ids = torch.from_numpy(random.integers(1, START, 80))
    weights = torch.where(torch.arange(80) % 3 == 0, torch.from_numpy(random.integers(2, 7, 80) / 4.0), torch.ones(80, dtype=torch.float64))
    out = {k: t.half() if t.ndim >= 2 else t.float() for k, t in state.items()}
    expected = dict(ids=ids.int(), weights=weights)
    rows, each = torch.full((2, 77), END), torch.ones(2, 77, dtype=torch.float64)
    for row, w, part in zip(rows, each, (slice(0, 75), slice(75, 80))):
        n = len(ids[part])
        row[0], row[1 : n + 1], w[1 : n + 1] = START, ids[part], weights[part]
    for name, pad in (("end", END), ("zero", 0)):
        padded = rows.clone()
        padded[1, 7:] = pad
        with torch.no_grad():
            found = model(input_ids=padded, output_hidden_states=True)
            norm = (model.text_model if hasattr(model.text_model, "final_layer_norm") else model.text_model.text_model).final_layer_norm
            expected[name] = padded.int()
            expected[name + ".last"] = found.last_hidden_state
            expected[name + ".bare"] = found.hidden_states[-2]
            expected[name + ".skip"] = norm(found.hidden_states[-2])
        assert torch.allclose(norm(found.hidden_states[-1]), found.last_hidden_state)
    z = expected["end.last"] * each[:, :, None]
    expected["end.weighted"] = z * (expected["end.last"].mean(dim=(1, 2), keepdim=True) / z.mean(dim=(1, 2), keepdim=True))
    expected["pooled"] = found.text_embeds
    out.update({"expected/" + k: t if t.dtype == torch.int32 else t.float() for k, t in expected.items()})
    save_file({k: t.contiguous() for k, t in out.items()}, PATH)


if __name__ == "__main__":
    main()
