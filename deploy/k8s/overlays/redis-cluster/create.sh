set -eu
# Once: a node that knows of others keeps that in /data.
nodes=
for i in 0 1 2 3 4 5; do
  name=redis-cluster-$i.redis-cluster
  until redis-cli -h "$name" ping | grep -q PONG; do sleep 1; done
  nodes="$nodes $(getent hosts "$name" | cut -d ' ' -f 1):6379"
done
if redis-cli -h redis-cluster-0.redis-cluster cluster info | grep -q 'cluster_known_nodes:1[^0-9]*$'; then
  redis-cli --cluster create $nodes --cluster-replicas 1 --cluster-yes
fi
