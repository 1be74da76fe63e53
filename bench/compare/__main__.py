"""Benchmarks this library against every installed peer and checks the goals of cases.py.

    python3 bench/compare --clip build/release/examples/clip/clip --peers PEERS/bin/python --data DATA [--only PREFIXES]

Every measurement runs in its own process, with the same number of threads and the same inputs. In each round ours runs
first, then every peer. The folder of --output receives runs.csv (every run; running a case again replaces its lines),
table.csv, table.md and plot.svg, which are updated after each run. bench/peers/README.md describes PEERS and DATA. This
program needs only Python. Exit status: 0; 1 if a peer computes other results than we do, or nothing could be measured;
2 for a wrong command line.
"""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

import agreement
import cases
import plot
import programs
import table


def prepare(setting, names):
    """Writes the inputs and the files of the peers. If a file cannot be made, the
    peers that need it fail later, by name.
    """
    setting.work.mkdir(parents=True, exist_ok=True)
    labels, templates = (
        json.loads((setting.data / f"imagenet_{name}.json").read_text()) for name in ("classes", "templates")
    )
    texts = {"labels": labels, "templates": templates, "bare": ["{}"], "questions": cases.QUESTIONS}
    for name, lines in texts.items():
        (setting.work / f"{name}.txt").write_text("".join(line + "\n" for line in lines))
    folder = "ViT-B-32-huggingface"
    wanted = list(dict.fromkeys(["ViT-B-32.safetensors" if name == folder else name for name in names]))
    missing = [name for name in wanted if not (setting.work / name).exists()]
    try:
        if missing:
            print("exporting " + ", ".join(missing), file=sys.stderr)
            programs.run(
                setting.peer("export.py", "--work", str(setting.work), "--data", str(setting.data), *missing),
                os.cpu_count(),
            )
        if folder in names and not (setting.work / folder).exists():
            weights = setting.work / "ViT-B-32.safetensors"
            programs.run(
                [
                    setting.clip,
                    "convert",
                    weights,
                    setting.work / folder,
                    "--model",
                    "ViT-B/32",
                    "--dialect",
                    "huggingface",
                ],
                os.cpu_count(),
            )
    except programs.Failure as failure:
        print(failure, file=sys.stderr)


def run_case(setting, case, peers, rounds, tell):
    """Runs every program once per round; reports a program that fails and skips it from then on."""
    out = set()
    if case.whole:
        rounds += 1  # the first round fills the file cache of the system
    for turn in range(rounds):
        for program in ("ours", *peers):
            name = program if program == "ours" else program.name
            if name in out:
                continue
            try:
                found = (
                    programs.measure_ours(setting, case)
                    if program == "ours"
                    else programs.measure_peer(setting, case, program)
                )
            except programs.Failure as failure:
                print(f"{case.name:32} {name:28} skipped: {failure}", file=sys.stderr, flush=True)
                tell(
                    {
                        "case": case.name,
                        "program": name,
                        "round": turn,
                        "seconds_min": None,
                        "note": f"skipped: {failure}".replace("|", "/"),
                    }
                )
                if program == "ours":
                    return
                out.add(name)
                continue
            if case.whole and turn == 0:
                continue
            print(f"{case.name:32} {name:28} {table.in_words(found['seconds_min'])}", file=sys.stderr, flush=True)
            tell({"case": case.name, "program": name, "round": turn} | found)


def heading(setting, rounds):
    code = (
        "import importlib.metadata as m\n"
        "for n in 'torch torchvision open_clip_torch transformers tokenizers onnxruntime openvino pillow "
        "opencv-python-headless'.split():\n"
        " try: print(n, m.version(n))\n"
        " except m.PackageNotFoundError: print(n, 'not installed')"
    )
    peers = (
        subprocess.run([setting.python, "-c", code], capture_output=True, text=True).stdout.strip().replace("\n", ", ")
    )
    cpu = platform.processor() or "unknown"
    if pathlib.Path("/proc/cpuinfo").exists():
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(": ")[1] for line in lines if line.startswith("model name")), cpu)
    return f"""# Ours and the others

{cpu}, {os.cpu_count()} cores. {peers}.

ViT-B/32 unless stated; b: batch, t: threads. Rounds of each program, alternating: {rounds} (fewer where one call takes
many seconds, five for cold starts; the last table counts them). Minimum: over all rounds; median: of the rounds'
medians. A ratio is our value over the peer's: below 1, ours is faster or smaller. Share of peak: nominal operations of
the padded tower over the measured peak of multiply-adds in registers; skipped work can raise it above 100 %. Heads:
ours runs all classes, the peers as stated in the last column. Prompts: "a photo of a {{label}}." with ImageNet's
labels in order.

"""


