"""Times this library beside every peer that is installed, in turns, and says how far each goal is reached.

    python3 bench/compare --clip build/release/examples/clip/clip --peers PEERS/bin/python --data DATA [--only image,text]

Every measurement is a process of its own with the same thread count and equal inputs; in each round ours comes first, then every peer. --output
holds runs.csv (every single run; cases that are run again replace their lines), table.csv, table.md and plot.svg, written anew after each
run. bench/peers/README.md says how to make PEERS and what DATA is. This program needs Python alone. Exit status: 0; 1 when a peer computes
something else than we do, or nothing could be measured; 2 for a wrong command line.
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
    """Writes the inputs, and the files the peers start from; a form that cannot be made fails its peers later, by name."""
    setting.work.mkdir(parents=True, exist_ok=True)
    labels, templates = (json.loads((setting.data / f"imagenet_{name}.json").read_text()) for name in ("classes", "templates"))
    texts = {"labels": labels, "templates": templates, "bare": ["{}"], "questions": cases.QUESTIONS}
    for name, lines in texts.items():
        (setting.work / f"{name}.txt").write_text("".join(line + "\n" for line in lines))
    folder = "ViT-B-32-huggingface"
    wanted = list(dict.fromkeys(["ViT-B-32.safetensors" if name == folder else name for name in names]))
    missing = [name for name in wanted if not (setting.work / name).exists()]
    try:
        if missing:
            print("exporting " + ", ".join(missing), file=sys.stderr)
            programs.run(setting.peer("export.py", "--work", str(setting.work), "--data", str(setting.data), *missing), os.cpu_count())
        if folder in names and not (setting.work / folder).exists():
            weights = setting.work / "ViT-B-32.safetensors"
            programs.run([setting.clip, "convert", weights, setting.work / folder, "--model", "ViT-B/32", "--dialect", "huggingface"], os.cpu_count())
    except programs.Failure as failure:
        print(failure, file=sys.stderr)


def run_case(setting, case, peers, rounds, tell):
    """Every program in turns; one that fails is named once and left out."""
    out = set()
    if case.whole:
        rounds += 1                                                 # the first brings the files into the system's memory
    for turn in range(rounds):
        for program in ("ours", *peers):
            name = program if program == "ours" else program.name
            if name in out:
                continue
            try:
                found = programs.measure_ours(setting, case) if program == "ours" else programs.measure_peer(setting, case, program)
            except programs.Failure as failure:
                print(f"{case.name:32} {name:28} skipped: {failure}", file=sys.stderr, flush=True)
                tell({"case": case.name, "program": name, "round": turn, "seconds_min": None, "note": f"skipped: {failure}".replace("|", "/")})
                if program == "ours":
                    return
                out.add(name)
                continue
            if case.whole and turn == 0:
                continue
            print(f"{case.name:32} {name:28} {table.in_words(found['seconds_min'])}", file=sys.stderr, flush=True)
            tell({"case": case.name, "program": name, "round": turn} | found)


def heading(setting, rounds):
    code = ("import importlib.metadata as m\nfor n in 'torch torchvision open_clip_torch transformers tokenizers onnxruntime openvino pillow "
            "opencv-python-headless'.split():\n try: print(n, m.version(n))\n except m.PackageNotFoundError: print(n, 'not installed')")
    peers = subprocess.run([setting.python, "-c", code], capture_output=True, text=True).stdout.strip().replace("\n", ", ")
    cpu = platform.processor() or "unknown"
    if pathlib.Path("/proc/cpuinfo").exists():
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(": ")[1] for line in lines if line.startswith("model name")), cpu)
    return f"""# Ours and the others

{cpu}, {os.cpu_count()} cores. {peers}.

