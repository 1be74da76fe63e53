"""Checks that the peers compute the same features as `clip embed`, from the same images, texts and weights."""

import csv

import cases
import programs
import table

COLUMNS = ("model", "part", "dtype", "peer", "rows", "cosine_min", "same")
LIMIT = 0.9999  # smallest cosine in float
IMAGES = ("chelsea.png", "coffee.png", "hopper_gray.jpg")
TEXTS = 8


def option(peer, name):
    return peer.arguments[peer.arguments.index(name) + 1]


def weights(peer):
    return peer.files[0].split(".")[0].removesuffix("-huggingface") + ".safetensors"


def towers(peers):
    """One peer of each kind of tower; the batch size does not matter. SigLIP's texts are not among them, because the
    data has no vocabulary for it: tests/parity compares them.
    """
    kinds = {(p.name, p.files, option(p, "--part"), option(p, "--dtype")): p for p in peers if p.script == "tower.py"}
    return [p for (_, files, part, _), p in kinds.items() if part == "image" or "SigLIP" not in files[0]]


def ours(setting, peer, part):
    """Our features of the images or texts, and the inputs."""
    name = weights(peer).removesuffix(".safetensors")
    features = setting.work / f"{name}.{part}.npy"
    common = [
        setting.clip,
        "embed",
        "--model",
        cases.MODELS[name],
        "--weights",
        setting.work / weights(peer),
        "--threads",
        "2",
        "--output",
        features,
    ]
    if part == "image":
        inputs = [setting.data / "images" / name for name in IMAGES]
        programs.run([*common, "--images", *inputs], 2)
    else:
        inputs = [setting.work / "agree.txt"]
        labels = (setting.work / "labels.txt").read_text().splitlines()[:TEXTS]
        inputs[0].write_text("".join(f"a photo of a {label}.\n" for label in labels))
        programs.run([*common, "--texts", inputs[0], "--vocabulary", setting.places()["vocabulary"]], 2)
    return features, inputs


def check(setting, peers, path):
    """Writes the results to `path`; returns False if the float features of a peer differ from ours."""
    rows, made = [], {}
    for peer in peers:
        part, dtype = option(peer, "--part"), option(peer, "--dtype")
        key = (weights(peer), part)
        row = {"model": weights(peer).removesuffix(".safetensors"), "part": part, "dtype": dtype, "peer": peer.name}
        try:
            if key not in made:
                made[key] = ours(setting, peer, part)
            features, inputs = made[key]
            cut = ("--trimmed",) if "--trimmed" in peer.arguments else ()
            command = setting.peer(
                "agree.py",
                "--peer",
                option(peer, "--peer"),
                "--part",
                part,
                "--dtype",
                dtype,
                "--file",
                option(peer, "--file"),
                *cut,
                "--threads",
                "2",
                "--data",
                str(setting.data),
                "--ours",
                str(features),
            )
            text, _, _ = programs.run([*command, *inputs], 2, setting.work / "inductor" / "agree")
            row |= programs.json_lines(text)[0]
            row["same"] = "" if dtype != "f32" else "yes" if row["cosine_min"] > LIMIT else "no"
        except programs.Failure as failure:
            row["same"] = str(failure)
        rows.append(row)
        print(f"agree: {row['model']} {part} {dtype} {peer.name}: {row.get('cosine_min', row['same'])}", flush=True)
    table.write_csv(path, COLUMNS, rows)
    return all(row["same"] != "no" for row in rows)


def markdown(path):
    if not path.exists():
        return ""
    lines = [
        "",
        "## Agreement",
        "",
        f"Smallest cosine between our float features and the peer's, same weights, {len(IMAGES)} images or {TEXTS} "
        "texts. "
        f"In float, at least {LIMIT} is required.",
        "",
        "| model | part | type | peer | cosine | same |",
        "|---|---|---|---|---|---|",
    ]
    with path.open(newline="") as file:
        lines += [
            f"| {r['model']} | {r['part']} | {r['dtype']} | {r['peer']} | {r['cosine_min']} | {r['same']} |"
            for r in csv.DictReader(file)
        ]
    return "\n".join(lines) + "\n"
