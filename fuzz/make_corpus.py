"""Writes the first inputs of the fuzz targets, fuzz/corpus/TARGET/NAME: small, well-formed, one for each branch worth starting from.

python3 fuzz/make_corpus.py, from the root of the project. The models are made of tests/model_io/golden/checkpoint-1.oddshot, the detectors are
those of tests/detector/golden.
"""
import json
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parent.parent


def write(target, name, content):
    folder = ROOT / "fuzz" / "corpus" / (target + "_fuzz")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def tensor_file(header, data=b""):
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def tensor(shape, begin, end):
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}


def tensor_files():
    write("tensor_file", "empty", tensor_file({}))
    write("tensor_file", "scalar", tensor_file({"a": tensor([], 0, 4)}, struct.pack("<f", 1)))
    header = {"__metadata__": {"k": "v"}, "a": tensor([2], 4, 12), "b": tensor([1, 1], 0, 4), "c": tensor([0, 3], 12, 12)}
    write("tensor_file", "several", tensor_file(header, struct.pack("<3f", 1, 2, float("nan"))))


def models():
    checkpoint = (ROOT / "tests/model_io/golden/checkpoint-1.oddshot").read_bytes()
    write("model_file", "checkpoint", checkpoint)
    length = struct.unpack("<Q", checkpoint[:8])[0]
    header = json.loads(checkpoint[8 : 8 + length])
    metadata = header.pop("__metadata__")
    kept, data = {"__metadata__": metadata}, b""
    for name, entry in header.items():
        if not name.startswith("adam_"):
            begin, end = entry["data_offsets"]
            kept[name] = tensor(entry["shape"], len(data), len(data) + end - begin)
            data += checkpoint[8 + length + begin : 8 + length + end]
    write("model_file", "model", tensor_file(kept, data))
    for number, key in enumerate(sorted(metadata)):
        write("model_metadata", key, bytes([number]) + metadata[key].encode())
    write("preprocessor", "signed-log", metadata["preprocessor"])


def detectors():
    for file in sorted((ROOT / "tests/detector/golden").glob("detector-*.safetensors")):
        write("detector", file.stem, file.read_bytes())


def preprocessors():
    numeric = {"name": "x", "kind": "numeric", "missing": False, "mean": -1e300, "deviation": 1e-30}
    category = {"name": "c", "kind": "category", "missing": True, "categories": ["a"]}
    text = {"format": "oddshot preprocessor", "version": 1, "transform": "identity", "dropped": [], "columns": [numeric, category]}
    write("preprocessor", "identity", json.dumps(text))


def tables():
    # The first byte is a set of options, see table_fuzz.cc.
    write("table", "header", b'\x00a,b,c\n1,2.5,x\n?,NA,"y, ""z"""\n-3e4,true,\n')
    write("table", "names", b"\x011,2,http\r\n3,4,smtp\r\n")
    write("table", "semicolon", b"\x12\xef\xbb\xbfa;b;c\n1;2;3\n4; 5 ;6\n")
    write("table", "quote", b"\x2ca,b,c\n'x\ny',2,\xff\n")
    write("table", "ragged", b"\x00a,b\n1\n")
    write("table", "objects", b'\x40{"a": 1, "b": "x"}\n\n{"c": null, "a": 2.5e3, "b": true}')
    # The first byte is a format and a set of columns, see rows_fuzz.cc.
    write("rows", "csv", b'\x0ca,b,c\n1,x,2\n"?","y, ""z""",\n-3e4,,true\n')
    write("rows", "tsv", b"\x01\r\na\tb\n1\t2\n\n3\t4")
    write("rows", "objects", b'\x1e{"a": 1, "b": "x", "c": [1, {}]}\n\n{"b": null, " a ": "2"}\n{"a": 1e3, "d": "\\u00e4"}')


LABEL = """name = "s"
title = "t"
domain = "network"
description = "d"
[[files]]
path = "a.csv"
side = "training"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
url = "https://example.org/a.csv"
source = "s"
licence = "l"
[[files]]
path = "b.csv"
side = "held-out"
[read]
header = false
separator = ";"
names = ["a", "b", "kind", "run"]
[columns]
label = "kind"
normal = ["normal"]
group = "run"
category = ["b"]
[tasks]
cut = "label"
training = "*"
held_out = "unseen"
minimum_anomalies = 13
"""
CLUSTER = """name = "s"
[[files]]
path = "a.csv"
[columns]
label = "y"
normal = "0"
[tasks]
cut = "cluster"
clusters = 4
held_out_normals = 0.3
training = ["cluster_0", "cluster_1"]
held_out = ["cluster_2", "cluster_3"]
"""
SIMULATOR = """name = "p"
simulator = "payment-fraud"
[columns]
label = "pattern"
normal = "none"
group = "customer"
[tasks]
cut = "label"
training = ["card-testing"]
held_out = ["sim-swap"]
"""

tensor_files()
models()
detectors()
preprocessors()
tables()
write("manifest", "label", LABEL)
write("manifest", "cluster", CLUSTER)
write("manifest", "simulator", SIMULATOR)
