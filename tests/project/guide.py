"""guide.py PAGE PROGRAM [--write]: runs the commands of a page in a folder of its own, and compares what they print with what the page says.

Commands stand in blocks of ```console after "$ " (with "> " before lines that go on), what they print below. Words must be the same;
numbers may differ by 2%, or 0.02, for other machines round otherwise; times ("12 ms", "3.4 s") are left aside. --write puts what was
printed into the page instead. Needs the data of the suite nsl-kdd in $ODDSHOT_DATA or ../shared/data, and onnxruntime: else ends with
status 77.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
TIME = re.compile(r"\b[\d.,]+ (ms|s|min|tasks/s|rows/s)\b")


def skip(why):
    print("NOT CHECKED:", why)
    sys.exit(77)


def blocks(lines):
    """[(command, first line of what it prints, line after it)]"""
    inside, found = False, []
    for at, line in enumerate(lines):
        if not inside:
            inside = line == "```console"
        elif line == "```":
            inside = False
        elif line.startswith("$ "):
            found.append([line[2:], at + 1, at + 1])
        elif line.startswith("> ") and found[-1][1] == at:
            found[-1][0] += "\n" + line[2:]
            found[-1][1:] = [at + 1, at + 1]
        else:
            found[-1][2] = at + 1
    return found


def value(text):
    return float(text.replace(",", "").rstrip("."))


def alike(wanted, got):
    wanted, got = (TIME.sub(r"some \1", line).rstrip() for line in (wanted, got))
    if NUMBER.sub("0", wanted) != NUMBER.sub("0", got):
        return False
    pairs = zip(NUMBER.findall(wanted), NUMBER.findall(got))
    return all(abs(value(a) - value(b)) <= max(0.02, 0.02 * abs(value(a))) for a, b in pairs)


def main():
    page, program = (pathlib.Path(one).resolve() for one in sys.argv[1:3])
    data = pathlib.Path(os.environ.get("ODDSHOT_DATA") or SOURCE.parent / "shared" / "data").resolve()
    if not (data / "nsl-kdd").is_dir():
        skip(f"the data of nsl-kdd are not in {data}")
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        skip(f"{sys.executable} has no onnxruntime")
    lines = page.read_text().split("\n")
    commands, wrong = blocks(lines), 0
    if len(commands) < 8:
        sys.exit(f"{page}: only {len(commands)} commands")
    with tempfile.TemporaryDirectory() as folder:
        path = os.pathsep.join([str(program.parent), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
        environment = os.environ | {"PATH": path, "ODDSHOT_DATA": str(data), "GUIDE": str(SOURCE / "examples" / "guide"),
                                    # Vectors of another width round otherwise, and training makes more of it.
                                    "ODDSHOT_TARGET": "scalar"}
        printed = []
        for command, first, last in commands:
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            got = done.stdout.replace(str(data), "$ODDSHOT_DATA").rstrip("\n").split("\n") if done.stdout else []
            wanted = lines[first:last]
            printed.append(got)
            if done.returncode != 0 or len(got) != len(wanted) or not all(map(alike, wanted, got)):
                wrong += 1
                print(f"$ {command}\nended with status {done.returncode}", "and printed:", *got, "where the page has:", *wanted, "", sep="\n")
    if "--write" in sys.argv:
        for (_, first, last), got in reversed(list(zip(commands, printed))):
            lines[first:last] = got
        page.write_text("\n".join(lines))
        return
    print(f"{len(commands)} commands, {wrong} print something else")
    sys.exit(1 if wrong else 0)


main()
