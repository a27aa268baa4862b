"""Runs the learners and every baseline on every suite, and writes a page a domain into docs/results: `./dev results [SUITE...]`.

Takes up again where it was stopped: a suite whose run.json in out/results holds the same command is not run again. Delete out/results to
begin anew. Standard library alone.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/oddshot"
OUT = ROOT / "out/results"
PAGES = ROOT / "docs/results"
DOMAINS = {"network": "network intrusion", "finance": "finance", "industry": "industrial faults", "medicine": "medical diagnosis"}
MAIN_LEARNERS = ["committee", "score-net", "gate", "maml", "in-context", "proto"]
EVERY_LEARNER = {"nsl-kdd", "tep"}  # suites on which all learners are run, not the main ones alone
DRAWN = ["auto", "score-net", "maml", "proto", "in-context", "mean-score"]  # curves, beside the best simple methods
TABLES = {"adbench", "oddbench"}  # suites whose tasks are whole tables: another command, and a page of their own
UNSEEN = {"oddbench"}  # of these, those with no table of data that the universal model learned from (docs/universal.md)
TABLE_DRAWS = ["--shots", "0,1,5,20", "--normals", "512", "--query-normals", "600", "--repeats", "2"]
MAIN_SHOTS = 5  # the tables that show one number of shots only


# --- Running ---


def command(suite, learners):
    if suite in TABLES:
        ranked = ",".join(f"{method},{method}@rank" for method in ("knn", "knn-difference", "logistic", "lof"))
        return ["run", suite, "--learner", "auto,score-net,maml", "--baselines", f"{ranked},ecod,isolation-forest", *TABLE_DRAWS]
    return ["run", suite, "--learner", ",".join(["auto", *learners]), "--baselines", "all,everywhere",
            "--shots", "0,1,5,10,20", "--repeats", "20"]


def run_suite(suite, learners):
    run(OUT / suite, command(suite, learners), ["--resume"])
    if suite in UNSEEN:
        run(OUT / suite / "universal", ["evaluate", suite, "models/universal.safetensors", "--baselines", "none", *TABLE_DRAWS], [])


def run(folder, words, more):
    suite = words[1]
    record = folder / "run.json"
    if record.exists() and json.loads(record.read_text())["command"] == words:
        print(f"{suite}: kept", file=sys.stderr)
        return
    print(f"{suite}: oddshot {' '.join(words)}", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    child = subprocess.Popen([PROGRAM, *words, *more, "-o", folder], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"results: oddshot {' '.join(words)} failed")
    facts = {"command": words, "seconds": time.monotonic() - began, "peak_memory_bytes": usage.ru_maxrss * 1024}
    record.write_text(json.dumps(facts, indent=1))


# --- Reading ---


class Suite:
    """What results.json, run.json and the model of auto say."""

    def __init__(self, folder):
        self.name = folder.name
        self.results = json.loads((folder / "results.json").read_text())
        self.run = json.loads((folder / "run.json").read_text())
        model = folder / "models/auto.safetensors"
        self.auto = {}
        if model.exists():
            self.auto = json.loads(subprocess.run([PROGRAM, "inspect", model, "--json"], check=True, capture_output=True).stdout)
        self.methods = {(m["name"], m["shots"]): m for m in self.results["methods"]}
        universal = folder / "universal/results.json"
        if universal.exists():
            other = json.loads(universal.read_text())
            self.results["methods"] += [{**m, "name": "universal"} for m in other["methods"]]
            self.methods.update({("universal", m["shots"]): m for m in other["methods"]})
        self.shots = self.results["shots"]
        self.names = list(dict.fromkeys(m["name"] for m in self.results["methods"]))

    def get(self, name, shots):
        return self.methods.get((name, shots))

    def mean(self, name, shots, metric="auprc"):
        method = self.get(name, shots)
        return method[metric]["mean"] if method and method[metric] else None

    def kind(self, name):
        return next(m["kind"] for m in self.results["methods"] if m["name"] == name)

    def best_simple(self, shots, views):
        """The best method that does not meta-learn, in hindsight; with `views` on any view."""
        names = [n for n in self.names if self.kind(n) in ("expert", "supervised") and (views or ("@" not in n and n != "mean-score"))]
        return max((n for n in names if self.mean(n, shots) is not None), key=lambda n: self.mean(n, shots), default=None)


# --- Writing ---


def number(value):
    return "" if value is None else f"{value:.3f}"


def with_interval(method):
    metric = method["auprc"] if method else None
    return "" if not metric else f"{metric['mean']:.3f} [{metric['low']:.3f}, {metric['high']:.3f}]"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def curves(suite):
    """Mean AUPRC by shots as SVG, written beside the page. Returns the name of the file."""
    width, height, left, right, top, bottom = 640, 300, 46, 190, 12, 36
    lines = [(name, [suite.mean(name, s) for s in suite.shots]) for name in DRAWN]
    for title, views in (("best simple, plain", False), ("best simple, any view", True)):
        lines.append((title, [suite.mean(suite.best_simple(s, views), s) for s in suite.shots]))
    values = [v for _, line in lines for v in line if v is not None]
    low, high = max(0, min(values) - 0.02), min(1, max(values) + 0.02)
    x = lambda i: left + i * (width - left - right) / max(1, len(suite.shots) - 1)
    y = lambda v: top + (high - v) / (high - low) * (height - top - bottom)
    colours = ["#0b5394", "#3d85c6", "#6aa84f", "#8e7cc3", "#45818e", "#999999", "#e69138", "#cc0000"]
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
             f'<title>{suite.name}: mean AUPRC by labelled anomalies</title><rect width="100%" height="100%" fill="white"/>']
    for k in range(5):
        value = low + (high - low) * k / 4
        parts.append(f'<path d="M{left} {y(value):.1f}H{width - right}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    for i, shots in enumerate(suite.shots):
        parts.append(f'<text x="{x(i):.1f}" y="{height - 18}" text-anchor="middle">{shots}</text>')
    parts.append(f'<text x="{(left + width - right) / 2}" y="{height - 4}" text-anchor="middle">labelled anomalies</text>')
    ends = []
    for (name, line), colour in zip(lines, colours):
        points = [(x(i), y(v)) for i, v in enumerate(line) if v is not None]
        dash = ' stroke-dasharray="5 3"' if "simple" in name else ""
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{2.5 if name == "auto" else 1.5}"{dash}/>')
        ends.append([points[-1][1], name, colour])
    ends.sort()
    for i in range(1, len(ends)):
        ends[i][0] = max(ends[i][0], ends[i - 1][0] + 14)
    overflow = max(0, ends[-1][0] - (height - bottom))
    for place, name, colour in ends:
        parts.append(f'<text x="{width - right + 8}" y="{place - overflow + 4:.1f}" fill="{colour}">{name}</text>')
    file = f"{suite.name}.svg"
    (PAGES / file).write_text("\n".join([*parts, "</svg>\n"]))
    return file


def by_shots(suite):
    shown = [n for n in suite.names if "@" not in n]
    best = {s: max((suite.mean(n, s) for n in suite.names if suite.mean(n, s) is not None)) for s in suite.shots}
    rows = []
    for name in shown:
        cells = []
        for s in suite.shots:
            text = with_interval(suite.get(name, s))
            cells.append(f"**{text}**" if text and suite.mean(name, s) == best[s] else text)
        rows.append([f"`{name}`", suite.kind(name), *cells])
    if len(shown) < len(suite.names):
        viewed = [suite.best_simple(s, True) for s in suite.shots]
        rows.append(["best simple, any view", "", *[f"{number(suite.mean(n, s))} `{n}`" for n, s in zip(viewed, suite.shots)]])
    heads = [f"{s} shots, {len(suite.get('score-net', s)['tasks'])} tasks" for s in suite.shots]
    return table(["method", "kind", *heads], rows)


def other_metrics(suite):
    metrics = ["auroc", "accuracy", "precision", "recall", "f1", "recall_at_1_percent_false_alarms"]
    names = ["auto", suite.best_simple(MAIN_SHOTS, False), suite.best_simple(MAIN_SHOTS, True)]
    rows = [[f"`{n}`", *[number(suite.mean(n, MAIN_SHOTS, m)) for m in metrics]] for n in dict.fromkeys(names)]
    return table(["method", "AUROC", "accuracy", "precision", "recall", "F1", "recall at 1% false alarms"], rows)


def by_task(suite):
    rival = suite.best_simple(MAIN_SHOTS, True)
    ours, theirs = suite.get("auto", MAIN_SHOTS)["tasks"], suite.get(rival, MAIN_SHOTS)["tasks"]
    rows, won = [], 0
    for a, b in zip(ours, theirs):
        difference = a["auprc"] - b["auprc"]
        won += difference > 0
        rows.append([a["task"], number(a["prevalence"]), number(a["auprc"]), number(b["auprc"]), f"{difference:+.3f}"])
    text = f"`auto` wins {won} of {len(rows)} tasks against `{rival}`, the best simple method on any view in hindsight.\n\n"
    return text + table(["task", "chance", "`auto`", f"`{rival}`", "difference"], rows)


def paragraph(suite):
    selection = suite.auto.get("selection", {})
    chosen = ", ".join(f"{s}: `{name}`" for s, name in zip(selection.get("shots", []), selection.get("chosen", [])))
    auto = suite.get("auto", MAIN_SHOTS)
    tasks = suite.get("auto", MAIN_SHOTS)["tasks"]
    timings = suite.results["timings"]
    note = "**These rows are simulated.** " if suite.results["simulated"] else ""
    return (f"{note}{suite.results['description']}\n\n"
            f"Learned from {len(suite.results['training_tasks'])} kinds ({', '.join(suite.results['training_tasks'])}), "
            f"judged on {len(tasks)} others at {MAIN_SHOTS} shots.\n\n"
            f"`auto` chose, by leaving {selection.get('tasks')} training tasks out (shots: method): {chosen}.\n\n"
            f"The run took {suite.run['seconds'] / 60:.0f} minutes ({timings['training_seconds']:.0f} s of them training "
            f"{len([n for n in suite.names if suite.kind(n) == 'learner'])} learners) and {suite.run['peak_memory_bytes'] / 2**20:.0f} MiB at most. "
            f"`auto` adapts to {MAIN_SHOTS} + {suite.results['normals']} rows in {auto['adapt_ms']:.1f} ms and scores "
            f"{auto['score_rows_per_s']:,.0f} rows a second on one thread.\n")


def section(suite):
    return (f"## {suite.name}: {suite.results['title']}\n\n{paragraph(suite)}\n"
            f"```sh\noddshot {' '.join(suite.run['command'])}\n```\n\n"
            f"![mean AUPRC by shots]({curves(suite)})\n\n"
            f"### Mean AUPRC over held-out kinds, with 95% intervals\n\n{by_shots(suite)}\n"
            f"### Other metrics at {MAIN_SHOTS} shots\n\n{other_metrics(suite)}\n"
            f"### Task by task at {MAIN_SHOTS} shots, AUPRC\n\n{by_task(suite)}\n")


def tables_section(suite):
    rows = [[f"`{n}`", *[number(suite.mean(n, s, "auroc")) for s in suite.shots]] for n in suite.names]
    timings = suite.results["timings"]
    return (f"## {suite.name}: {suite.results['title']}\n\n{suite.results['description']}\n\n"
            f"Learned from {len(suite.results['training_tasks'])} tables, judged on {len(suite.get('auto', MAIN_SHOTS)['tasks'])} others at "
            f"{MAIN_SHOTS} shots. The run took {suite.run['seconds'] / 60:.0f} minutes ({timings['training_seconds']:.0f} s of them training) and "
            f"{suite.run['peak_memory_bytes'] / 2**20:.0f} MiB at most. `auto`, a gate, adapts in {suite.get('auto', MAIN_SHOTS)['adapt_ms']:.0f} ms.\n\n"
            f"```sh\noddshot {' '.join(suite.run['command'])}\n```\n\n"
            f"### Mean AUPRC over held-out tables, with 95% intervals\n\n{by_shots(suite)}\n"
            f"### Mean AUROC\n\n{table(['method', *[f'{s} shots' for s in suite.shots]], rows)}\n")


TABLES_INTRODUCTION = """Each task is a whole table with columns of its own; learners see it in [table space](../table-space.md). Held-out tables come from other sources than
those learned from, as far as their names and columns tell. They served development: detectors of table space were looked at on all of them.
Supports hold 512 normals, or two thirds of a table's if it has fewer; 2 draws a table. A query holds no duplicate of a support row, so it is
harder than new rows of the table would be. `universal` is the [model that ships](../universal.md), which saw no table of
`oddbench`; it learned from data that most held-out tables of `adbench` are made of, and is not judged there. The others
learned from those of the suite that are for training. Simple methods are on a table's plain columns and, with `@rank`, on their ranks among the support's
normals as normal quantiles.
"""

INTRODUCTION = """All settings are the defaults, chosen on folds of training tasks. The score space itself grew out of prototypes whose results on the held-out
tasks of `nsl-kdd`, `tep`, `thyroid` and `cardiotocography` had been seen. The committee that `auto` rests on was settled on folds of training tasks,
but held-out results of some make-ups of it on `nsl-kdd`, `cardiotocography` and `steel-plates` had been seen by then. Supports hold 50 normals; queries at most 2,000 normals and 200
anomalies; 20 draws a task. Intervals are of a bootstrap over tasks and draws; the best of a column is bold. "Best simple" is picked in
hindsight, at each number of shots anew, which flatters it. [results.md](../results.md) explains the metrics.
"""


def summary(suites):
    """Cells of fewer tasks than at the fewest shots are marked: kinds with too few anomalies for so many shots are left out."""
    shots = suites[0].shots
    rows, sums = [], {}
    mark = lambda suite, s: "" if len(suite.get("auto", s)["tasks"]) == len(suite.get("auto", shots[0])["tasks"]) else " †"
    for suite in suites:
        for label, name in (("`auto`", lambda s: "auto"), ("best simple, plain", lambda s: suite.best_simple(s, False)),
                            ("best simple, any view", lambda s: suite.best_simple(s, True))):
            values = [suite.mean(name(s), s) for s in shots]
            rows.append([suite.name if label == "`auto`" else "", label, *[number(v) + mark(suite, s) for v, s in zip(values, shots)]])
            sums.setdefault(label, []).append(values)
    for label, lines in sums.items():
        means = [sum(v) / len(v) for v in zip(*lines) if None not in v]
        rows.append(["**mean**" if label == "`auto`" else "", label, *[number(v) for v in means]])
    return table(["suite", "method", *[f"{s} shots" for s in shots]], rows)


def write_pages():
    folders = sorted(f for f in OUT.iterdir() if (f / "run.json").exists())
    suites = [Suite(folder) for folder in folders]
    of_tables = [s for s in suites if s.name in TABLES]
    suites = [s for s in suites if s.name not in TABLES]
    real = [s for s in suites if not s.results["simulated"]]
    PAGES.mkdir(parents=True, exist_ok=True)
    made = "Made by `./dev results`.\n\n"
    links = []
    for domain, title in DOMAINS.items():
        here = [s for s in suites if s.results["domain"] == domain]
        if here:
            (PAGES / f"{domain}.md").write_text(f"# Results: {title}\n\n{made}{INTRODUCTION}\n" + "".join(map(section, here)).rstrip() + "\n")
            links.append(f"- [{title}]({domain}.md): {', '.join(s.name for s in here)}\n")
    if of_tables:
        (PAGES / "tables.md").write_text(f"# Results: tables never seen\n\n{made}{TABLES_INTRODUCTION}\n" + "".join(map(tables_section, of_tables)).rstrip() + "\n")
        links.append(f"- [tables never seen](tables.md): {', '.join(s.name for s in of_tables)}\n")
    elif (PAGES / "tables.md").exists():  # of an earlier run
        links.append("- [tables never seen](tables.md)\n")
    if not real:  # nothing to sum up: the other pages stay as they are
        return
    (PAGES / "README.md").write_text(f"# Results\n\n{made}{INTRODUCTION}\n{''.join(links)}\n"
                                     f"## Mean AUPRC over held-out kinds, real suites\n\n{summary(real)}\n"
                                     "†: on fewer kinds than at the other numbers of shots, those with enough anomalies.\n")


def main():
    shipped = sorted(p.stem for p in (ROOT / "suites").glob("*.toml"))
    suites = sys.argv[1:] or shipped
    learners = subprocess.run([PROGRAM, "learners"], check=True, capture_output=True, text=True).stdout.strip().split(",")
    for suite in suites:
        run_suite(suite, learners if suite in EVERY_LEARNER else MAIN_LEARNERS)
    write_pages()


if __name__ == "__main__":
    main()
