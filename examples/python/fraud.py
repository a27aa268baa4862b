# %% [markdown]
# # Card fraud: without labels, then with a few
# 28 anonymous components and an amount. First the experts, which need no labels; then a model of any table, learned on eight
# other tables and adapted to five known frauds.

# %%
import data
import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

import oddshot

payments = pd.read_csv(data.folder("creditcard") / "creditcard.csv.gz").drop(columns="Time")
rng = np.random.default_rng(1)
order = rng.permutation(len(payments))
fraud = payments["Class"].to_numpy() == 1
normals, frauds = order[~fraud[order]], order[fraud[order]]
X = payments.drop(columns="Class")
rest = np.r_[normals[500:5500], frauds[5:]]
print(f"{len(rest)} payments to score, {len(frauds) - 5} of them frauds")

# %%
for name in oddshot.experts():
    expert = getattr(oddshot, name)(max_false_alarms=0.02).fit(X.iloc[normals[:500]])
    alarms = expert.predict(X.iloc[rest]) == -1
    print(
        f"{name:<24} AUPRC {average_precision_score(fraud[rest], -expert.score_samples(X.iloc[rest])):.3f}   "
        f"{alarms[fraud[rest]].mean():.0%} of the frauds found at {alarms[~fraud[rest]].mean():.1%} false alarms (2% asked for)"
    )

# %% [markdown]
# A model of any table. Real ones are learned on many tables (`oddshot train adbench`); this one sees a few, in seconds.

# %%
adbench = data.folder("adbench")
tasks = []
for name in ["annthyroid", "cardio", "fault", "landsat", "mammography", "PageBlocks", "satellite", "Waveform"]:
    table = pd.read_csv(adbench / f"{name}.csv.gz").sample(frac=1, random_state=1)[:4000]
    tasks.append(oddshot.Task(name, table.drop(columns="label"), (table["label"] == "anomaly").astype(int)))
model = oddshot.meta_train(tasks, "score-net", steps=150, episodes=150, shots=[0, 1, 5])
for shots in (0, 1, 5):
    known = np.r_[normals[:500], frauds[:shots]]
    detector = model.adapt(X.iloc[known], fraud[known].astype(int))
    print(f"{shots} known frauds: AUPRC {average_precision_score(fraud[rest], detector.anomaly_scores(X.iloc[rest])):.3f}")
