"""The tables that the universal model is trained on: real sets whose terms allow weights made of them to be passed on, cut into many
tasks, and tables that this program draws. What they are and on which terms: docs/universal.md.

Usage: universal_tables.py DATA OUT     writes OUT/universal.toml and OUT/tables/NAME.csv; needs numpy
"""

import csv
import gzip
import pathlib
import sys

import numpy as np

SEED = 20260101
MOST_NORMALS, MOST_ANOMALIES, FEWEST_ANOMALIES = 1500, 150, 15
DRAWN = 150  # tables that are drawn, beside the real ones

MANIFEST = """# Written by tools/universal_tables.py.
name = "universal"
title = "Tables of the universal model"
domain = "other"
description = "Tables whose terms allow weights made of them to be passed on (docs/universal.md)."

[tables]
folder = "tables"
source = "UCI (steel plates, thyroid, cardiotocography), ULB (card payments), Tennessee Eastman, drawn"
licence = "docs/universal.md"

[columns]
label = "label"
normal = "normal"

[tasks]
cut = "table"
minimum_anomalies = 5
training = [
{names}
]
"""


class Table:
    """Rows of one source: texts as they stand in the file, and the class of each row."""

    def __init__(self, data, path, label, ignored=()):
        with gzip.open(data / path, "rt") as file:
            rows = list(csv.reader(file))
        keep = [i for i, name in enumerate(rows[0]) if name != label and name not in ignored]
        self.columns = [rows[0][i] for i in keep]
        at = rows[0].index(label)
        self.classes = np.array([row[at] for row in rows[1:]])
        self.rows = np.array([["" if row[i] == "?" else row[i] for i in keep] for row in rows[1:]], dtype=object)

    def of(self, *kinds):
        return self.rows[np.isin(self.classes, kinds)]


def counts(table, least):
    names, number = np.unique(table.classes, return_counts=True)
    return [name for name, count in zip(names, number) if count >= least]


