# %% [markdown]
# # Network intrusion: a new kind of attack from five examples
# Learn across the attack types that are known, then judge on types that training never saw (NSL-KDD).

# %%
import data
import pandas as pd

import oddshot

NAMES = """duration protocol_type service flag src_bytes dst_bytes land wrong_fragment urgent hot num_failed_logins logged_in num_compromised
root_shell su_attempted num_root num_file_creations num_shells num_access_files num_outbound_cmds is_host_login is_guest_login count srv_count
serror_rate srv_serror_rate rerror_rate srv_rerror_rate same_srv_rate diff_srv_rate srv_diff_host_rate dst_host_count dst_host_srv_count
dst_host_same_srv_rate dst_host_diff_srv_rate dst_host_same_src_port_rate dst_host_srv_diff_host_rate dst_host_serror_rate
dst_host_srv_serror_rate dst_host_rerror_rate dst_host_srv_rerror_rate attack difficulty""".split()
flows = pd.read_csv(data.folder("nsl-kdd") / "KDDTrain+_20Percent.txt.gz", header=None, names=NAMES)

# %% [markdown]
# Each attack type is a task. Three are held out; the rest are learned on.

# %%
suite = oddshot.Suite.from_frame(
    flows, label="attack", held_out=["portsweep", "teardrop", "warezclient"], ignored=["difficulty"], name="flows"
)
print(suite)
model = oddshot.meta_train(suite, "score-net", steps=100, episodes=200, shots=[1, 5])

# %%
result = oddshot.evaluate(model, suite, baselines=["knn", "isolation-forest", "logistic"], shots=[5], repeats=5, query_normals=1000)
print(result.pivot_table(index="method", columns="task", values="auprc").round(3))

# %% [markdown]
# Adapting to one of them is a call: five labelled flows, a few hundred normal ones.

# %%
normal = flows[flows.attack == "normal"].sample(2300, random_state=1)
attack = flows[flows.attack == "portsweep"].sample(frac=1, random_state=1)
known = pd.concat([normal[:300], attack[:5]])
detector = model.adapt(known.drop(columns=["attack", "difficulty"]), [0] * 300 + [1] * 5)
new = pd.concat([normal[300:], attack[5:]])
scores = pd.Series(detector.anomaly_scores(new.drop(columns=["attack", "difficulty"])), index=new.index)
print("the 20 highest scores:", new.attack[scores.nlargest(20).index].value_counts().to_dict())
