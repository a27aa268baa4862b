# %% [markdown]
# # Any table: one model for tables that it never saw
# Each table is a task with columns of its own. Learned on eight tables, judged on four others.

# %%
import sys

import data
import pandas as pd

import oddshot

adbench = data.folder("adbench")
LEARNED = ["annthyroid", "cardio", "fault", "landsat", "mammography", "PageBlocks", "satellite", "Waveform"]
JUDGED = ["glass", "Ionosphere", "vowels", "Pima"]
frames = {name: pd.read_csv(adbench / f"{name}.csv.gz").sample(frac=1, random_state=1)[:4000] for name in LEARNED + JUDGED}
suite = oddshot.Suite.from_frames(frames, held_out=JUDGED, minimum_anomalies=9, name="tables")
print(suite)

# %%
model = oddshot.meta_train(suite, "score-net", steps=150, episodes=150, shots=[0, 1, 3], progress=sys.stderr.isatty())
result = oddshot.evaluate(model, suite, baselines=["knn", "isolation-forest", "ecod"], shots=[1, 3], repeats=5)
print(result.groupby(["shots", "method"])[["auroc", "auprc"]].mean().round(3))

# %% [markdown]
# The model is one file, which the command line and C++ read as well.

# %%
model.save("any_table.safetensors")
print(oddshot.MetaModel.load("any_table.safetensors") == model)
