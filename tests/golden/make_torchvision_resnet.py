#!/usr/bin/env python3
"""Small CLIPs whose image towers are ResNets of torchvision, of basic and of bottleneck blocks.

    HF_HUB_OFFLINE=1 python3 make_torchvision_resnet.py

needs numpy, torch, torchvision, safetensors and open_clip_torch (made with torch 2.15, torchvision 0.29). Writes, beside itself,

    torchvision_resnet/basic.safetensors            images of 70 pixels, width 4, stages of 2, 1, 2, 1 basic blocks
    torchvision_resnet/bottleneck.safetensors       images of 66 pixels, width 3, stages of 1, 2, 1, 1 bottleneck blocks
    torchvision_resnet/NAME_alone.safetensors       the image tower under torchvision's names
    torchvision_resnet/NAME_expected.safetensors    as make_tinyclip.py

70 pixels reach the padding of the strided convolutions. The text tower is make_tinyclip.py's, of one layer. Computed in double
precision by torchvision's ResNet, whose widths are divided.
"""
import os

import torch
import torchvision.models.resnet as resnet

import make_tinyclip as tiny

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torchvision_resnet")
WIDTH, EMBEDDING = 16, 12
DRAW_BASIC, DRAW_BOTTLENECK = 20, 27


def narrow(block, layers, width):
    """A ResNet of so many channels after the stem instead of 64."""
    model = resnet.ResNet(block, layers, num_classes=EMBEDDING)
    model.conv1, model.bn1 = torch.nn.Conv2d(3, width, 7, 2, 3, bias=False), torch.nn.BatchNorm2d(width)
    model.inplanes = width
    for stage, blocks in enumerate(layers):
        setattr(model, f"layer{stage + 1}", model._make_layer(block, width << stage, blocks, stride=1 if stage == 0 else 2))
    model.fc = torch.nn.Linear((width << 3) * block.expansion, EMBEDDING)
    return model.double()


def make(name, draw, side, block, layers, width):
    """`draw` names the stream of the weights: one of which no ReLU and no maximum is so near to a tie that rounding decides it."""
    model = torch.nn.Module()
    model.visual = narrow(block, layers, width).eval()
    shapes = {k: t.shape for k, t in model.state_dict().items()}
    shapes |= tiny.shapes_of_pruned(1, EMBEDDING, 8, ((1, (), ()), (WIDTH, (2,), (4 * WIDTH,))))
    unwanted = ("visual.class_embedding", "visual.positional_embedding", "visual.proj", "visual.ln_pre", "visual.ln_post")
    tensors = {k: tiny.value(f"torchvision_resnet/{name}{draw}/{k}", s) for k, s in shapes.items() if not k.startswith(unwanted)}
    tensors["visual.conv1.weight"] = tiny.value(f"torchvision_resnet/{name}{draw}/visual.conv1.weight", (width, 3, 7, 7))
    model.load_state_dict({k: t for k, t in tensors.items() if k.startswith("visual.")})
    tiny.write(name, tensors)
    tiny.write(name + "_alone", {k.removeprefix("visual."): t for k, t in tensors.items() if k.startswith("visual.")})
    text = {k: t.double().requires_grad_() for k, t in tensors.items() if not k.startswith("visual.")}
    leaves = {k: p for k, p in model.named_parameters()} | text
    tiny.make(name, side, leaves, model.visual, lambda ids: tiny.encode_text(text, ids, 8), model)


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    tiny.FOLDER = FOLDER
    make("basic", DRAW_BASIC, 70, resnet.BasicBlock, (2, 1, 2, 1), 4)
    make("bottleneck", DRAW_BOTTLENECK, 66, resnet.Bottleneck, (1, 2, 1, 1), 3)
