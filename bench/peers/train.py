"""One training step of both towers of ViT-B/32 in PyTorch.

    python3 train.py --peer pytorch-compiled --dtype f32 --batch 32 --threads 2

Contrastive loss over the batch, fused AdamW with open_clip's settings, prompts padded to 77.
bf16: autocast. Prints one line of JSON.
"""

import common
import models

PEERS = {"pytorch": lambda model: model, "pytorch-compiled": lambda model: compiled(model)}


def compiled(model):
    import torch

    return torch.compile(model, dynamic=False)


def main():
    a = common.arguments(
        __doc__,
        PEERS,
        ("--dtype", {"choices": ["f32", "bf16"], "default": "f32"}),
        ("--batch", {"type": int, "default": 32}),
    )
    import torch
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(a.threads)
    model = models.create("ViT-B-32").train()
    forward = PEERS[a.peer](model)
    groups = [
        {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": 0.2},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=5e-4, betas=(0.9, 0.98), eps=1e-6, fused=True)
    image = torch.from_numpy(models.pixels(a.batch))
    text = torch.from_numpy(models.token_ids(a.data, common.prompts(a.data, a.batch)))
    label = torch.arange(a.batch)

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=a.dtype == "bf16"):
            i, t, scale = forward(image, text)[:3]
            logits = scale * i.float() @ t.float().T
            loss = (cross_entropy(logits, label) + cross_entropy(logits.T, label)) / 2
        loss.backward()
        optimizer.step()

    common.report(common.measure(a, step))


if __name__ == "__main__":
    common.run(main)
