"""Oddshot beside its peers on the same work, one thread each (reading: all), in turn: `bench/peers/run.py OUR_SIDE OUT.json`. Stopped, it takes
up again where it was.

Peers that are not installed are left out (requirements.txt holds those that a package index has for any machine; `./dev bench` takes PyTorch
from Debian, built for the processor alone, and bench/peers/learn2learn.sh builds learn2learn for it). Each answer is compared with ours before a time counts. Times are processor time, all threads of a process together, so
that other work on the machine does not count, and the fastest of several runs where they are short.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import numpy as np

D, WIDTH, TASKS, SUPPORT, QUERY, STEPS, RATE = 40, 64, 32, 20, 64, 5, 0.1
SHAPES = [("encoder.0.weight", (D, WIDTH)), ("encoder.0.bias", (WIDTH,)), ("encoder.1.weight", (WIDTH, WIDTH)),
          ("encoder.1.bias", (WIDTH,)), ("encoder.2.weight", (WIDTH, 1)), ("encoder.2.bias", (1,))]
CLOSE = 2e-4  # of the gradient's largest element: float32 through five steps and a kink


def fastest_ms(work, seconds=6.0, least=5):
    best, done, start = float("inf"), 0, time.perf_counter()
    while done < least or time.perf_counter() - start < seconds:
        began = time.process_time()
        work()
        best = min(best, (time.process_time() - began) * 1e3)
        done += 1
    return best


def ours(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"run.py: {done.stderr.strip()}")
    return json.loads(done.stdout)


def make_step(folder):
    """Parameters and episodes, as arrays and as the files that our side reads."""
    rng = np.random.default_rng(1)
    params = []
    for name, shape in SHAPES:
        deviation = np.sqrt(2 / shape[0]) if len(shape) == 2 else 0.1
        params.append((deviation * rng.standard_normal(shape)).astype(np.float32))
        params[-1].tofile(folder / f"{name}.f32")
    episodes = []
    for name, rows in (("support", SUPPORT), ("query", QUERY)):
        labels = np.zeros((TASKS, rows), np.uint8)
        labels[:, rows // 2:] = 1
        x = rng.standard_normal((TASKS, rows, D)).astype(np.float32) + 0.5 * labels[:, :, None].astype(np.float32)
        x = x.astype(np.float32)
        x.tofile(folder / f"{name}.f32")
        labels.tofile(folder / f"{name}_labels.u8")
        episodes += [x, labels.astype(np.float32)]
    return params, episodes


def our_gradient(folder):
    return [np.fromfile(folder / f"gradient.{name}.f32", np.float32).reshape(shape) for name, shape in SHAPES]


def difference(theirs, mine):
    """The largest difference of two gradients in units of the largest element."""
    largest = max(float(np.abs(g).max()) for g in mine)
    return max(float(np.abs(np.asarray(a) - b).max()) for a, b in zip(theirs, mine)) / largest


# --- Peers: each returns a function of (params, episodes) to (loss, gradient), both means over the tasks ---


def jax_steps():
    import jax
    import jax.numpy as jnp

    def loss(params, x, y):
        h = x
        for i in range(0, 4, 2):
            h = jax.nn.relu(h @ params[i] + params[i + 1])
        z = (h @ params[4] + params[5])[:, 0]
        each = jax.nn.softplus(z) - y * z  # half of the rows are anomalies: class-balanced is the plain mean
        return each.mean()

    def inner(params, x, y, first_order):
        for _ in range(STEPS):
            g = jax.grad(loss)(params, x, y)
            if first_order:
                g = jax.lax.stop_gradient(g)
            params = [p - RATE * d for p, d in zip(params, g)]
        return params

    def whole(params, episodes, first_order):
        def one(xs, ys, xq, yq):
            return loss(inner(params, xs, ys, first_order), xq, yq)
        return jax.vmap(one)(*episodes).mean()

    def make(first_order):
        step = jax.jit(jax.value_and_grad(lambda p, e: whole(p, e, first_order)))

        def run(params, episodes):
            value, gradient = step(params, episodes)
            jax.block_until_ready(gradient)
            return float(value), gradient
        return run, lambda arrays: [jnp.asarray(a) for a in arrays]
    return make


def torch_steps(by_hand):
    import torch
    torch.set_num_threads(1)

    def loss(params, x, y):
        """Of one task, or of all at once where params have a leading axis of tasks."""
        h = x
        for i in range(0, 4, 2):
            h = torch.relu(torch.matmul(h, params[i]) + params[i + 1].unsqueeze(-2))
        z = (torch.matmul(h, params[4]) + params[5].unsqueeze(-2))[..., 0]
        return torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="none").mean(-1)

    def adapt(params, x, y, first_order):
        for _ in range(STEPS):
            g = torch.autograd.grad(loss(params, x, y).sum(), params, create_graph=not first_order)
            params = [p - RATE * d for p, d in zip(params, g)]
        return params

    def make(first_order):
        def run(params, episodes):
            leaves = [p.detach().requires_grad_() for p in params]
            if by_hand:  # every task's copy of the parameters side by side: batched products
                start = [p.expand(TASKS, *p.shape) for p in leaves]
                total = loss(adapt(start, episodes[0], episodes[1], first_order), episodes[2], episodes[3]).mean()
            else:  # one task after the other, as learn2learn does
                total = sum(loss(adapt(leaves, episodes[0][t], episodes[1][t], first_order), episodes[2][t], episodes[3][t])
                            for t in range(TASKS)) / TASKS
            gradient = torch.autograd.grad(total, leaves)
            return float(total), [g.numpy() for g in gradient]
        return run, lambda arrays: [torch.from_numpy(a) for a in arrays]
    return make


def learn2learn_steps():
    import warnings
    warnings.filterwarnings("ignore")  # its other parts warn of their age
    import learn2learn
    import torch
    torch.set_num_threads(1)

    model = torch.nn.Sequential(torch.nn.Linear(D, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 1))
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits

    def make(first_order):
        maml = learn2learn.algorithms.MAML(model, lr=RATE, first_order=first_order)

        def run(params, episodes):
            for leaf, value in zip(model.parameters(), params):
                leaf.data.copy_(value.t() if value.dim() == 2 else value)  # a layer of PyTorch keeps its weights the other way round
                leaf.grad = None
            total = 0
            for t in range(TASKS):
                learner = maml.clone()
                for _ in range(STEPS):
                    learner.adapt(cross_entropy(learner(episodes[0][t])[:, 0], episodes[1][t]))
                total = total + cross_entropy(learner(episodes[2][t])[:, 0], episodes[3][t]) / TASKS
            total.backward()
            return float(total), [leaf.grad.numpy().T for leaf in model.parameters()]
        return run, lambda arrays: [torch.from_numpy(a) for a in arrays]
    return make


def step_entry(program, folder, work, learner, first_order, peer, wanted):
    params, episodes = make_step(folder)
    run, arrays = peer()(first_order)
    p, e = arrays(params), arrays(episodes)
    loss, gradient = run(p, e)
    mine = ours(program, "step", learner, folder)
    apart = difference(gradient, our_gradient(folder))
    if not (apart < CLOSE and abs(loss - mine["loss"]) < CLOSE):
        sys.exit(f"run.py: {work}: gradients differ by {apart}, losses are {loss} and {mine['loss']}")
    theirs = fastest_ms(lambda: run(p, e))
    again = ours(program, "step", learner, folder)
    return {"peer_ms": theirs, "our_ms": min(mine["ms"], again["ms"]), "wanted": wanted, "agreement": f"{apart:.0e}"}


def steps(program, keep):
    peers = [("JAX: jit of vmap of grad", jax_steps, {"w1": "1x", "w2": ""}),
             ("learn2learn", learn2learn_steps, {"w1": "30x", "w2": ""}),
             ("PyTorch, a task at a time (as learn2learn)", lambda: torch_steps(False), {"w1": "", "w2": ""}),
             ("PyTorch, all tasks at once by hand", lambda: torch_steps(True), {"w1": "5x", "w2": ""})]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for title, peer, wanted in peers:
            for work, learner, first_order in (("w1", "maml", False), ("w2", "fomaml", True)):
                keep(work, title, lambda: step_entry(program, folder, work, learner, first_order, peer, wanted[work]))


# --- Detectors ---


def ranks_agree(a, b):
    """Spearman's correlation."""
    rank = lambda v: np.argsort(np.argsort(v)).astype(np.float64)
    return float(np.corrcoef(rank(a), rank(b))[0, 1])


