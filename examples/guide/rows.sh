#!/bin/sh
# rows.sh DATA: the tables of docs/guide.md, made of rows of NSL-KDD's test file in DATA/nsl-kdd, in the order of the file.
#   known.csv        400 normal connections and 5 scans of kind mscan; 2 more mscan rows are called normal by mistake
#   stream.csv       2,000 other normal connections and 100 other mscan rows; what each is, in the column "attack"
#   corrections.csv  the 2 rows with their true label
set -eu
names=duration,protocol_type,service,flag,src_bytes,dst_bytes,land,wrong_fragment,urgent,hot,num_failed_logins,logged_in,num_compromised
names=$names,root_shell,su_attempted,num_root,num_file_creations,num_shells,num_access_files,num_outbound_cmds,is_host_login,is_guest_login
names=$names,count,srv_count,serror_rate,srv_serror_rate,rerror_rate,srv_rerror_rate,same_srv_rate,diff_srv_rate,srv_diff_host_rate
names=$names,dst_host_count,dst_host_srv_count,dst_host_same_srv_rate,dst_host_diff_srv_rate,dst_host_same_src_port_rate
names=$names,dst_host_srv_diff_host_rate,dst_host_serror_rate,dst_host_srv_serror_rate,dst_host_rerror_rate,dst_host_srv_rerror_rate,attack
gzip -dc "$1/nsl-kdd/KDDTest+.txt.gz" | awk -F, -v OFS=, -v names="$names" '
  function put(file, label) { $42 = label; print > file }
  BEGIN { print names > "known.csv"; print names > "stream.csv"; print names > "corrections.csv" }
  { attack = $42; NF = 42 }
  attack == "normal" { n++; if (n <= 400) put("known.csv", attack); else if (n <= 2400) put("stream.csv", attack) }
  attack == "mscan" {
    m++
    if (m <= 5) put("known.csv", attack)
    else if (m <= 7) { put("known.csv", "normal"); put("corrections.csv", attack) }
    else if (m <= 107) put("stream.csv", attack)
  }'