def write(output, runs, head):
    every = cases.every()
    table.write_csv(output / "runs.csv", table.RUN_COLUMNS, runs)
    rows = table.rows_of(every, runs)
    table.write_csv(output / "table.csv", table.COLUMNS, rows)
    text = head + table.markdown(rows) + agreement.markdown(output / "agreement.csv")
    (output / "table.md").write_text(text + "\n## Every program\n\n" + table.all_programs(every, runs))
    (output / "plot.svg").write_text(plot.svg(every, runs))


def arguments():
    parser = argparse.ArgumentParser(
        prog="bench/compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    listed = lambda text: [word for word in text.split(",") if word]
    parser.add_argument("--clip", type=pathlib.Path, help="our command-line tool, clip")
    parser.add_argument("--demo", type=pathlib.Path, help="our program fashion_mnist (default: skip the epoch case)")
    parser.add_argument("--peers", default=sys.executable, help="a Python with the peers installed (default: this one)")
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        default=os.environ.get("CLIP_TEST_DATA"),
        help="folder with vocabulary, ImageNet names, images (default: $CLIP_TEST_DATA)",
    )
    parser.add_argument(
        "--only",
        type=listed,
        default=[],
        help="prefixes of case names, comma-separated; agree: the check of equal results",
    )
    parser.add_argument(
        "--threads", type=listed, default=["1", "2"], help="cases with these thread counts (default: 1,2)"
    )
    parser.add_argument("--peer", type=listed, default=[], help="names of the peers to run (default: all)")
    parser.add_argument(
        "--runs", type=int, default=cases.DEFAULT_ROUNDS, help=f"rounds of a case (default: {cases.DEFAULT_ROUNDS})"
    )
    parser.add_argument("--quick", action="store_true", help="one round, few repeats: checks that everything runs")
    parser.add_argument(
        "--work",
        type=pathlib.Path,
        help="folder for exported models, some gigabytes; kept (default: a new temporary folder)",
    )
    parser.add_argument(
        "--output", type=pathlib.Path, default=pathlib.Path("compare"), help="folder for the results (default: compare)"
    )
    parser.add_argument("--list", action="store_true", help="print the names of the cases and their peers")
    return parser, parser.parse_args()


def main():
    parser, a = arguments()
    chosen = [
        c
        for c in cases.every()
        if str(c.threads) in a.threads and (not a.only or any(c.name.startswith(word) for word in a.only))
    ]
    agree = not a.only or "agree" in a.only
    if a.list:
        for c in chosen:
            print(f"{c.name:32} {', '.join(p.name for p in c.peers)}")
        return 0
    if not a.clip or not a.data:
        parser.error("--clip and --data are required")
    if not (a.data / "imagenet_classes.json").exists():
        parser.error(f"--data: {a.data}: imagenet_classes.json not found; bench/peers/README.md describes this folder")
    if not chosen and not agree:
        parser.error("--only: no case name begins with " + " or ".join(a.only))
    a.work = a.work or pathlib.Path(tempfile.mkdtemp(prefix="clip-compare-"))
    print(f"work folder: {a.work}", file=sys.stderr)
    setting = programs.Setting(
        a.clip.resolve(), a.peers, a.demo and a.demo.resolve(), a.data.resolve(), a.work.resolve(), a.quick
    )
    chosen = [c for c in chosen if setting.demo or c.ours[0] != "demo"]
    peers = {c.name: [p for p in c.peers if not a.peer or p.name in a.peer] for c in chosen}
    a.output.mkdir(parents=True, exist_ok=True)
    towers = (
        agreement.towers([p for c in chosen or cases.every() for p in c.peers if not a.peer or p.name in a.peer])
        if agree
        else []
    )
    prepare(
        setting,
        [name for c in chosen for name in c.files]
        + [name for of in peers.values() for p in of for name in p.files]
        + [name for p in towers for name in (*p.files, agreement.weights(p))],
    )
    same = agreement.check(setting, towers, a.output / "agreement.csv") if agree else True

    head, runs, measured = heading(setting, a.runs), table.read_runs(a.output / "runs.csv"), 0

    def keep(run):  # at once: an interrupted comparison keeps its runs
        nonlocal measured
        measured += run["seconds_min"] is not None
        runs.append(run)
        write(a.output, runs, head)

    for case in chosen:
        runs[:] = [run for run in runs if run["case"] != case.name]
        run_case(
            setting,
            case,
            peers[case.name],
            1 if a.quick else case.rounds if case.rounds != cases.DEFAULT_ROUNDS else a.runs,
            keep,
        )
    write(a.output, runs, head)
    print(a.output / "table.md")
    return 0 if same and (measured or not chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
