"""Opens a tensor file with Python's safetensors and writes what it read to a second one: read_with_safetensors.py IN OUT"""
import sys

from safetensors import safe_open
from safetensors.numpy import save_file

with safe_open(sys.argv[1], framework="numpy") as source:
    tensors = {name: source.get_tensor(name) for name in source.keys()}
    save_file(tensors, sys.argv[2], metadata=source.metadata())
