"""Oddshot beside its peers on the same work, one thread each, in turn: `bench/peers/run.py OUR_SIDE OUT.json`.

Peers that are not installed are left out (requirements.txt holds those that a package index has for any machine; PyTorch is compared too
where it is there). Each answer is compared with ours before a time counts. Times are processor time, all threads of a process together, so
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


def steps(program, results):
    peers = [("JAX: jit of vmap of grad", jax_steps, {"w1": "1x", "w2": ""}),
             ("PyTorch, a task at a time (as learn2learn)", lambda: torch_steps(False), {"w1": "30x", "w2": ""}),
             ("PyTorch, all tasks at once by hand", lambda: torch_steps(True), {"w1": "5x", "w2": ""})]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        params, episodes = make_step(folder)
        for title, peer, wanted in peers:
            try:
                make = peer()
            except ImportError as missing:
                print(f"left out: {title} ({missing})", file=sys.stderr)
                continue
            for work, learner, first_order in (("w1", "maml", False), ("w2", "fomaml", True)):
                run, arrays = make(first_order)
                p, e = arrays(params), arrays(episodes)
                loss, gradient = run(p, e)
                mine = ours(program, "step", learner, folder)
                apart = difference(gradient, our_gradient(folder))
                if not (apart < CLOSE and abs(loss - mine["loss"]) < CLOSE):
                    sys.exit(f"run.py: {title}, {work}: gradients differ by {apart}, losses are {loss} and {mine['loss']}")
                theirs = fastest_ms(lambda: run(p, e))
                again = ours(program, "step", learner, folder)
                results.append({"work": work, "peer": title, "peer_ms": theirs, "our_ms": min(mine["ms"], again["ms"]), "wanted": wanted[work],
                                "agreement": f"{apart:.0e}"})
                print(json.dumps(results[-1]), file=sys.stderr)


# --- Detectors ---


def ranks_agree(a, b):
    """Spearman's correlation."""
    rank = lambda v: np.argsort(np.argsort(v)).astype(np.float64)
    return float(np.corrcoef(rank(a), rank(b))[0, 1])


def detectors(program, results, rows):
    try:
        from sklearn.ensemble import IsolationForest
        from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
    except ImportError as missing:
        print(f"left out: scikit-learn ({missing})", file=sys.stderr)
        return
    rng = np.random.default_rng(2)
    mix = rng.standard_normal((D, D)).astype(np.float32) / np.sqrt(D)
    make = lambda n: (rng.standard_normal((n, D)) @ mix + rng.integers(0, 3, (n, 1))).astype(np.float32)
    fit, score = make(rows), make(rows)

    def knn():
        found = NearestNeighbors(n_neighbors=5, algorithm="brute", n_jobs=1).fit(fit)
        return lambda: found.kneighbors(score)[0].mean(1)

    def lof():
        found = LocalOutlierFactor(n_neighbors=20, novelty=True, algorithm="brute", n_jobs=1).fit(fit)
        return lambda: -found.score_samples(score)

    def forest():
        found = IsolationForest(n_estimators=100, max_samples=256, random_state=1, n_jobs=1).fit(fit)
        return lambda: -found.score_samples(score)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        np.array([rows, rows, D], np.uint32).tofile(folder / "shape.u32")
        fit.tofile(folder / "fit.f32")
        score.tofile(folder / "score.f32")
        for ours_name, peer, wanted in (("knn", knn, "3x"), ("lof", lof, "3x"), ("isolation-forest", forest, "10x")):
            mine = ours(program, "expert", ours_name, folder)
            start = time.process_time()
            values = peer()()
            theirs = (time.process_time() - start) * 1e3
            again = ours(program, "expert", ours_name, folder)
            my_values = np.fromfile(folder / f"scores.{ours_name}.f32", np.float32)
            if ours_name == "isolation-forest":  # forests are drawn: their ranks agree, not their numbers
                other = -IsolationForest(n_estimators=100, max_samples=256, random_state=2, n_jobs=1).fit(fit).score_samples(score)
                agreement, wanted_agreement = ranks_agree(values, my_values), ranks_agree(values, other)
                same = agreement > wanted_agreement - 0.05
                said = f"ranks correlate {agreement:.2f}, those of two of its own {wanted_agreement:.2f}"
            else:
                agreement = float(np.abs(values - my_values).max() / np.abs(my_values).max())
                same, said = agreement < 1e-4, f"{agreement:.0e}"
            if not same:
                sys.exit(f"run.py: {ours_name}: scores differ: {said}")
            our_ms = min(mine["fit_ms"] + mine["score_ms"], again["fit_ms"] + again["score_ms"])
            results.append({"work": f"{ours_name}, fit and score {rows} x {D}", "peer": "scikit-learn", "peer_ms": theirs, "our_ms": our_ms,
                            "wanted": wanted, "agreement": said})
            print(json.dumps(results[-1]), file=sys.stderr)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit("bench/peers/run.py OUR_SIDE OUT.json [ROWS of the detectors, 100000]")
    results = []
    steps(sys.argv[1], results)
    detectors(sys.argv[1], results, int(sys.argv[3]) if len(sys.argv) == 4 else 100_000)
    pathlib.Path(sys.argv[2]).write_text(json.dumps(results, indent=1))


main()