class Writer:
    def __init__(self, folder, random):
        self.folder, self.random, self.names = folder, random, []

    def add(self, name, columns, normals, anomalies):
        """Shuffled and thinned; columns that do not vary are of no harm: they are dropped when the table is read."""
        if len(normals) < 80 or len(anomalies) < FEWEST_ANOMALIES:
            return
        normals = normals[self.random.permutation(len(normals))[:MOST_NORMALS]]
        anomalies = anomalies[self.random.permutation(len(anomalies))[:MOST_ANOMALIES]]
        with open(self.folder / f"{name}.csv", "w", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow([*columns, "label"])
            out.writerows([*row, "normal"] for row in normals)
            out.writerows([*row, "anomaly"] for row in anomalies)
        self.names.append(name)

    def halves(self, name, table, normals, anomalies, times):
        """The same task on random parts of the columns: what a detector sees of a process differs from table to table."""
        width = len(table.columns)
        for time in range(times):
            share = self.random.uniform(0.3, 0.8)
            chosen = np.sort(self.random.permutation(width)[: max(4, int(share * width))])
            self.add(f"{name}-part{time}", [table.columns[i] for i in chosen], normals[:, chosen], anomalies[:, chosen])


def kinds_against_normals(out, name, table, normal, kinds, halves):
    """Each kind of anomaly by itself, and on parts of the columns; and two mixtures of kinds."""
    normals = table.of(*normal)
    for kind in kinds:
        rows = table.of(kind)
        out.add(f"{name}-{kind}", table.columns, normals, rows)
        out.halves(f"{name}-{kind}", table, normals, rows, halves)
    for mix in range(2):
        some = out.random.choice(kinds, size=min(len(kinds), 2 + mix), replace=False)
        out.add(f"{name}-mix{mix}", table.columns, normals, table.of(*some))


def classes_against_each_other(out, name, table, kinds, times):
    """One, two or three classes play the normals, one or two others the anomalies."""
    for time in range(times):
        shuffled = list(out.random.permutation(kinds))
        some, others = 1 + out.random.integers(3), 1 + out.random.integers(2)
        normal, odd = shuffled[:some], shuffled[some : some + others]
        width = len(table.columns)
        chosen = np.sort(out.random.permutation(width)[: max(5, int(out.random.uniform(0.4, 1.0) * width))])
        out.add(f"{name}-classes{time}", [table.columns[i] for i in chosen], table.of(*normal)[:, chosen], table.of(*odd)[:, chosen])


def clusters(random, rows, count, rounds=10):
    """k-means on signed logarithms, a row's cluster."""
    x = np.sign(rows) * np.log1p(np.abs(rows))
    x = (x - x.mean(0)) / (x.std(0) + 1e-9)
    centres = x[random.permutation(len(x))[:count]]
    for _ in range(rounds):
        nearest = ((x[:, None] - centres[None]) ** 2).sum(2).argmin(1)
        centres = np.array([x[nearest == c].mean(0) if (nearest == c).any() else centres[c] for c in range(count)])
    return nearest


def frauds_by_cluster(out, table, pieces):
    normals, frauds = table.of("0"), table.of("1")
    out.add("card-frauds", table.columns, normals, frauds)
    out.halves("card-frauds", table, normals, frauds, 4)
    cluster = clusters(out.random, frauds.astype(float), pieces)
    for c in range(pieces):
        out.add(f"card-cluster{c}", table.columns, normals, frauds[cluster == c])
        out.halves(f"card-cluster{c}", table, normals, frauds[cluster == c], 1)


# ---- tables that are drawn ---------------------------------------------------------------------------------------------------------


class Process:
    """A random way to make rows: hidden causes in a few clusters, a two-layer map of them with noise, then columns of many shapes."""

    def __init__(self, random):
        self.random = random
        self.width = int(np.exp(random.uniform(np.log(4), np.log(40))))
        self.causes = int(random.integers(1, max(2, self.width // 2) + 1))
        self.centres = random.normal(size=(int(random.integers(1, 6)), self.causes)) * random.uniform(0, 3)
        self.shares = random.dirichlet(np.full(len(self.centres), 2.0))
        hidden = int(random.integers(4, 17))
        self.first = random.normal(size=(self.causes, hidden)) / np.sqrt(self.causes)
        self.second = random.normal(size=(hidden, self.width)) * (random.random((hidden, self.width)) < 0.5)
        self.noise = np.exp(random.uniform(np.log(0.05), np.log(1.0), self.width))
        self.shapes = random.choice(["plain", "plain", "skewed", "heavy", "rounded", "levels", "mostly-zero"], size=self.width)
        self.cuts = [np.sort(random.normal(size=int(random.integers(1, 8)))) for _ in range(self.width)]

    def hidden(self, count):
        which = self.random.choice(len(self.centres), size=count, p=self.shares)
        return self.centres[which] + self.random.normal(size=(count, self.causes))

    def raw(self, hidden, noise=1.0):
        mapped = np.tanh(hidden @ self.first) @ self.second
        return mapped + noise * self.noise * self.random.normal(size=mapped.shape)

    def shaped(self, raw):
        out = np.empty_like(raw)
        for j, shape in enumerate(self.shapes):
            x = raw[:, j]
            if shape == "skewed":
                x = np.exp(0.8 * x)
            elif shape == "heavy":
                x = x**3
            elif shape == "rounded":
                x = np.round(3 * x)
            elif shape == "levels":
                x = np.searchsorted(self.cuts[j], x).astype(float)
            elif shape == "mostly-zero":
                x = np.where(x > self.cuts[j][-1], x - self.cuts[j][-1], 0)
            out[:, j] = np.round(x, 4)
        return out

    def some_columns(self):
        count = max(1, int(self.width * self.random.choice([0.1, 0.25, 0.5, 1.0])))
        return self.random.permutation(self.width)[:count]

    def anomalies(self, way, count):
        raw = self.raw(self.hidden(count))
        columns = self.some_columns()
        if way == "shift":  # some columns lie elsewhere, all the same way
            raw[:, columns] += self.random.uniform(0.8, 3) * self.random.choice([-1, 1], size=len(columns)) * raw[:, columns].std(0)
        elif way == "spread":  # some columns vary more
            raw[:, columns] = raw[:, columns].mean(0) + self.random.uniform(1.7, 4) * (raw[:, columns] - raw[:, columns].mean(0))
        elif way == "broken":  # some columns no longer depend on the others
            columns = columns if len(columns) > 1 else self.random.permutation(self.width)[:2]
            for j in columns:
                raw[:, j] = self.raw(self.hidden(count))[:, j]
        elif way == "cluster":  # another set of causes
            centre = self.centres[0] + self.random.normal(size=self.causes) * self.random.uniform(1.5, 3.5)
            raw = self.raw(centre + 0.5 * self.random.normal(size=(count, self.causes)))
        elif way == "swap":  # two columns change places
            a, b = self.random.permutation(self.width)[:2]
            raw[:, [a, b]] = raw[:, [b, a]]
        elif way == "steady":  # some columns hardly move
            raw[:, columns] = raw[:1, columns] + 0.05 * raw[:, columns]
        return self.shaped(raw)


def drawn(out, number):
    ways = ["shift", "spread", "broken", "cluster", "swap", "steady"]
    for i in range(number):
        process = Process(out.random)
        normals = process.shaped(process.raw(process.hidden(int(out.random.integers(400, MOST_NORMALS)))))
        some = out.random.choice(ways, size=1 + int(out.random.random() < 0.4), replace=False)
        odd = np.concatenate([process.anomalies(way, MOST_ANOMALIES // len(some)) for way in some])
        if out.random.random() < 0.5:  # some of what is called an anomaly looks like anything else
            share = int(out.random.uniform(0.05, 0.3) * len(odd))
            odd[:share] = process.shaped(process.raw(process.hidden(share)))
        out.add(f"drawn{i}", [f"x{j}" for j in range(process.width)], normals, odd)


def main(data, folder):
    tables = folder / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    for old in tables.glob("*.csv"):
        old.unlink()
    out = Writer(tables, np.random.default_rng(SEED))

    thyroid = Table(data, "thyroid/thyroid0387.csv.gz", "diagnosis")
    kinds_against_normals(out, "thyroid", thyroid, ["none"], [k for k in counts(thyroid, 40) if k != "none"], 1)
    heart = Table(data, "cardiotocography/ctg.csv.gz", "CLASS")
    kinds_against_normals(out, "heart", heart, [f"class_{i}" for i in range(1, 5)], [f"class_{i}" for i in range(5, 11)], 1)
    classes_against_each_other(out, "heart", heart, [f"class_{i}" for i in range(1, 11)], 14)
    steel = Table(data, "steel-plates/faults.csv.gz", "failure.type", ("target",))
    kinds_against_normals(out, "steel", steel, ["0"], [str(i) for i in range(1, 7)], 1)
    classes_against_each_other(out, "steel", steel, [str(i) for i in range(7)], 10)
    plant = Table(data, "tep/tep_test.csv.gz", "fault", ("run", "sample"))
    kinds_against_normals(out, "plant", plant, ["normal"], [f"fault_{i}" for i in range(1, 22) if i not in (3, 9, 15)], 1)
    frauds_by_cluster(out, Table(data, "creditcard/creditcard.csv.gz", "Class", ("Time",)), 6)
    drawn(out, DRAWN)

    names = "\n".join(f'  "{name}",' for name in out.names)
    (folder / "universal.toml").write_text(MANIFEST.replace("{names}", names))
    print(f"{len(out.names)} tables in {tables}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
