"""The result table: one row per goal, ours against the peer of the goal, or against the fastest."""

import csv
import statistics

RUN_COLUMNS = ("case", "program", "round", "seconds_min", "seconds_median", "peak_mib", "share_of_peak", "note")
COLUMNS = (
    "case",
    "of",
    "ours_min",
    "ours_median",
    "peer",
    "peer_min",
    "peer_median",
    "ratio_min",
    "ratio_median",
    "goal",
    "met",
    "ours_share",
    "peer_share",
    "ours_mib",
    "peer_mib",
    "note",
)


def read_runs(path):
    if not path.exists():
        return []
    with path.open(newline="") as file:
        runs = list(csv.DictReader(file))
    for run in runs:
        for key in ("seconds_min", "seconds_median", "peak_mib", "share_of_peak"):
            run[key] = float(run[key]) if run[key] else None
    return runs


def write_csv(path, columns, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(
            {key: f"{x:.6g}" if isinstance(x, float) else x for key, x in row.items() if key in columns} for row in rows
        )


def summarise(runs):
    """{case: {program: numbers}}: minimum and median over the rounds; skipped programs are omitted."""
    found = {}
    for run in (r for r in runs if r["seconds_min"]):
        found.setdefault(run["case"], {}).setdefault(run["program"], []).append(run)
    for programs in found.values():
        for name, of in programs.items():
            shares = [r["share_of_peak"] for r in of if r["share_of_peak"]]
            programs[name] = {
                "min": min(r["seconds_min"] for r in of),
                "median": statistics.median(r["seconds_median"] for r in of),
                "mib": statistics.median(r["peak_mib"] for r in of),
                "share": max(shares, default=None),
                "note": of[0]["note"],
                "rounds": len(of),
            }
    return found


def fastest(programs):
    """The name of the fastest peer, or None."""
    peers = [name for name in programs if name != "ours"]
    return min(peers, key=lambda name: programs[name]["min"], default=None)


def row_of(case, goal, found):
    """One row, or None if ours or the peer was not measured."""
    programs = found.get(case.name, {})
    peer = goal.against if goal and goal.against and goal.of != "extra memory" else fastest(programs)
    if "ours" not in programs or peer not in programs:
        return None
    ours, theirs = programs["ours"], programs[peer]
    # Both do the same nominal work, so the peer's share of the peak follows from the ratio of the times.
    share = ours["share"] * ours["min"] / theirs["min"] if ours["share"] else None
    row = {
        "case": case.name,
        "of": goal.of if goal else "time",
        "ours_min": ours["min"],
        "ours_median": ours["median"],
        "peer": peer,
        "peer_min": theirs["min"],
        "peer_median": theirs["median"],
        "ratio_min": ours["min"] / theirs["min"],
        "ratio_median": ours["median"] / theirs["median"],
        "goal": None,
        "met": "",
        "ours_share": ours["share"],
        "peer_share": share,
        "ours_mib": ours["mib"],
        "peer_mib": theirs["mib"],
        "note": theirs["note"],
    }
    if goal is None:
        return row
    value = row["ratio_min"]
    if goal.of == "memory":
        value = row["ratio_min"] = row["ratio_median"] = ours["mib"] / theirs["mib"]
    if goal.of == "share":
        value = ours["share"]
    if goal.of == "extra memory":
        base = found.get(goal.against, {}).get("ours")
        if base is None:
            return None
        value = ours["mib"] - base["mib"]
        row |= {
            "peer": "our " + goal.against,
            "peer_min": None,
            "peer_median": None,
            "ratio_min": None,
            "ratio_median": None,
            "peer_share": None,
            "peer_mib": base["mib"],
            "note": f"{value:.0f} MiB more",
        }
    if value is None:
        return None
    return row | {
        "goal": goal.limit,
        "met": "yes" if (value >= goal.limit if goal.of == "share" else value <= goal.limit) else "no",
    }


def rows_of(cases, runs):
    found = summarise(runs)
    rows = [row_of(case, goal, found) for case in cases for goal in case.goals or (None,)]
    return [row for row in rows if row]


def in_words(seconds):
    if seconds is None:
        return ""
    for limit, factor, unit in ((1, 1, "s"), (1e-3, 1e3, "ms"), (0, 1e6, "µs")):
        if seconds >= limit:
            return f"{seconds * factor:.3g} {unit}" if seconds < 1000 else f"{seconds:.0f} s"


def goal_in_words(row):
    if row["goal"] is None:
        return ""
    forms = {
        "time": "≤ {:g} ×",
        "memory": "memory ≤ {:g} ×",
        "share": "share ≥ {:.0%}",
        "extra memory": "≤ {:g} MiB more",
    }
    return forms[row["of"]].format(row["goal"])


def markdown(rows):
    number = lambda x, form: "" if x is None else format(x, form)
    lines = [
        "| case | ours, min | median | peer | min | median | ratio of minima | of medians | goal | met "
        "| share of peak, ours | peer "
        "| MiB, ours | peer | |",
        "|---" * 15 + "|",
    ]
    for r in rows:
        cells = [
            r["case"],
            in_words(r["ours_min"]),
            in_words(r["ours_median"]),
            r["peer"],
            in_words(r["peer_min"]),
            in_words(r["peer_median"]),
            number(r["ratio_min"], ".3g"),
            number(r["ratio_median"], ".3g"),
            goal_in_words(r),
            r["met"],
            number(r["ours_share"], ".0%"),
            number(r["peer_share"], ".0%"),
            number(r["ours_mib"], ".0f"),
            number(r["peer_mib"], ".0f"),
            r["note"],
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def all_programs(cases, runs):
    """A table of every program of every case, the fastest first."""
    lines = ["| case | program | min | median | over the fastest | MiB | rounds |", "|---|---|---|---|---|---|---|"]
    found = summarise(runs)
    for case in cases:
        programs = found.get(case.name, {})
        order = sorted(programs, key=lambda name: programs[name]["min"])
        for name in order:
            p = programs[name]
            lines.append(
                f"| {case.name} | {name} | {in_words(p['min'])} | {in_words(p['median'])} "
                f"| {p['min'] / programs[order[0]]['min']:.3g} "
                f"| {p['mib']:.0f} | {p['rounds']} |"
            )
        lines += [
            f"| {case.name} | {r['program']} | {r['note']} | | | | |"
            for r in runs
            if r["case"] == case.name and not r["seconds_min"]
        ]
    return "\n".join(lines) + "\n"
