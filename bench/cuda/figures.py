"""Images per second of CLIP's image towers in PyTorch eager on a CUDA device, images in host memory, weights random.

One line per case, as bench/cuda/figures.cpp prints them. Exit status 77 without PyTorch or a device. Needs OpenCLIP for
RN50; the vision transformers are written out below.
"""
import sys
import time

try:
    import torch
    from torch import nn
    import torch.nn.functional as F
except ImportError:
    print("skipped: PyTorch is not installed")
    sys.exit(77)
if not torch.cuda.is_available():
    print("skipped: PyTorch finds no CUDA device")
    sys.exit(77)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, t, w = x.shape
        q, k, v = self.qkv(self.ln_1(x)).view(n, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, w))
        h = self.c_fc(self.ln_2(x))
        return x + self.c_proj(h * torch.sigmoid(1.702 * h))


class VisionTransformer(nn.Module):
    def __init__(self, patch, width, layers, heads, embed):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, patch, patch, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width) * 0.02)
        self.positional_embedding = nn.Parameter(torch.randn((224 // patch) ** 2 + 1, width) * 0.02)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.resblocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])
        self.proj = nn.Parameter(torch.randn(width, embed) * width**-0.5)

    def forward(self, images):
        x = self.conv1(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1).to(x.dtype), x], 1) + self.positional_embedding
        return self.ln_post(self.resblocks(self.ln_pre(x))[:, 0]) @ self.proj


def resnet50():
    try:
        from open_clip.modified_resnet import ModifiedResNet
    except ImportError:
        return None
    return ModifiedResNet(layers=(3, 4, 6, 3), output_dim=1024, heads=32, image_size=224, width=64)


torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
towers = {
    "ViT-B/32": lambda: VisionTransformer(32, 768, 12, 12, 512),
    "ViT-L/14": lambda: VisionTransformer(14, 1024, 24, 16, 768),
    "RN50": resnet50,
}
images = torch.linspace(-1, 1, 256 * 3 * 224 * 224).view(256, 3, 224, 224).pin_memory()
for reduced in (False, True):
    for name, make in towers.items():
        tower = make()
        if tower is None:
            print(f"{name}: skipped: OpenCLIP is not installed")
            continue
        tower = tower.cuda().eval()
        least = float("inf")
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16, enabled=reduced):
            for run in range(12):
                begin = time.perf_counter()
                tower(images.cuda(non_blocking=True)).float().cpu()
                if run >= 2:
                    least = min(least, time.perf_counter() - begin)
        numbers = "autocast to bfloat16" if reduced else "float32"
        print(f"{name}, batch 256, {numbers}: {256 / least:.0f} images/s (PyTorch {torch.__version__}, eager)", flush=True)
