"""Makes the golden meta-gradients of this folder with PyTorch autograd, in double.

    python -m venv golden-env && golden-env/bin/pip install -r requirements.txt
    golden-env/bin/python make_golden.py

Each file holds one episode, the meta-parameters by tensor name, and what autograd says: the meta-loss and its gradient by tensor name.
Nothing here knows how Oddshot computes its gradients: the inner loop is unrolled with create_graph=True and differentiated through.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "gelu": F.gelu}


def episode(generator, features, support, query):
    """Rows and labels; `support` and `query` are (normals, anomalies)."""
    part = {}
    for side, (normals, anomalies) in {"support": support, "query": query}.items():
        labels = torch.tensor([0] * normals + [1] * anomalies)
        rows = torch.randn(normals + anomalies, features, generator=generator) + 0.7 * labels[:, None]
        part[side] = (rows, labels)
    return part


def encoder_parameters(generator, widths, layer_norm):
    parameters = {}
    for layer, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:])):
        parameters[f"encoder.{layer}.weight"] = torch.randn(inputs, outputs, generator=generator) * (1.5 / inputs) ** 0.5
        parameters[f"encoder.{layer}.bias"] = torch.randn(outputs, generator=generator) * 0.1
        if layer_norm and layer < len(widths) - 2:
            parameters[f"encoder.{layer}.gain"] = 1 + torch.randn(outputs, generator=generator) * 0.1
            parameters[f"encoder.{layer}.shift"] = torch.randn(outputs, generator=generator) * 0.1
    return parameters


def encode(parameters, rows, layers, activation):
    h = rows
    for layer in range(layers):
        h = h @ parameters[f"encoder.{layer}.weight"] + parameters[f"encoder.{layer}.bias"]
        if layer < layers - 1:
            if f"encoder.{layer}.gain" in parameters:
                h = F.layer_norm(h, h.shape[1:], parameters[f"encoder.{layer}.gain"], parameters[f"encoder.{layer}.shift"])
            h = ACTIVATIONS[activation](h)
    return h


def balanced_cross_entropy(logits, labels):
    """Each class present weighs the same."""
    losses = F.binary_cross_entropy_with_logits(logits, labels.to(logits), reduction="none")
    return torch.stack([losses[labels == y].mean() for y in (0, 1) if (labels == y).any()]).mean()


def write(name, config, parts, parameters, loss):
    gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    document = {
        "config": config,
        **{side: {"rows": rows.tolist(), "labels": labels.tolist()} for side, (rows, labels) in parts.items()},
        "parameters": {key: {"shape": list(value.shape), "values": value.flatten().tolist()} for key, value in parameters.items()},
        "loss": loss.item(),
        "gradient": {key: (torch.zeros_like(value) if g is None else g).flatten().tolist()
                     for (key, value), g in zip(parameters.items(), gradients)},
    }
    (HERE / f"{name}.json").write_text(json.dumps(document, indent=None, separators=(",", ":")) + "\n")


def maml(name, seed, hidden, activation, layer_norm, inner_steps, inner_rate, learn_inner_rates, support=(6, 4), query=(7, 5),
         momentum=0.0, multi_step_loss=False, learner="maml"):
    """Also first-order MAML, Meta-SGD, ANIL and Reptile, which are MAML but for what is differentiated or adapted."""
    generator = torch.Generator().manual_seed(seed)
    features = 7
    widths = [features, *hidden, 1]
    parts = episode(generator, features, support, query)
    parameters = encoder_parameters(generator, widths, layer_norm)
    names = list(parameters)
    inner = names[-2:] if learner == "anil" else names
    if learn_inner_rates:
        parameters["inner_rate"] = inner_rate * (0.5 + torch.rand(inner_steps, len(inner), generator=generator))
    if learner == "meta-sgd":
        for key in names:
            parameters[f"inner_rate.{key}"] = inner_rate * torch.randn(parameters[key].shape, generator=generator)
    for value in parameters.values():
        value.requires_grad_()

    adapted = {key: parameters[key] for key in names}
    if learner == "reptile":
        parts["support"] = tuple(torch.cat([parts["support"][i], parts["query"][i]]) for i in (0, 1))
    loss_of = lambda network, side: balanced_cross_entropy(
        encode(network, parts[side][0], len(widths) - 1, activation)[:, 0], parts[side][1])
    velocity = [0.0] * len(names)
    query_losses = []
    for step in range(inner_steps):
        gradients = torch.autograd.grad(loss_of(adapted, "support"), [adapted[key] for key in inner], create_graph=True)
        if learner == "fomaml":
            gradients = [g.detach() for g in gradients]
        velocity = [momentum * m + g for m, g in zip(velocity, gradients)]
        rates = (parameters["inner_rate"][step] if learn_inner_rates else
                 [parameters[f"inner_rate.{key}"] for key in inner] if learner == "meta-sgd" else [inner_rate] * len(inner))
        adapted = {**adapted, **{key: adapted[key] - rate * m for key, m, rate in zip(inner, velocity, rates)}}
        query_losses.append(loss_of(adapted, "query"))
    loss = torch.stack(query_losses).mean() if multi_step_loss else query_losses[-1]
    if learner == "reptile":  # its direction is no gradient: written as the gradient of theta_0 . (theta_0 - theta_K)
        loss = sum((parameters[key] * (parameters[key] - adapted[key]).detach()).sum() for key in names)
        loss = loss - loss.detach() + loss_of({key: parameters[key].detach() for key in names}, "support")
        parts["support"] = tuple(part[:sum(support)] for part in parts["support"])
    config = {"learner": learner, "hidden": hidden, "activation": activation, "layer_norm": layer_norm, "inner_steps": inner_steps,
              "inner_rate": inner_rate, "learn_inner_rates": learn_inner_rates, "inner_momentum": momentum,
              "multi_step_loss": multi_step_loss}
    write(name, config, parts, parameters, loss)


def groups(rows, count, distance):
    """The group of each row: k-means from the mean and the rows farthest from the centres so far; the gradient stops here."""
    with torch.no_grad():
        centres = rows.mean(0, keepdim=True)
        for _ in range(1, count):
            nearest = distance(rows, centres).min(1).values
            centres = torch.cat([centres, rows[nearest.argmax()][None]])
        group = torch.zeros(len(rows), dtype=torch.long)
        for _ in range(10 if count > 1 else 0):
            before = group
            group = distance(rows, centres).argmin(1)
            group = torch.unique(group, return_inverse=True)[1]
            centres = torch.stack([rows[group == g].mean(0) for g in range(int(group.max()) + 1)])
            if torch.equal(group, before):
                break
        return group


def proto(name, seed, hidden, activation, layer_norm, embedding=3, support=(6, 4), query=(7, 5), metric="euclidean", prototypes=1):
    generator = torch.Generator().manual_seed(seed)
    features = 7
    widths = [features, *hidden, embedding]
    parts = episode(generator, features, support, query)
    parameters = encoder_parameters(generator, widths, layer_norm)
    if metric == "diagonal":
        parameters["metric.log_weight"] = torch.randn(embedding, generator=generator) * 0.5
    if metric == "cosine":
        parameters["metric.log_scale"] = torch.tensor([1.25])
    parameters["log_threshold"] = torch.tensor([0.375])
    for value in parameters.values():
        value.requires_grad_()
    embed = lambda rows: encode(parameters, rows, len(widths) - 1, activation)

    def distance(rows, centres):
        if metric == "cosine":
            unit = lambda x: x / ((x**2).sum(-1, keepdim=True) + 1e-6).sqrt()
            rows, centres = unit(rows), unit(centres)
        squares = (rows[:, None] - centres[None]) ** 2
        if metric == "diagonal":
            return (parameters["metric.log_weight"].exp() * squares).sum(-1)
        return squares.sum(-1) if metric == "euclidean" else parameters["metric.log_scale"].exp() / 2 * squares.sum(-1)

    rows, labels = parts["support"]
    embedded = embed(rows)
    asked = embed(parts["query"][0])
    minus_distance = []  # log of the mean over a class's prototypes of exp(-d)
    for y in (0, 1):
        if not (labels == y).any():
            minus_distance.append(-parameters["log_threshold"].exp().expand(len(asked)))
            continue
        members = embedded[labels == y]
        group = groups(members, prototypes, distance)
        means = torch.stack([members[group == g].mean(0) for g in range(int(group.max()) + 1)])
        minus_distance.append(torch.logsumexp(-distance(asked, means), 1) - math.log(len(means)))
    labels = parts["query"][1]
    losses = F.cross_entropy(torch.stack(minus_distance, 1), labels, reduction="none")
    loss = torch.stack([losses[labels == y].mean() for y in (0, 1)]).mean()
    config = {"learner": "proto", "hidden": hidden, "activation": activation, "layer_norm": layer_norm, "embedding": embedding,
              "metric": metric, "prototypes": prototypes}
    write(name, config, parts, parameters, loss)


def siamese(name, seed, hidden, activation, layer_norm, contrast, margin, mining="all", embedding=3, support=(6, 4), query=(7, 5)):
    generator = torch.Generator().manual_seed(seed)
    features = 7
    widths = [features, *hidden, embedding]
    parts = episode(generator, features, support, query)
    parameters = encoder_parameters(generator, widths, layer_norm)
    for value in parameters.values():
        value.requires_grad_()
    rows, labels = (torch.cat([parts["support"][i], parts["query"][i]]) for i in (0, 1))
    embedded = encode(parameters, rows, len(widths) - 1, activation)
    power = {"linear": 1, "squared": 2}[contrast]
    distance = lambda i, j: torch.linalg.vector_norm(embedded[i] - embedded[j])
    pairs = [(i, j) for i in range(len(rows)) for j in range(i)]
    if mining == "semi-hard":
        taken = set()
        for i in range(len(rows)):
            own = [distance(i, j).item() for j in range(len(rows)) if labels[j] == labels[i] and j != i]
            others = {j: distance(i, j).item() for j in range(len(rows)) if labels[j] != labels[i]}
            nearest = min(own, default=0.0)
            chosen = [j for j, d in others.items() if nearest < d < margin]
            if others and max(others.values()) <= nearest and max(others.values()) < margin:
                chosen = [max(others, key=others.get)]
            taken |= {(max(i, j), min(i, j)) for j in chosen}
        pairs = [(i, j) for i, j in pairs if labels[i] == labels[j] or (i, j) in taken]
    same = [distance(i, j) ** power for i, j in pairs if labels[i] == labels[j]]
    different = [torch.relu(margin - distance(i, j)) ** power for i, j in pairs if labels[i] != labels[j]]
    loss = torch.stack([torch.stack(part).mean() for part in (same, different) if part]).mean()
    config = {"learner": "siamese", "hidden": hidden, "activation": activation, "layer_norm": layer_norm, "embedding": embedding,
              "contrast": contrast, "margin": margin, "mining": mining}
    write(name, config, parts, parameters, loss)


def ridge(name, seed, hidden, activation, layer_norm, embedding, support, query=(7, 5)):
    generator = torch.Generator().manual_seed(seed)
    features = 7
    widths = [features, *hidden, embedding]
    parts = episode(generator, features, support, query)
    parameters = encoder_parameters(generator, widths, layer_norm)
    for key, value in {"log_lambda": -1.25, "scale": 3.5, "bias": 0.25}.items():
        parameters[key] = torch.tensor([value])
    for value in parameters.values():
        value.requires_grad_()
    embed = lambda rows: encode(parameters, rows, len(widths) - 1, activation)
    rows, labels = parts["support"]
    features, targets = embed(rows), 2.0 * labels - 1
    weights = torch.where(labels == 1, 0.5 / (labels == 1).sum(), 0.5 / (labels == 0).sum())
    system = features.T @ torch.diag(weights) @ features + parameters["log_lambda"].exp() * torch.eye(embedding)
    w = torch.linalg.solve(system, features.T @ (weights * targets))
    rows, labels = parts["query"]
    loss = balanced_cross_entropy(parameters["scale"] * (embed(rows) @ w) + parameters["bias"], labels)
    config = {"learner": "ridge", "hidden": hidden, "activation": activation, "layer_norm": layer_norm, "embedding": embedding}
    write(name, config, parts, parameters, loss)


def in_context(name, seed, hidden, activation, layer_norm, embedding, support, query=(7, 5)):
    heads, blocks = 4, 2
    generator = torch.Generator().manual_seed(seed)
    features = 7
    widths = [features, *hidden, embedding]
    parts = episode(generator, features, support, query)
    parameters = encoder_parameters(generator, widths, layer_norm)
    draw = lambda *shape: torch.randn(shape, generator=generator)
    attention = -(-embedding // heads) * heads
    parameters["label"] = draw(2, embedding)
    parameters["absent"] = draw(2, embedding)
    shapes = {"query": (embedding, attention, True), "key": (embedding, attention, False), "value": (embedding, attention, False),
              "merge": (2 * attention, embedding, True), "up": (embedding, 2 * embedding, True), "down": (2 * embedding, embedding, True)}
    linears = {f"block.{b}.{key}": shape for b in range(blocks) for key, shape in shapes.items()} | {"logit": (embedding, 1, True)}
    for key, (inputs, outputs, bias) in linears.items():
        parameters[f"{key}.weight"] = draw(inputs, outputs) / inputs ** 0.5
        if bias:
            parameters[f"{key}.bias"] = 0.1 * draw(outputs)
    parameters["evidence"] = draw(blocks, heads)
    for value in parameters.values():
        value.requires_grad_()

    linear = lambda key, x: x @ parameters[f"{key}.weight"] + parameters.get(f"{key}.bias", 0.0)
    split = lambda x: x.reshape(len(x), heads, -1).transpose(0, 1)  # [heads, rows, width of a head]
    embed = lambda rows: encode(parameters, rows, len(widths) - 1, activation)
    rows, labels = parts["support"]
    embedded = embed(rows)
    tokens = [torch.cat([parameters["absent"][y:y + 1], embedded[labels == y] + parameters["label"][y]]) for y in (0, 1)]
    rows, labels = parts["query"]
    h = embed(rows)
    evidence = 0.0
    for b in range(blocks):
        q = split(linear(f"block.{b}.query", h))
        match = [torch.einsum("hrd,hnd->hrn", q, split(linear(f"block.{b}.key", t))) / (attention // heads) ** 0.5 for t in tokens]
        normal, anomaly = (z.logsumexp(2) - math.log(z.shape[2]) for z in match)
        evidence = evidence + parameters["evidence"][b] @ (anomaly - normal)
        summaries = [F.scaled_dot_product_attention(q, split(linear(f"block.{b}.key", t)), split(linear(f"block.{b}.value", t)))
                     .transpose(0, 1).reshape(len(h), -1) for t in tokens]
        h = h + linear(f"block.{b}.merge", torch.cat(summaries, 1))
        h = h + linear(f"block.{b}.down", F.gelu(linear(f"block.{b}.up", h)))
    loss = balanced_cross_entropy(linear("logit", h)[:, 0] + evidence, labels)
    config = {"learner": "in-context", "hidden": hidden, "activation": activation, "layer_norm": layer_norm, "embedding": embedding}
    write(name, config, parts, parameters, loss)


def imaml(name, seed, hidden, activation, layer_norm, inner_steps, inner_rate, proximity, conjugate_steps, momentum=0.0,
          support=(6, 4), query=(7, 5), dense=True):
    """The linear system with the dense Hessian, or the iterate of textbook conjugate gradients where they are cut short."""
    generator = torch.Generator().manual_seed(seed)
    features = 7
    widths = [features, *hidden, 1]
    parts = episode(generator, features, support, query)
    parameters = encoder_parameters(generator, widths, layer_norm)
    names = list(parameters)
    sizes = [parameters[key].numel() for key in names]
    start = torch.cat([parameters[key].flatten() for key in names])

    def loss_of(flat, side):
        network = {key: part.reshape(parameters[key].shape) for key, part in zip(names, flat.split(sizes))}
        rows, labels = parts[side]
        return balanced_cross_entropy(encode(network, rows, len(widths) - 1, activation)[:, 0], labels)

    here = before = start
    for _ in range(inner_steps):
        gradient = torch.func.grad(loss_of)(here, "support")
        pulled = here + momentum * (here - before) - inner_rate * gradient
        before, here = here, (pulled + inner_rate * proximity * start) / (1 + inner_rate * proximity)
    hessian = torch.autograd.functional.hessian(lambda flat: loss_of(flat, "support"), here)
    system = torch.eye(len(start)) + hessian / proximity
    wanted = torch.func.grad(loss_of)(here, "query")
    if dense:
        solution = torch.linalg.solve(system, wanted)
    else:
        solution, residual = torch.zeros_like(wanted), wanted
        direction = residual
        for _ in range(conjugate_steps):
            image = system @ direction
            way = (residual @ residual) / (direction @ image)
            solution = solution + way * direction
            left = residual - way * image
            direction = left + (left @ left) / (residual @ residual) * direction
            residual = left
    for value in parameters.values():
        value.requires_grad_()
    flat = torch.cat([parameters[key].flatten() for key in names])
    loss = flat @ solution  # written as the gradient of this
    loss = loss - loss.detach() + loss_of(here, "query")
    config = {"learner": "imaml", "hidden": hidden, "activation": activation, "layer_norm": layer_norm, "inner_steps": inner_steps,
              "inner_rate": inner_rate, "inner_momentum": momentum, "proximity": proximity, "conjugate_steps": conjugate_steps}
    write(name, config, parts, parameters, loss)


def learned_optimizer(name, seed, hidden, activation, layer_norm, inner_steps, inner_rate, width, support=(6, 4), query=(7, 5),
                      multi_step_loss=False):
    generator = torch.Generator().manual_seed(seed)
    features = 7
    widths = [features, *hidden, 1]
    parts = episode(generator, features, support, query)
    parameters = encoder_parameters(generator, widths, layer_norm)
    names = list(parameters)
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    parameters["optimizer.rate"] = inner_rate * (1 + 0.2 * normal(len(names)))
    parameters["optimizer.0.weight"] = normal(5, width) * 5 ** -0.5
    parameters["optimizer.0.bias"] = normal(width) * 0.3
    parameters["optimizer.1.weight"] = normal(width, 2) * width ** -0.5
    parameters["optimizer.1.bias"] = normal(2) * 0.3
    for value in parameters.values():
        value.requires_grad_()

    loss_of = lambda network, side: balanced_cross_entropy(
        encode(network, parts[side][0], len(widths) - 1, activation)[:, 0], parts[side][1])
    squash = lambda z, scale: z / torch.sqrt(z ** 2 + scale ** 2)
    adapted = {key: parameters[key] for key in names}
    query_losses = []
    for step in range(inner_steps):
        loss = loss_of(adapted, "support")
        gradients = torch.autograd.grad(loss, [adapted[key] for key in names], create_graph=True)
        moved = {}
        for key, g, rate in zip(names, gradients, parameters["optimizer.rate"]):
            shared = [squash(loss, 1.0), torch.tensor(step / inner_steps)]
            x = torch.stack([squash(g, 0.1), squash(g, 0.01), squash(g, 0.001), *(value.expand_as(g) for value in shared)], -1)
            h = torch.tanh(x @ parameters["optimizer.0.weight"] + parameters["optimizer.0.bias"])
            gate, push = (h @ parameters["optimizer.1.weight"] + parameters["optimizer.1.bias"]).unbind(-1)
            moved[key] = adapted[key] - rate * (2 * torch.sigmoid(gate) * g + 0.01 * push)
        adapted = moved
        query_losses.append(loss_of(adapted, "query"))
    loss = torch.stack(query_losses).mean() if multi_step_loss else query_losses[-1]
    config = {"learner": "learned-optimizer", "hidden": hidden, "activation": activation, "layer_norm": layer_norm,
              "inner_steps": inner_steps, "inner_rate": inner_rate, "optimizer_width": width, "multi_step_loss": multi_step_loss}
    write(name, config, parts, parameters, loss)


# Fixed inner rates are exact in float, as LearnerOptions holds them.
maml("maml_tanh", 1, [6, 5], "tanh", False, 3, 0.25, False)
maml("maml_relu", 2, [6, 5], "relu", False, 3, 0.25, False)
maml("maml_gelu_norm_rates", 3, [6, 5], "gelu", True, 3, 0.3, True)
maml("maml_relu_norm_rates", 4, [6, 5], "relu", True, 2, 0.2, True)
maml("maml_linear", 5, [], "tanh", False, 2, 0.5, True)
maml("maml_normals_only", 6, [6, 5], "tanh", False, 2, 0.25, False, support=(8, 0))
maml("maml_momentum", 10, [6, 5], "gelu", False, 4, 0.2, True, momentum=0.75)
maml("maml_multi_step", 11, [6, 5], "tanh", False, 3, 0.2, True, momentum=0.5, multi_step_loss=True)
maml("fomaml_tanh", 12, [6, 5], "tanh", True, 3, 0.25, False, learner="fomaml")
maml("fomaml_momentum_rates_multi_step", 18, [6, 5], "gelu", False, 3, 0.2, True, momentum=0.5, multi_step_loss=True, learner="fomaml")
maml("meta_sgd_gelu", 13, [6, 5], "gelu", False, 3, 0.25, False, learner="meta-sgd")
maml("anil_tanh", 14, [6, 5], "tanh", False, 3, 0.5, False, learner="anil")
maml("anil_gelu_norm", 15, [6, 5], "gelu", True, 3, 0.25, False, learner="anil")
maml("anil_relu_normals_only", 16, [6, 5], "relu", True, 3, 0.5, False, support=(8, 0), learner="anil")
maml("anil_momentum_rates", 19, [6, 5], "tanh", False, 4, 0.4, True, momentum=0.75, learner="anil")
maml("anil_multi_step", 20, [6, 5], "gelu", False, 3, 0.25, True, momentum=0.5, multi_step_loss=True, learner="anil")
maml("reptile_tanh", 17, [6, 5], "tanh", True, 3, 0.25, False, learner="reptile")
proto("proto_tanh", 7, [6, 5], "tanh", False)
proto("proto_gelu_norm", 8, [6, 5], "gelu", True)
proto("proto_relu", 9, [6], "relu", False)
ridge("ridge_primal_tanh", 50, [6, 5], "tanh", False, 3, (6, 2))
ridge("ridge_dual_gelu_norm", 51, [6, 5], "gelu", True, 9, (3, 1))
in_context("in_context_tanh", 60, [6, 5], "tanh", False, 8, (6, 2))
in_context("in_context_gelu_norm_odd_width", 61, [6, 5], "gelu", True, 5, (5, 3))
in_context("in_context_normals_only", 62, [6], "tanh", False, 6, (5, 0))
imaml("imaml_tanh", 31, [6, 5], "tanh", False, 5, 0.25, 2.0, 100)
imaml("imaml_gelu_norm_momentum", 32, [6, 5], "gelu", True, 4, 0.25, 8.0, 100, momentum=0.5)
imaml("imaml_relu_normals_only", 33, [6, 5], "relu", False, 6, 0.25, 2.0, 100, support=(8, 0))
imaml("imaml_cut_short", 34, [6, 5], "tanh", False, 5, 0.25, 0.5, 3, dense=False)
learned_optimizer("learned_optimizer_tanh", 35, [6, 5], "tanh", False, 3, 0.25, 8)
learned_optimizer("learned_optimizer_gelu_norm", 36, [6, 5], "gelu", True, 2, 0.25, 5)
learned_optimizer("learned_optimizer_relu_normals_only", 37, [24, 5], "relu", False, 3, 0.25, 8, support=(8, 0))
# Three steps add up in float: a seed whose gradient is not small beside them.
learned_optimizer("learned_optimizer_multi_step", 39, [6, 5], "tanh", False, 3, 0.25, 8, multi_step_loss=True)
# The cosine divides by an embedding's length: seeds without short ones, where float has few digits left.
proto("proto_cosine", 31, [6, 5], "tanh", False, metric="cosine")
proto("proto_diagonal", 21, [6, 5], "gelu", False, metric="diagonal")
proto("proto_several", 22, [6, 5], "tanh", False, support=(9, 6), prototypes=3)
proto("proto_several_cosine", 23, [6, 5], "tanh", True, support=(9, 5), prototypes=2, metric="cosine")
proto("proto_normals_only", 24, [6, 5], "gelu", False, support=(8, 0))
proto("proto_normals_only_several_diagonal", 25, [6, 5], "tanh", False, support=(9, 0), prototypes=3, metric="diagonal")
siamese("siamese_linear", 26, [6, 5], "tanh", False, "linear", 1.5)
siamese("siamese_squared", 27, [6, 5], "gelu", True, "squared", 1.5)
siamese("siamese_semi_hard", 28, [6, 5], "tanh", False, "linear", 1.25, mining="semi-hard")
siamese("siamese_normals_only", 29, [6], "tanh", False, "squared", 2.0, support=(8, 0), query=(6, 1))
