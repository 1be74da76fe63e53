"""The text part of a prompt-learning step (CoOp) in PyTorch.

    python3 prompt.py --peer pytorch-compiled --trimmed --classes 100 --threads 2

16 learned vectors shared by all classes precede the class name; ViT-B/32 is frozen. Measured: text features, logits
against 32 image features, cross-entropy, gradient of the vectors, SGD. --trimmed: only the positions that the longest
prompt needs; the published code runs 77. Prints one line of JSON.
"""

import common
import models

LENGTH = 16  # of the context, in tokens
PEERS = {"pytorch": lambda text: text, "pytorch-compiled": lambda text: compiled(text)}


def compiled(text):
    import torch
    import torch._inductor.config

    torch._inductor.config.freezing = True
    return torch.compile(text, dynamic=False)


def main():
    a = common.arguments(
        __doc__, PEERS, ("--classes", {"type": int, "default": 100}), ("--trimmed", {"action": "store_true"})
    )
    import torch
    from torch.nn.functional import cross_entropy, normalize

    torch.set_num_threads(a.threads)
    model = models.create("ViT-B-32").requires_grad_(False)
    names = common.imagenet(a.data)[0]
    names = names[:: len(names) // a.classes][: a.classes]
    ids = torch.from_numpy(models.token_ids(a.data, [" ".join(["X"] * LENGTH) + f" {name}." for name in names]))
    end = ids.argmax(-1)
    n = int(end.max()) + 1 if a.trimmed else ids.shape[1]
    before, _, after = model.token_embedding(ids[:, :n]).split([1, LENGTH, n - 1 - LENGTH], 1)
    context = torch.nn.Parameter(torch.randn(LENGTH, before.shape[-1]) * 0.02)

    def encode(context):
        x = torch.cat([before, context.expand(len(names), -1, -1), after], 1) + model.positional_embedding[:n]
        x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:n, :n]))
        return normalize(x[torch.arange(len(names)), end] @ model.text_projection, dim=-1)

    text = PEERS[a.peer](encode)
    optimizer = torch.optim.SGD([context], lr=0.002, momentum=0.9, weight_decay=5e-4)
    image = normalize(torch.randn(32, model.text_projection.shape[1]), dim=-1)
    label = torch.randint(0, len(names), (32,))

    def step():
        loss = cross_entropy(100 * image @ text(context).T, label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    common.report(common.measure(a, step), note=f"{n} positions")


if __name__ == "__main__":
    common.run(main)
