"""Runs one program in its own process and reads its measurements."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
NOT_INSTALLED = 3  # exit status of a peer
LIMIT = 1800  # seconds per process
MEASURED, QUICK = 3.0, 0.3  # seconds to repeat one call


class Failure(Exception):
    """A program that cannot be used; the message names it and the reason."""


@dataclasses.dataclass
class Setting:
    """The paths of programs and data."""

    clip: pathlib.Path
    python: str
    demo: pathlib.Path | None
    data: pathlib.Path
    work: pathlib.Path
    quick: bool

    def places(self):
        """The values of the names in braces."""
        return {
            "work": self.work,
            "vocabulary": self.data / "bpe_simple_vocab_16e6.txt.gz",
            "image": self.data / "images" / "chelsea.png",
            "scratch": self.work / "demo",
            "clip_cpp": os.environ.get("CLIP_CPP") or "$CLIP_CPP",
            **{name: self.work / f"{name}.txt" for name in ("labels", "templates", "questions", "bare")},
        }

    def fill(self, arguments):
        return [a.format(**self.places()) if a.startswith("{") else a for a in arguments]

    def ours(self, arguments):
        program = self.demo if arguments[0] == "demo" else self.clip
        return [program, *self.fill(arguments[arguments[0] == "demo" :])]

    def peer(self, script, *arguments):
        start = [self.python, PEERS / script] if script.endswith(".py") else self.fill([script])
        return start + self.fill(arguments)


def run(command, threads, cache="", limit=LIMIT):
    """Runs a program to completion. Returns its standard output, its seconds and its peak memory in MiB."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    if cache:  # compiled code depends on the thread count
        environment["TORCHINDUCTOR_CACHE_DIR"] = str(cache)
    name = pathlib.Path(command[1] if str(command[1]).endswith(".py") else command[0]).name
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(
                [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment
            )
        except OSError as error:
            raise Failure(f"{name}: {command[0]}: {error.strerror}") from None
        watch = threading.Timer(limit, process.kill)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        watch.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text, problem = (f.read().decode(errors="replace") for f in (out, err))
    if process.returncode:
        lines = problem.strip().splitlines() or ["nothing on standard error"]
        why = lines[-1] if process.returncode == NOT_INSTALLED else f"exit status {process.returncode}: {lines[-1]}"
        raise Failure(f"{name}: {why}")
    return text, seconds, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def measured(line, peak):
    """One result: the program's own numbers, with the peak memory of the process if it reports none."""
    return {
        "seconds_min": line["seconds_min"],
        "seconds_median": line["seconds_median"],
        "peak_mib": line.get("peak_rss_mib") or peak,
        "share_of_peak": line.get("share_of_peak"),
        "note": line.get("note", ""),
    }


def of_process(seconds, peak):
    return measured({"seconds_min": seconds, "seconds_median": seconds}, peak)


def measure_ours(setting, case):
    length = ("--seconds", str(QUICK if setting.quick else MEASURED)) if case.ours[0] == "bench" else ()
    text, seconds, peak = run(setting.ours([*case.ours, *length]), case.threads)
    if case.whole:
        return of_process(seconds, peak)
    if case.ours[0] == "demo":
        seconds = json.loads((setting.work / "demo" / "results.json").read_text())["epoch_seconds"][0]
        return of_process(seconds, peak)
    lines = [line for line in json_lines(text) if case.line in line["case"]]
    if len(lines) != 1:
        raise Failure(f"clip {' '.join(case.ours[:5])}: one line of JSON expected, {len(lines)} found")
    return measured(lines[0], peak)


def measure_peer(setting, case, peer):
    common = ["--threads", str(case.threads)] if peer.script.endswith(".py") else []
    if common and peer.script != "fashion.py":
        quick = ["--warm", "1", "--repeats", "1"] if setting.quick else []
        common += [*quick, "--seconds", str(QUICK if setting.quick else MEASURED), "--data", str(setting.data)]
    command = setting.peer(peer.script, *peer.arguments, *common)
    text, seconds, peak = run(
        command,
        case.threads,
        setting.work / "inductor" / f"{case.name} {peer.name}".replace(" ", "-").replace("/", "-"),
    )
    if case.whole:
        return of_process(seconds, peak)
    lines = json_lines(text)
    if len(lines) != 1:
        raise Failure(f"{peer.name}: one line of JSON expected, {len(lines)} found")
    if "epoch_seconds" in lines[0]:
        return of_process(lines[0]["epoch_seconds"], peak)
    return measured(lines[0], peak)
