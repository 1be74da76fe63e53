"""A step of prompt learning: bench_prompt beside PyTorch, in turns.

    python3 bench/prompt.py --bench build/release/bench/bench_prompt [--classes 100] [--rounds 3] [--threads 2] [--eager] [--recompute inside]

Needs torch. ViT-B/32's text tower with random weights, 16 vectors before the names, features of 32 images: features of the prompts,
logits, cross-entropy, gradient of the vectors, SGD. PyTorch computes the positions that the longest prompt needs, no gradient of a
frozen weight, compiled unless --eager. Prints milliseconds of every round, those of all threads together (which other work on the
machine changes less), the memory that steps take beside the model, and the ratios of the minima. The memory of the compiled program
is counted after its first steps, so that the compiler's own is left out.
"""

import argparse
import ctypes
import json
import os
import pathlib
import re
import subprocess
import sys

LENGTH, WIDTH, HEADS, LAYERS, START, END, DOT = 16, 512, 8, 12, 49406, 49407, 269


def memory_mib(name):
    return int(re.search(rf"{name}:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1024


def peer(classes, compiled):
    """Measures PyTorch in this process: prints a JSON object."""
    import time

    import torch
    import torch.nn.functional as F

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(1)

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1, self.ln_2 = torch.nn.LayerNorm(WIDTH), torch.nn.LayerNorm(WIDTH)
            self.qkv, self.out = torch.nn.Linear(WIDTH, 3 * WIDTH), torch.nn.Linear(WIDTH, WIDTH)
            self.c_fc, self.c_proj = torch.nn.Linear(WIDTH, 4 * WIDTH), torch.nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x):
            n, length, _ = x.shape
            q, k, v = self.qkv(self.ln_1(x)).view(n, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(n, length, WIDTH))
            h = self.c_fc(self.ln_2(x))
            return x + self.c_proj(h * torch.sigmoid(1.702 * h))

    blocks = torch.nn.Sequential(*[Block() for _ in range(LAYERS)]).requires_grad_(False)
    final = torch.nn.LayerNorm(WIDTH).requires_grad_(False)
    table, projection = torch.randn(49408, WIDTH) * 0.02, torch.randn(WIDTH, WIDTH) * WIDTH**-0.5

    names = [[1000 + (c * 37 + j * 101) % 40000 for j in range(1 + c % 3)] for c in range(classes)]
    rows = [[START] + [0] * LENGTH + name + [DOT, END] for name in names]
    end = torch.tensor([len(row) - 1 for row in rows])
    longest = int(end.max()) + 1
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    positions = torch.randn(longest, WIDTH) * 0.01
    before, after = table[ids[:, :1]], table[ids[:, 1 + LENGTH :]]
    context = torch.nn.Parameter(torch.randn(LENGTH, WIDTH) * 0.02)
    images, labels = F.normalize(torch.randn(32, WIDTH), dim=-1), torch.arange(32) % classes
    optimizer = torch.optim.SGD([context], lr=0.002, momentum=0.9, weight_decay=5e-4)

    def encode(context):
        x = torch.cat([before, context.expand(classes, -1, -1), after], 1) + positions
        x = blocks(x)[torch.arange(classes), end]
        return F.normalize(final(x) @ projection, dim=-1)

    if compiled:
        import torch._inductor.config

        torch._inductor.config.freezing = True
        encode = torch.compile(encode, dynamic=False)

    def step():
        loss = F.cross_entropy(100 * images @ encode(context).T, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    if compiled:
        step()
        step()
        ctypes.CDLL("libc.so.6").malloc_trim(0)  # returns what the steps left free
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    at_rest = memory_mib("VmRSS")
    step()
    taken, worked = [], time.process_time()
    while len(taken) < 3 or sum(taken) < 3:
        begin = time.perf_counter()
        step()
        taken.append(time.perf_counter() - begin)
    worked = (time.process_time() - worked) / len(taken)
    print(json.dumps({"ms": 1000 * min(taken), "cpu": 1000 * worked, "extra": memory_mib("VmHWM") - at_rest}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", help="our program")
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--eager", action="store_true", help="PyTorch without its compiler")
    recomputed = ["nothing", "inside", "blocks"]
    parser.add_argument("--recompute", choices=recomputed, default="nothing", help="what ours recomputes (TapeOptions)")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return peer(options.classes, not options.eager)
    if not options.bench:
        parser.error("--bench is required")
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads), "MKL_NUM_THREADS": str(options.threads)}
    recompute = recomputed.index(options.recompute)
    case = f"--benchmark_filter=classes:{options.classes}/threads:{options.threads}/recompute:{recompute}/"
    ours, theirs = [], []
    for _ in range(options.rounds):
        text = subprocess.run([options.bench, case, "--benchmark_format=json"], stdout=subprocess.PIPE, check=True, text=True).stdout
        run = json.loads(text)["benchmarks"][0]
        ours.append({"ms": run["real_time"], "cpu": run["cpu_time"], "extra": run["extra MiB"]})
        again = [sys.executable, __file__, "--peer", "--classes", str(options.classes)] + ["--eager"] * options.eager
        text = subprocess.run(again, stdout=subprocess.PIPE, check=True, text=True, env=environment).stdout
        theirs.append(json.loads(text))
        for name, run in ("ours", ours[-1]), ("PyTorch", theirs[-1]):
            print(f"{name}: {run['ms']:.0f} ms, {run['cpu']:.0f} ms of all threads, {run['extra']:.0f} MiB", flush=True)
    for key in ("ms", "cpu", "extra"):
        a, b = min(run[key] for run in ours), min(run[key] for run in theirs)
        print(f"{key}: {a:.0f} / {b:.0f} = {a / b:.3f}")


if __name__ == "__main__":
    main()
