# %% [markdown]
# # Machine faults: surface faults of steel plates
# Six kinds of fault; two are held out, and each is then found from one or five examples.

# %%
import data
import pandas as pd

import oddshot
from oddshot import plot

plates = pd.read_csv(data.folder("steel-plates") / "faults.csv.gz").drop(columns="target")
plates["failure.type"] = plates["failure.type"].astype(str)
print(plates["failure.type"].value_counts().to_dict(), "(0: other faults, which count as normal here)")

# %%
suite = oddshot.Suite.from_frame(plates, label="failure.type", normal="0", held_out=["2", "3"], name="plates")
model = oddshot.meta_train(suite, "score-net", steps=100, episodes=200, shots=[1, 5])
result = oddshot.evaluate(model, suite, baselines=["knn", "knn-difference", "logistic"], shots=[1, 5], repeats=5)
print(result.pivot_table(index="method", columns=["shots", "task"], values="auprc").round(3))

# %% [markdown]
# The curve by shots, if matplotlib is there.

# %%
try:
    plot.ShotsDisplay.from_evaluation(result).figure_.savefig("machine_faults.png")
except ImportError:
    print("no figure: matplotlib is not installed")
