"""What the score network loses without each view and each family of scores: `./dev ablation [SUITE...]`.

Runs `oddshot ablation` on each suite, keeps what it says in out/ablation/SUITE.csv, and writes one table of all that are there between the
markers of docs/score-space.md. Standard library alone.
"""

import csv
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/oddshot"
OUT = ROOT / "out/ablation"
PAGE = ROOT / "docs/score-space.md"
BEGIN, END = "<!-- ablation: made by ./dev ablation -->", "<!-- end of ablation -->"
SUITES = ["nsl-kdd", "tep", "thyroid", "cardiotocography"]


def measure(suite):
    OUT.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    text = subprocess.run([PROGRAM, "ablation", suite], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout
    (OUT / f"{suite}.csv").write_text(text)
    print(f"{suite}: {time.monotonic() - began:.0f} s", file=sys.stderr)


def read(suite):
    with open(OUT / f"{suite}.csv", newline="") as file:
        return {(row["without"], row["name"]): row for row in csv.DictReader(file)}


def cell(row):
    if row is None:
        return ""
    if row["without"] == "everything":
        return f"{float(row['auprc']):.3f}"
    return f"{float(row['difference']):+.3f} ± {float(row['error']):.3f}"


def label(key):
    kind, name = key
    return {"everything": "nothing: AUPRC", "another-seed": "nothing, another seed", "view": f"view `{name}`"}.get(kind, f"`{name}`")


def table(suites):
    found = {suite: read(suite) for suite in suites}
    keys = list(dict.fromkeys(key for rows in found.values() for key in rows))
    order = ["everything", "another-seed", "view", "family"]
    keys.sort(key=lambda key: order.index(key[0]))  # stable: within a kind as they come
    lines = [["left out", *suites, "mean"], ["---"] * (len(suites) + 2)]
    for key in keys:
        rows = [found[suite].get(key) for suite in suites]
        kind = "auprc" if key[0] == "everything" else "difference"
        values = [float(row[kind]) for row in rows if row]
        mean = sum(values) / len(values)
        lines.append([label(key), *map(cell, rows), f"{mean:.3f}" if kind == "auprc" else f"{mean:+.3f}"])
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def main():
    for suite in sys.argv[1:] or SUITES:
        measure(suite)
    known = sorted((p.stem for p in OUT.glob("*.csv")), key=lambda s: (SUITES.index(s) if s in SUITES else len(SUITES), s))
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    temporary = PAGE.with_suffix(".tmp")
    temporary.write_text(f"{before}{BEGIN}\n\n{table(known)}\n{END}{after}")
    os.replace(temporary, PAGE)


if __name__ == "__main__":
    main()