def make_tables(folder, rows):
    """Rows to fit on and rows to score, as arrays and as the files that our side reads."""
    rng = np.random.default_rng(2)
    mix = rng.standard_normal((D, D)).astype(np.float32) / np.sqrt(D)
    make = lambda: (rng.standard_normal((rows, D)) @ mix + rng.integers(0, 3, (rows, 1))).astype(np.float32)
    fit, score = make(), make()
    np.array([rows, rows, D], np.uint32).tofile(folder / "shape.u32")
    fit.tofile(folder / "fit.f32")
    score.tofile(folder / "score.f32")
    return fit, score


def timed(work):
    start = time.process_time()
    values = work()
    return values, (time.process_time() - start) * 1e3


def neighbours(name, fit, score):
    from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
    if name == "knn":
        return NearestNeighbors(n_neighbors=5, algorithm="brute", n_jobs=1).fit(fit).kneighbors(score)[0].mean(1)
    return -LocalOutlierFactor(n_neighbors=20, novelty=True, algorithm="brute", n_jobs=1).fit(fit).score_samples(score)


def forest(package, seed, fit, score):
    if package == "scikit-learn":
        from sklearn.ensemble import IsolationForest
        return -IsolationForest(n_estimators=100, max_samples=256, random_state=seed, n_jobs=1).fit(fit).score_samples(score)
    from isotree import IsolationForest  # whose tree i of seed s is tree i - 1 of seed s + 1
    return IsolationForest(ntrees=100, sample_size=256, ndim=1, max_depth=8, missing_action="fail", random_seed=1000 * seed, nthreads=1).fit(fit).predict(score)


