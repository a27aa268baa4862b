"""Measures this machine on the yardstick and writes docs/performance.md: `./dev bench`. Standard library alone.

Every figure is the fastest of a run beside the multiply-add peak of that run, so that a clock that moves or a neighbour moves both. Peers
are shown where bench/peers/run.py has left what it measured. What is measured is kept in out/performance.json, and a run that was stopped
takes up again where it was; a newer program is measured anew.
"""

import json
import os
import pathlib
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/oddshot"
BENCHES = ROOT / "build-bench/bench"
PEERS = ROOT / "out/peers.json"
KEPT = ROOT / "out/performance.json"
PAGE = ROOT / "docs/performance.md"
NOTES = ROOT / "bench/notes.md"
PAIRS = 8  # of runs on one thread and on two, in turn
RUNS = 3  # of each yardstick, of which the best is shown and the lowest and highest make the spread

# Work, what is measured, the least that is wanted. Shares are of the multiply-add peak.
YARDSTICK = [
    ("w1", "MAML, exact second order (W1)", 0.79),
    ("w2", "MAML, first order (W2)", 0.75),
    ("w3", "Reptile (W3)", 0.70),
    ("w4", "prototypical network (W4)", 0.80),
]
LEAST_OF_YARDSTICK = 0.60  # what any other size must reach of W1's share
YARDSTICK_PEAK = 206.0  # GFLOP/s of the machine on which the bare times among the targets were set


class Kept:
    """Measurements by name, of a program not younger than they are."""

    def __init__(self):
        current = KEPT.exists() and KEPT.stat().st_mtime > PROGRAM.stat().st_mtime
        self.values = json.loads(KEPT.read_text()) if current else {}

    def once(self, name, measure):
        if name not in self.values:
            print(f"measuring {name}", file=sys.stderr)
            value = measure()
            self.values[name] = value
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(self.values, indent=1))
        return self.values[name]


kept = Kept()


def measured(*words, seconds=2.0):
    """One run of `oddshot bench`, as it prints it for programs."""
    return kept.once(" ".join(map(str, words)), lambda: run_bench(*words, seconds=seconds))


def run_bench(*words, seconds):
    command = [PROGRAM, "bench", "--json", "--seconds", str(seconds), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"performance: {done.stderr.strip()}")
    return json.loads(done.stdout)


def spread_of(*words, seconds=2.0):
    """(the best run, the lowest share, the highest) of several runs: others on the machine can only take away."""
    runs = kept.once(f"{RUNS} x {' '.join(map(str, words))}", lambda: [run_bench(*words, seconds=seconds) for _ in range(RUNS)])
    runs = sorted(runs, key=lambda run: run["share_of_peak"])
    return runs[-1], runs[0]["share_of_peak"], runs[-1]["share_of_peak"]


