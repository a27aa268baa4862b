"""Makes a detector file of the format that a program writes: python3 make.py build/oddshot

A detector of table space, and two of models of score space, one of them a committee. Files here are kept for ever: what an older Oddshot wrote must load. So this is run once for every new format, by a program of that format, and
never again for an old one. (Until 0.1.0 is released the detectors of table space may still change; then the scores, not the files, are taken
anew: oddshot score detector-1.safetensors rows.csv --columns none.) The tables are made by a generator of our own, for those of Python differ between versions.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

MANIFEST = """name = "several"
[columns]
label = "label"
normal = "normal"
[tables]
[tasks]
cut = "table"
minimum_anomalies = 5
training = ["a", "b"]
held_out = ["c"]
"""

# One table, of two kinds of anomalies, for a model of score space.
ONE_TABLE = """name = "one"
[columns]
label = "kind"
normal = "normal"
[[files]]
path = "one.csv"
[tasks]
cut = "label"
minimum_anomalies = 5
training = ["*"]
"""


def numbers(seed):
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (seed >> 40) / 2**24 * 2 - 1


def table(columns, rows, seed):
    draw = numbers(seed)
    lines = [",".join([f"x{c}" for c in range(columns)] + ["kind", "label"])]
    for r in range(rows):
        odd = r % 8 == 7
        values = [next(draw) + (3 if odd and c + 1 == columns else 0) for c in range(columns)]
        cells = ["" if r % 11 == 3 and c == 0 else f"{value:.4f}" for c, value in enumerate(values)]
        lines.append(",".join(cells + ["red" if r % 3 else "blue", "anomaly" if odd else "normal"]))
    return "\n".join(lines) + "\n"


def kinds(csv):
    """The same rows with a kind of anomaly in place of the label, and without the category."""
    lines = [line.split(",") for line in csv.splitlines()]
    out = [",".join(lines[0][:-2] + ["kind"])]
    for r, cells in enumerate(lines[1:]):
        kind = cells[-1] if cells[-1] == "normal" else ("first" if r % 16 == 7 else "second")
        out.append(",".join(cells[:-2] + [kind]))
    return "\n".join(out) + "\n"


def keep(path, content):
    """Writes a file that is not there yet."""
    if not path.exists():
        path.write_bytes(content)


program = str(pathlib.Path(sys.argv[1]).resolve())
here = pathlib.Path(__file__).parent
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "several.toml").write_text(MANIFEST)
    for task, columns, seed in (("a", 2, 1), ("b", 4, 2), ("c", 3, 3)):
        (folder / f"{task}.csv").write_text(table(columns, 120, seed))
    (folder / "rows.csv").write_text(table(3, 64, 4))
    run = lambda *words: subprocess.run([program, *words], cwd=folder, check=True, capture_output=True, text=True).stdout
    run("train", "several.toml", "--steps", "5", "--episodes", "8", "--tasks-per-step", "2", "--hidden", "4", "--members", "1", "--shots", "0,3",
        "--normals", "20", "-o", "model")
    run("adapt", "model", "rows.csv", "--label-column", "label", "-o", "detector")
    kind = json.loads(run("inspect", "detector", "--json"))
    version = kind.get("format_version", 1)
    keep(here / f"detector-{version}.safetensors", (folder / "detector").read_bytes())
    scores = [line.split(",")[0] for line in run("score", "detector", "rows.csv", "--columns", "none").splitlines()[1:]]
    keep(here / f"scores-{version}.csv", ("score\n" + "\n".join(scores) + "\n").encode())
    keep(here / "rows.csv", ((folder / "rows.csv").read_text()).encode())

    # The model's own format, in a space whose scores may grow in number.
    (folder / "one.toml").write_text(ONE_TABLE)
    (folder / "one.csv").write_text(kinds(table(3, 240, 5)))
    for kind, learner in (("model", "score-net"), ("committee", "committee")):
        run("train", "one.toml", "--learner", learner, "--steps", "5", "--episodes", "8", "--tasks-per-step", "2", "--hidden", "4",
            "--embedding", "4", "--members", "1", "--shots", "0,3", "--normals", "20", "-o", kind)
        model = json.loads(run("inspect", kind, "--json"))["format_version"]
        run("adapt", kind, "rows.csv", "--label-column", "label", "-o", "detector")
        keep(here / f"{kind}-{model}.safetensors", (folder / "detector").read_bytes())
        scores = [line.split(",")[0] for line in run("score", "detector", "rows.csv", "--columns", "none").splitlines()[1:]]
        keep(here / f"{kind}-scores-{model}.csv", ("score\n" + "\n".join(scores) + "\n").encode())