def our_scores(program, name, folder):
    """(scores, milliseconds of fitting and scoring: the faster of two runs)"""
    runs = [ours(program, "expert", name, folder) for _ in range(2)]
    return np.fromfile(folder / f"scores.{name}.f32", np.float32), min(run["fit_ms"] + run["score_ms"] for run in runs)


def neighbour_entry(program, name, folder, fit, score):
    mine, our_ms = our_scores(program, name, folder)
    values, theirs = timed(lambda: neighbours(name, fit, score))
    # Of two neighbours equally far to float32 either may be the last; lof then takes the density of another row.
    apart = np.abs(values - mine) / np.abs(mine).max()
    near, most = float((apart < 1e-5).mean()), float(apart.max())
    said = f"within 1e-5 for {100 * near:.2f}% of rows, {most:.0e} for all"
    if not (near > 0.999 and most < 1e-2):
        sys.exit(f"run.py: {name}: scores differ: {said}")
    return {"peer": "scikit-learn", "peer_ms": theirs, "our_ms": our_ms, "wanted": "3x", "agreement": said}


def forest_entry(program, package, wanted, folder, fit, score):
    """Forests are drawn: ours must rank the rows as like a mean of others as one of those does."""
    mine, our_ms = our_scores(program, "isolation-forest", folder)
    runs = [timed(lambda: forest(package, seed, fit, score)) for seed in range(1, 5)]
    values = [scores for scores, _ in runs]
    rest = sum(values[1:])
    agreement, of_their_own = ranks_agree(mine, rest), ranks_agree(values[0], rest)
    said = f"ranks correlate {agreement:.3f} with three others, one of its own {of_their_own:.3f}"
    if not agreement > of_their_own - 0.05:
        sys.exit(f"run.py: isolation-forest: {package}: {said}")
    return {"peer": package, "peer_ms": min(ms for _, ms in runs), "our_ms": our_ms, "wanted": wanted, "agreement": said}


