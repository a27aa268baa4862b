"""Measures this machine on the yardstick and writes docs/performance.md: `./dev bench`. Standard library alone.

Every figure is the fastest of a run beside the multiply-add peak of that run, so that a clock that moves or a neighbour moves both. Peers
are shown where bench/peers/run.py has left what it measured.
"""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/oddshot"
BENCHES = ROOT / "build-bench/bench"
PEERS = ROOT / "out/peers.json"
PAGE = ROOT / "docs/performance.md"
NOTES = ROOT / "bench/notes.md"
RUNS = 3  # of each yardstick, of which the middle one is shown and the lowest and highest make the spread

# Work, what is measured, the least that is wanted. Shares are of the multiply-add peak.
YARDSTICK = [
    ("w1", "MAML, exact second order (W1)", 0.79),
    ("w2", "MAML, first order (W2)", 0.75),
    ("w3", "Reptile (W3)", 0.70),
    ("w4", "prototypical network (W4)", 0.80),
]
LEAST_OF_YARDSTICK = 0.60  # what any other size must reach of W1's share
YARDSTICK_PEAK = 206.0  # GFLOP/s of the machine on which the bare times among the targets were set


def measured(*words, seconds=2.0):
    """One run of `oddshot bench`, as it prints it for programs."""
    command = [PROGRAM, "bench", "--json", "--seconds", str(seconds), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"performance: {done.stderr.strip()}")
    return json.loads(done.stdout)


def spread_of(*words, seconds=2.0):
    """(the middle run, the lowest share, the highest) of several runs."""
    runs = sorted((measured(*words, seconds=seconds) for _ in range(RUNS)), key=lambda run: run["share_of_peak"])
    return runs[RUNS // 2], runs[0]["share_of_peak"], runs[-1]["share_of_peak"]


def fastest_ms(command, times=15):
    """The fastest of several runs of a whole process."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        best = min(best, (time.perf_counter() - start) * 1e3)
    return best


def bench_times(program, wanted):
    """{name: microseconds} of a Google Benchmark program's cases."""
    path = BENCHES / program
    if not path.exists():
        return {}
    done = subprocess.run([path, f"--benchmark_filter={wanted}", "--benchmark_format=json", "--benchmark_repetitions=5"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {}
    times = {}
    scale = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
    for case in json.loads(done.stdout[done.stdout.index("{"):])["benchmarks"]:
        if case.get("run_type") == "iteration":
            us = case["real_time"] * scale[case["time_unit"]]
            times[case["run_name"]] = min(us, times.get(case["run_name"], float("inf")))
    return times


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def verdict(reached, wanted):
    return "reached" if reached >= wanted else f"**{100 * reached / wanted:.0f}% of it**"


def percent(share):
    return f"{100 * share:.1f}%"


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
    two, low, high = spread_of("--workload", "w1", "--threads", 2, seconds=4)
    gain = one_thread["w1"]["ms_per_step"] / two["ms_per_step"]
    row("W1 on two threads against one", "1.9x", f"{gain:.2f}x", gain / 1.9)

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

    help_ms = fastest_ms([PROGRAM, "--help"])
    row("start of the program to `--help`", "20 ms", f"{help_ms:.1f} ms", 20 / help_ms)
    experts = bench_times("experts/experts_bench", "score_space|table_space")
    if "score_space/map" in experts:
        us = experts["score_space/map"]
        row("an episode into score space (50 + 5 support, 64 query, 40 columns, four views)", "1 ms", f"{us / 1e3:.2f} ms", 1e3 / us)
    return table(("what", "at least", "reached", ""), rows), one_thread, falls_short


def peers(one_thread):
    if not PEERS.exists():
        return "Not measured here.\n"
    rows = []
    for peer in json.loads(PEERS.read_text()):
        rows.append((peer["work"], peer["peer"], f"{peer['peer_ms']:.2f} ms", f"{peer['our_ms']:.2f} ms", f"{peer['peer_ms'] / peer['our_ms']:.1f}x",
                     peer["wanted"], peer["agreement"]))
    return table(("work", "peer", "its time", "Oddshot's", "ratio", "at least", "answers agree within"), rows)


def curve(what, values, words_of, base_share, peaks, fixed=()):
    rows = []
    low = []
    for value in values:
        run = measured(*fixed, *words_of(value), seconds=0.7)
        share = run["share_of_peak"]
        peaks.append(run["fma_peak_gflops"] / run["threads"])
        rows.append((value, f"{run['ms_per_step']:.3f}", f"{run['gflops']:.1f}", percent(share), percent(share / base_share)))
        if share < LEAST_OF_YARDSTICK * base_share:
            low.append(value)
    return table((what, "ms a step", "GFLOP/s", "of peak", "of W1's share"), rows), low


def curves(base_share, peaks):
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
        rows, low = curve(title.lower(), values, words_of, base_share, peaks, with_these)
        text.append(f"### {title}\n\n{rows}")
        if low:
            text.append(f"Below {percent(LEAST_OF_YARDSTICK)} of W1's share: {', '.join(map(str, low))}.\n")
    return "\n".join(text)


def profile(name):
    """Where the time of a workload goes, by the sampling of `perf` on the processor's clock; nothing where there is no perf."""
    data = ROOT / "out/perf.data"
    data.parent.mkdir(exist_ok=True)
    record = ["perf", "record", "-q", "-F", "3000", "-e", "cpu-clock", "-o", data, PROGRAM, "bench", "--workload", name, "--seconds", "4"]
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
    rows, one_thread, falls_short = targets(peaks)
    curve_text = curves(one_thread["w1"]["share_of_peak"], peaks)
    profiles = "\n".join(filter(None, (profile(name) for name in dict.fromkeys(falls_short))))
    text = f"""# Performance

Written by `./dev bench` ([tools/performance.py](../tools/performance.py)); do not edit. `oddshot bench` measures your machine in some ten seconds.

## The machine

{machine(peaks)}
A share of peak is that of the fastest step against the fastest stretch of multiply-adds in the same run, on the same cores. A step's
operations are those of the network's products alone: 2 for each weight and row that a pass meets.

## The yardstick

A network 40-64-64-1 with ReLU, float32; 32 tasks a step, a support of 20 rows, a query of 64, five inner steps of plain gradient descent, Adam
outside. W1 is MAML with exact second order (377 MFLOP a step), W2 first order (185), W3 Reptile on the 20 rows (113), W4 a prototypical network
40-64-64-32 (127). Ranges are of {RUNS} runs. Where a target is a bare time, it was set on a machine with a peak of {YARDSTICK_PEAK:.0f} GFLOP/s a core and is
scaled to this one's.

{rows}
## Against others

{peers(one_thread)}
## Curves

W1 with one size changed, one thread unless said; two tasks a step where tasks are not what changes.

{curve_text}
## Where the time goes

{NOTES.read_text() if NOTES.exists() else ''}
{profiles}"""
    PAGE.write_text(text.rstrip() + "\n")
    print(f"written: {PAGE.relative_to(ROOT)}", file=sys.stderr)


main()