def fastest_ms(command, times=15):
    """Of several runs of a whole process: (the least processor time, the least time by the clock), in ms."""
    worked, clock = [], []
    for _ in range(times):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        clock.append((time.perf_counter() - start) * 1e3)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        worked.append((after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e3)
    return min(worked), min(clock)


def bench_times(program, wanted):
    """{name: microseconds of processor time} of a Google Benchmark program's cases, the fastest of five."""
    return kept.once(f"{program} {wanted}", lambda: run_bench_program(program, wanted))


def run_bench_program(program, wanted):
    path = BENCHES / program
    if not path.exists():
        return {}
    done = subprocess.run([path, f"--benchmark_filter={wanted}", "--benchmark_format=json", "--benchmark_repetitions=5", "--benchmark_min_time=0.2"],
                          capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode != 0:
        sys.exit(f"performance: {program}: {done.stderr.strip()}")
    times = {}
    scale = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
    for case in json.loads(done.stdout[done.stdout.index("{"):])["benchmarks"]:
        if case.get("run_type") == "iteration":
            us = case["cpu_time"] * scale[case["time_unit"]]
            times[case["run_name"]] = min(us, times.get(case["run_name"], float("inf")))
    return times


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def verdict(reached, wanted):
    return "reached" if reached >= wanted else f"**{100 * reached / wanted:.0f}% of it**"


def percent(share):
    return f"{100 * share:.1f}%"


# --- What takes a whole process ---


def write_rows(path, rows, labelled):
    """A CSV of 20 columns of normals; with labels the last five are anomalies, off in every column."""
    draw = random.Random(1)
    with open(path, "w") as file:
        file.write(",".join(f"c{i}" for i in range(20)) + (",y\n" if labelled else "\n"))
        for r in range(rows):
            anomaly = labelled and r >= rows - 5
            file.write(",".join(f"{draw.gauss(2 if anomaly else 0, 1):.5f}" for _ in range(20)) + ((",anomaly\n" if anomaly else ",normal\n") if labelled else "\n"))


def score_process_ms():
    """`oddshot score` of 1,000 rows by a universal detector, whole process."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_rows(folder / "known.csv", 205, True)
        write_rows(folder / "rows.csv", 1000, False)
        subprocess.run([PROGRAM, "adapt", folder / "known.csv", "--label-column", "y", "-o", folder / "detector.safetensors"],
                       capture_output=True, check=True)
        return fastest_ms([PROGRAM, "score", folder / "detector.safetensors", folder / "rows.csv"])


TABLE_COLUMNS = 40
TABLE_MANIFEST = """title = "a large table"
[[files]]
path = "large.csv"
[columns]
label = "y"
normal = "normal"
[tasks]
cut = "label"
training = ["k0", "k1", "k2"]
held_out = ["k3"]
"""


def memory_of_training():
    """Peak memory of meta-training on a large table, beside its feature matrix, in MB. $ODDSHOT_BENCH_MB: of the file (2000)."""
    megabytes = int(os.environ.get("ODDSHOT_BENCH_MB", "2000"))
    draw = random.Random(1)
    lines = []
    for r in range(6000):
        kind = "normal" if r % 50 else f"k{r // 50 % 4}"
        lines.append(",".join(f"{draw.gauss(0 if kind == 'normal' else 1, 1):.5f}" for _ in range(TABLE_COLUMNS)) + f",{kind}\n")
    block = "".join(lines)
    blocks = max(1, megabytes * 1_000_000 // len(block))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with open(folder / "large.csv", "w") as file:
            file.write(",".join(f"c{i}" for i in range(TABLE_COLUMNS)) + ",y\n")
            for _ in range(blocks):
                file.write(block)
        (folder / "large.toml").write_text(TABLE_MANIFEST)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        subprocess.run([PROGRAM, "train", folder / "large.toml", "--learner", "maml", "--space", "raw", "--steps", "20", "-o", folder / "m.safetensors"],
                       capture_output=True, check=True, env={**os.environ, "ODDSHOT_DATA": str(folder)})
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if peak <= before:
        sys.exit("performance: training on a large table took less memory than what ran before it; raise ODDSHOT_BENCH_MB")
    return {"file_mb": megabytes, "matrix_mb": blocks * 6000 * TABLE_COLUMNS * 4 / 1e6, "peak_mb": peak * 1024 / 1e6}


def learner_steps():
    path = BENCHES / "learners/learners_bench"
    done = subprocess.run([path], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"performance: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- Sections ---


def machine(peaks):
    model = platform.processor() or platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0
    rows = [
        ("processor", f"{model}, {os.cpu_count()} cores seen"),
        ("multiply-add peak of one thread over all runs", f"{min(peaks):.0f} to {max(peaks):.0f} GFLOP/s, middle {statistics.median(peaks):.0f}"),
        ("other load when it began", f"{load:.1f} processes"),
        ("commit", commit),
        ("date", time.strftime("%Y-%m-%d")),
    ]
    return table(("what", "value"), rows)


def two_threads():
    """By the clock, in short runs in turn."""
    gains = []
    for _ in range(PAIRS):
        one, two = (run_bench("--workload", "w1", "--threads", threads, seconds=0.5) for threads in (1, 2))
        gains.append(one["ms_per_step"] / two["ms_per_step"])
    return statistics.median(gains)


def targets(peaks):
    rows = []
    one_thread = {}
    falls_short = []

    def row(what, wanted, reached, ratio, name=None):
        said = verdict(ratio, 1.0)
        rows.append((what, wanted, reached, said))
        if ratio < 1 and name:
            falls_short.append(name)

    for name, what, least in YARDSTICK:
        run, low, high = spread_of("--workload", name, seconds=4)
        one_thread[name] = run
        peaks.append(run["fma_peak_gflops"])
        row(f"{what}: a training step on one thread", f"{percent(least)} of peak",
            f"{percent(run['share_of_peak'])} ({percent(low)} to {percent(high)}), {run['ms_per_step']:.2f} ms", run["share_of_peak"] / least, name)
    gain = kept.once("two threads", two_threads)
    row(f"W1 on two threads against one, the middle of {PAIRS} pairs of runs in turn; one thread by its processor time, two by the clock", "1.9x", f"{gain:.2f}x", gain / 1.9)

    adapt, _, _ = spread_of("--workload", "adapt")
    peaks.append(adapt["fma_peak_gflops"])
    scaled = 25 * YARDSTICK_PEAK / adapt["fma_peak_gflops"]
    row("adapting to a task (20 rows, 5 steps), p50", f"25 us where the peak is {YARDSTICK_PEAK:.0f} GFLOP/s: {scaled:.0f} us here",
        f"{adapt['p50_us']:.1f} us, p99 {adapt['p99_us']:.1f} us, {percent(adapt['share_of_peak'])} of peak", scaled / adapt["p50_us"], "adapt")
    score, _, _ = spread_of("--workload", "score")
    peaks.append(score["fma_peak_gflops"])
    for what, wanted, field in (("in batches", 12e6, "rows_per_s"), ("one row a call", 6e6, "rows_per_s_singly")):
        here = wanted * score["fma_peak_gflops"] / YARDSTICK_PEAK
        row(f"scoring rows {what}, one thread", f"{wanted / 1e6:.0f} M rows/s there: {here / 1e6:.1f} M/s here", f"{score[field] / 1e6:.1f} M/s",
            score[field] / here, "score")

    for what, least, process in (("start of the program to `--help`", 20, lambda: fastest_ms([PROGRAM, "--help"])),
                                 ("`oddshot score` of 1,000 rows by a universal detector", 60, score_process_ms)):
        worked, clock = kept.once(what, process)
        row(f"{what}, whole process", f"{least} ms", f"{clock:.0f} ms by the clock, {worked:.0f} ms of processor time, all threads", least / clock)
    us = bench_times("experts/experts_bench", "score_space")["score_space/map"]
    row("an episode into score space (50 + 5 support, 64 query, 40 columns, four views), one thread", "1 ms", f"{us / 1e3:.2f} ms", 1e3 / us, "score space")
    universal = bench_times("detector/universal_bench", "universal")
    for what, case in (("fitting it", "fit"), ("`oddshot adapt`: with p-values, and judged by folds", "adapt")):
        ms = universal[f"universal/{case}"] / 1e3
        row(f"adapting the universal model (512 normals, 5 anomalies, 20 columns), one thread: {what}", "50 ms", f"{ms:.1f} ms", 50 / ms, "adapting the universal model")
    rate = 1000 / universal["universal/score"] * 1e6
    row("scoring by it, one thread", "20,000 rows/s", f"{rate:,.0f} rows/s", rate / 20_000, "scoring by the universal model")
    memory = kept.once("memory", memory_of_training)
    times = memory["peak_mb"] / memory["matrix_mb"]
    row(f"memory of meta-training on a table of {memory['file_mb']} MB", "under 1.3x the feature matrix",
        f"{memory['peak_mb']:.0f} MB, {times:.2f}x the {memory['matrix_mb']:.0f} MB of its columns as float32", 1.3 / times)
    return rows, one_thread, falls_short


def size_row(shares, base):
    """The lowest share of all sizes measured, against the yardstick's."""
    name, least = min(shares.items(), key=lambda item: item[1])
    reached = sum(share >= LEAST_OF_YARDSTICK * base for share in shares.values())
    return ("any size: share of peak against W1's", percent(LEAST_OF_YARDSTICK), f"{reached} of {len(shares)} sizes; lowest {percent(least / base)} ({name})",
            verdict(least / base, LEAST_OF_YARDSTICK))


LEAST_OVER = 1.3  # times its operations at the rate of MAML's step


def learner_rows():
    steps = kept.once("learners", learner_steps)
    rows = [(step["learner"], f"{step['mflop']:.0f}", f"{step['ms']:.2f}", f"{step['gflops']:.0f}", f"{step['over']:.2f}x", verdict(LEAST_OVER, step["over"]))
            for step in steps]
    over = [step["learner"] for step in steps if step["over"] > LEAST_OVER]
    within = len(steps) - len(over)
    summary = ("every learner: a step against its operations at MAML's rate, one thread", f"{LEAST_OVER}x",
               f"{within} of {len(steps)}" + (f"; over: {', '.join(over)}" if over else ""), "reached" if not over else f"**{within} of {len(steps)}**")
    return table(("learner", "MFLOP a step", "ms", "GFLOP/s", "over", f"within {LEAST_OVER}x"), rows), summary, over


def peers():
    if not PEERS.exists():
        return "Not measured here.\n"
    rows = []
    for peer in json.loads(PEERS.read_text()):
        ratio = peer["peer_ms"] / peer["our_ms"]
        wanted = float(peer["wanted"].rstrip("x")) if peer["wanted"] else 0
        rows.append((peer["work"], peer["peer"], f"{peer['peer_ms']:,.1f} ms", f"{peer['our_ms']:,.1f} ms", f"{ratio:.1f}x",
                     f"{peer['wanted']}: {verdict(ratio, wanted)}" if wanted else "", peer["agreement"]))
    return table(("work", "peer", "its time", "Oddshot's", "ratio", "at least", "answers agree"), rows)


def curve(what, values, words_of, base_share, peaks, shares, fixed=()):
    rows = []
    low = []
    for value in values:
        run = measured(*fixed, *words_of(value), seconds=0.7)
        share = run["share_of_peak"]
        peaks.append(run["fma_peak_gflops"] / run["threads"])
        if run["threads"] == 1:
            shares[f"{what} {value}"] = share
        rows.append((value, f"{run['ms_per_step']:.3f}", f"{run['gflops']:.1f}", percent(share), percent(share / base_share)))
        if share < LEAST_OF_YARDSTICK * base_share:
            low.append(value)
    return table((what, "ms a step", "GFLOP/s", "of peak", "of W1's share"), rows), low


# Where each curve bends, and why.
BENDS = {
    "Tasks a step": "Straight: tasks share nothing but the parameters.",
    "Support rows": "Few rows leave the tiles of a product partly empty, and the steps on the weights (one read and one write for each) weigh more.",
    "Columns": "From 159 columns on layer 1 goes by products of the support's rows with each other (src/learners/row_products.h), which are fewer: "
               "those that are made are counted, so the time falls more than the rate shows.",
    "Width of two hidden layers": "Below 32 a product is over before it is in swing, and wide vectors are empty in part; at 100 rows of weights "
                                  "lie across lines of the cache; from 256 on a task's weights along "
                                  "the inner steps leave the second cache, and with 20 support rows each is used 20 times when it comes back.",
    "Hidden layers of 64": "Straight: each layer is the same work.",
    "Inner steps": "Straight: each step is the same work, forward and on the way back.",
    "Threads": "More than the machine has cores for, or than others leave of it, gain nothing.",
}


def curves(base_share, peaks, shares):
    fixed = ("--workload", "w1", "--tasks", 2)
    sections = [
        ("Tasks a step", [1, 2, 4, 8, 16, 32, 64], lambda v: ("--tasks", v), ("--workload", "w1")),
        ("Support rows", [4, 10, 20, 50, 100, 200], lambda v: ("--support", v), fixed),
        ("Columns", [4, 10, 20, 40, 100, 400, 2000], lambda v: ("--columns", v), fixed),
        ("Width of two hidden layers", [8, 16, 24, 32, 48, 64, 100, 128, 256, 512], lambda v: ("--hidden", f"{v},{v}"), fixed),
        ("Hidden layers of 64", [1, 2, 3, 4, 5, 6], lambda v: ("--hidden", ",".join(["64"] * v)), fixed),
        ("Inner steps", [1, 2, 5, 10, 20], lambda v: ("--inner-steps", v), fixed),
        ("Threads", sorted({1, 2, os.cpu_count() or 1}), lambda v: ("--threads", v), ("--workload", "w1")),
    ]
    text = []
    for title, values, words_of, with_these in sections:
        rows, low = curve(title.lower(), values, words_of, base_share, peaks, shares, with_these)
        text.append(f"### {title}\n\n{BENDS[title]}\n\n{rows}")
        if low:
            text.append(f"Below {percent(LEAST_OF_YARDSTICK)} of W1's share: {', '.join(map(str, low))}.\n")
    return "\n".join(text)


def profiled(name):
    """What is run to see where the time goes of what falls short."""
    benches = {"score space": ("experts/experts_bench", "score_space/map"), "adapting the universal model": ("detector/universal_bench", "universal/adapt"),
               "scoring by the universal model": ("detector/universal_bench", "universal/score")}
    if name in benches:
        program, case = benches[name]
        return [BENCHES / program, f"--benchmark_filter={case}", "--benchmark_min_time=3"]
    if name in [work for work, _, _ in YARDSTICK] + ["adapt", "score"]:
        return [PROGRAM, "bench", "--workload", name, "--seconds", "4"]
    return [BENCHES / "learners/learners_bench", name, "alone"]


def profile(name):
    """Where the time goes, by the sampling of `perf` on the processor's clock; nothing where there is no perf."""
    data = ROOT / "out/perf.data"
    data.parent.mkdir(exist_ok=True)
    record = ["perf", "record", "-q", "-F", "3000", "-e", "cpu-clock", "-o", data, *profiled(name)]
    try:
        done = subprocess.run(record, capture_output=True, check=False)
        report = subprocess.run(["perf", "report", "-i", data, "--stdio", "-g", "none"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""
    if done.returncode != 0:
        return ""
    lines = [line for line in report.splitlines() if line.strip() and not line.startswith("#")]
    rows = []
    for line in lines[:12]:
        share, rest = line.split(None, 1)
        rows.append((share, "`" + rest.split("] ", 1)[-1].strip().replace("oddshot::", "")[:100] + "`"))
    return f"### {name}\n\n" + table(("share of time", "function"), rows)


def main():
    peaks = []
    shares = {}
    rows, one_thread, falls_short = targets(peaks)
    curve_text = curves(one_thread["w1"]["share_of_peak"], peaks, shares)
    learner_text, summary, over = learner_rows()
    falls_short += over
    rows += [size_row(shares, one_thread["w1"]["share_of_peak"]), summary]
    profiles = "\n".join(filter(None, (kept.once(f"profile {name}", lambda name=name: profile(name)) for name in dict.fromkeys(falls_short))))
    text = f"""# Performance

Written by `./dev bench` ([tools/performance.py](../tools/performance.py)); do not edit. `oddshot bench` measures your machine in some ten seconds.

## The machine

{kept.once("machine", lambda: machine(peaks))}
A share of peak is that of the fastest step against the fastest stretch of multiply-adds in the same run, on the same cores. A step's
operations are those of the products alone that it makes: 2 for each weight and row that a pass meets. Steps on one thread, benches and peers are
measured in processor time, so that other work on the machine takes as little as it can; adapting, single rows, whole processes and several threads
by the clock, which other work stops.

## The yardstick

A network 40-64-64-1 with ReLU, float32; 32 tasks a step, a support of 20 rows, a query of 64, five inner steps of plain gradient descent, Adam
outside. W1 is MAML with exact second order (377 MFLOP a step), W2 first order (185), W3 Reptile on the 20 rows (113), W4 a prototypical network
40-64-64-32 (127). Ranges are of {RUNS} runs. Where a target is a bare time, it was set on a machine with a peak of {YARDSTICK_PEAK:.0f} GFLOP/s a core and is
scaled to this one's.

{table(("what", "at least", "reached", ""), rows)}
## Against others

On the same work, in turn, one thread each (CSV: all threads, their processor time added up); answers are compared before a time counts.

{peers()}
## Every learner

A training step of the yardstick's size; operations are counted as they pass through the kernels (bench/learners).

{learner_text}
## Curves

W1 with one size changed, one thread unless said; two tasks a step where tasks are not what changes.

{curve_text}
## Where the time goes

{NOTES.read_text() if NOTES.exists() else ''}
{profiles}"""
    PAGE.write_text(text.rstrip() + "\n")
    print(f"written: {PAGE.relative_to(ROOT)}", file=sys.stderr)


main()