def detectors(program, keep, rows):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        fit, score = make_tables(folder, rows)
        for package, wanted in (("scikit-learn", "10x"), ("isotree", "1x")):
            keep(f"isolation-forest, fit and score {rows:,} x {D}", package, lambda: forest_entry(program, package, wanted, folder, fit, score))
        for expert in ("knn", "lof"):
            keep(f"{expert}, fit and score {rows:,} x {D}", "scikit-learn", lambda: neighbour_entry(program, expert, folder, fit, score))


# --- Reading ---


def make_csv(path, megabytes):
    """Numbers of 40 columns, a block of some 10 MB over and over."""
    rng = np.random.default_rng(3)
    block = "".join(",".join(f"{v:.6g}" for v in row) + "\n" for row in rng.standard_normal((30_000, D)))
    with open(path, "w") as file:
        file.write(",".join(f"c{i}" for i in range(D)) + "\n")
        for _ in range(max(1, megabytes * 1_000_000 // len(block))):
            file.write(block)


def csv_entry(program, path):
    """Processor time of all threads; Arrow makes float32 of the columns too, as a feature matrix holds them."""
    import pyarrow
    import pyarrow.csv
    options = pyarrow.csv.ConvertOptions(column_types={f"c{i}": pyarrow.float32() for i in range(D)})
    theirs, mine = [], []
    for _ in range(3):
        table, ms = timed(lambda: pyarrow.csv.read_csv(path, convert_options=options))
        theirs.append(ms)
        mine.append(ours(program, "csv", path))
    sums = np.array([float(np.sum(table.column(c).to_numpy(), dtype=np.float64)) for c in range(D)])
    if mine[0]["rows"] != table.num_rows or not np.allclose(mine[0]["sums"], sums, rtol=1e-9, atol=1e-6):
        sys.exit(f"run.py: csv: {mine[0]['rows']} rows against {table.num_rows}, or other sums")
    return {"peer": "Arrow alone", "peer_ms": min(theirs), "our_ms": min(run["ms"] for run in mine), "wanted": "0.8x", "agreement": "the same numbers"}


def reading(program, keep, megabytes):
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "rows.csv"
        make_csv(path, megabytes)
        keep(f"CSV of {megabytes:,} MB, {D} columns, to a feature matrix", "Arrow alone", lambda: csv_entry(program, path))


# --- What is kept ---


class Results:
    """out.json, written after each entry: what it holds that is younger than our program is not measured again."""

    def __init__(self, program, path):
        self.path = pathlib.Path(path)
        fresh = self.path.exists() and self.path.stat().st_mtime > pathlib.Path(program).stat().st_mtime
        self.entries = json.loads(self.path.read_text()) if fresh else []

    def keep(self, work, peer, measure):
        if any(entry["work"] == work and entry["peer"] == peer for entry in self.entries):
            return
        try:
            entry = measure()
        except ImportError as missing:
            print(f"left out: {peer} ({missing})", file=sys.stderr)
            return
        self.entries.append({"work": work, **entry, "peer": peer})
        self.path.write_text(json.dumps(self.entries, indent=1))
        print(json.dumps(self.entries[-1]), file=sys.stderr)


def main():
    if len(sys.argv) < 3:
        sys.exit("bench/peers/run.py OUR_SIDE OUT.json [ROWS of the detectors, 100000] [MEGABYTES of the CSV, 1000]")
    program = sys.argv[1]
    rows = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    megabytes = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
    results = Results(program, sys.argv[2])
    steps(program, results.keep)
    reading(program, results.keep, megabytes)
    detectors(program, results.keep, rows)


main()
