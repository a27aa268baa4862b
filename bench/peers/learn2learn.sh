#!/usr/bin/env bash
# learn2learn.sh VENV: installs learn2learn there, beside the PyTorch that it finds. Its last release holds C that Cython wrote for Python before
# 3.11; made anew from its Cython sources it works.
set -euo pipefail
venv=$(realpath "$1")
"$venv/bin/python" -c 'import torch, torchvision' || { echo "learn2learn.sh: it needs PyTorch and torchvision" >&2; exit 1; }
pip() { "$venv/bin/pip" --quiet --disable-pip-version-check "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pip install 'cython<3' 'setuptools<70' wheel gym==0.26.2 requests tqdm scipy
pip install --no-deps qpth==0.0.18
pip download --no-deps --no-build-isolation --no-binary :all: -d "$work" learn2learn==0.2.0
tar -xzf "$work"/learn2learn-0.2.0.tar.gz -C "$work"
cd "$work/learn2learn-0.2.0"
rm learn2learn/data/*.c
"$venv/bin/python" setup.py -q build_ext --inplace >build.log 2>&1 || { tail -n 20 build.log >&2; exit 1; }
cp -r learn2learn "$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')"
cd /
"$venv/bin/python" -W ignore -c 'import learn2learn' 2>/dev/null
