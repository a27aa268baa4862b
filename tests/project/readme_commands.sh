#!/usr/bin/env bash
# readme_commands.sh README PROGRAM FOLDER: runs the commands of README that begin with build/oddshot, as they stand there, in FOLDER.
set -euo pipefail
readme=$1 program=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder/build"
ln -s "$program" "$folder/build/oddshot"
cd "$folder"
mapfile -t commands < <(grep '^build/oddshot ' "$readme")
[ ${#commands[@]} -ge 4 ] || { echo "README has only ${#commands[@]} commands"; exit 1; }
for command in "${commands[@]}"; do
  echo "\$ $command"
  bash -c "$command"
done
[ -s out/payments/report.html ] || { echo "no report"; exit 1; }