ViT-B/32 unless said; b: batch, t: threads. Rounds of each program, in turns: {rounds} (fewer where one call takes many seconds, five for cold
starts; the last table counts them). Minimum: the least of all rounds; median: the median of the rounds' medians. A ratio is ours over the
peer's: below 1 ours is faster or smaller. Share of peak: the nominal operations of the padded tower against register-only multiply-adds on
this machine, so work left out can make it more than 100 %. Heads: ours is run whole, the peers' as the last column says. Prompts:
"a photo of a {{label}}." with ImageNet's labels in order.

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
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    listed = lambda text: [word for word in text.split(",") if word]
    parser.add_argument("--clip", type=pathlib.Path, help="our program, clip")
    parser.add_argument("--demo", type=pathlib.Path, help="our program fashion_mnist; without it the epoch is left out")
    parser.add_argument("--peers", default=sys.executable, help="a Python with the peers (default: this one)")
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("CLIP_TEST_DATA"), help="vocabulary and so on (default: $CLIP_TEST_DATA)")
    parser.add_argument("--only", type=listed, default=[], help="words; cases whose name begins with one of them, and agree: who computes the same")
    parser.add_argument("--threads", type=listed, default=["1", "2"], help="cases with these thread counts (default: 1,2)")
    parser.add_argument("--peer", type=listed, default=[], help="only these peers, by name")
    parser.add_argument("--runs", type=int, default=cases.DEFAULT_ROUNDS, help=f"rounds of a case (default: {cases.DEFAULT_ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="one round, peers repeat once: to see that everything runs")
    parser.add_argument("--work", type=pathlib.Path, help="for exported models, some gigabytes; kept (default: a new folder for temporary files)")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("compare"), help="for the results (default: compare)")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and their peers")
    return parser, parser.parse_args()


def main():
    parser, a = arguments()
    chosen = [c for c in cases.every() if str(c.threads) in a.threads and (not a.only or any(c.name.startswith(word) for word in a.only))]
    agree = not a.only or "agree" in a.only
    if a.list:
        for c in chosen:
            print(f"{c.name:32} {', '.join(p.name for p in c.peers)}")
        return 0
    if not a.clip or not a.data:
        parser.error("--clip and --data are needed")
    if not (a.data / "imagenet_classes.json").exists():
        parser.error(f"--data: {a.data}: no imagenet_classes.json in it; bench/peers/README.md says what belongs there")
    if not chosen and not agree:
        parser.error("--only: no case's name begins with " + " or ".join(a.only))
    a.work = a.work or pathlib.Path(tempfile.mkdtemp(prefix="clip-compare-"))
    print(f"work folder: {a.work}", file=sys.stderr)
    setting = programs.Setting(a.clip.resolve(), a.peers, a.demo and a.demo.resolve(), a.data.resolve(), a.work.resolve(), a.quick)
    chosen = [c for c in chosen if setting.demo or c.ours[0] != "demo"]
    peers = {c.name: [p for p in c.peers if not a.peer or p.name in a.peer] for c in chosen}
    a.output.mkdir(parents=True, exist_ok=True)
    towers = agreement.towers([p for c in chosen or cases.every() for p in c.peers if not a.peer or p.name in a.peer]) if agree else []
    prepare(setting, [name for c in chosen for name in c.files] + [name for of in peers.values() for p in of for name in p.files] +
            [name for p in towers for name in (*p.files, agreement.weights(p))])
    same = agreement.check(setting, towers, a.output / "agreement.csv") if agree else True

    head, runs, measured = heading(setting, a.runs), table.read_runs(a.output / "runs.csv"), 0

    def keep(run):                                                  # at once: who ends a long comparison early keeps what is there
        nonlocal measured
        measured += run["seconds_min"] is not None
        runs.append(run)
        write(a.output, runs, head)

    for case in chosen:
        runs[:] = [run for run in runs if run["case"] != case.name]
        run_case(setting, case, peers[case.name], 1 if a.quick else case.rounds if case.rounds != cases.DEFAULT_ROUNDS else a.runs, keep)
    write(a.output, runs, head)
    print(a.output / "table.md")
    return 0 if same and (measured or not chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
