# One container of a pod, in a mount namespace that is this process's own: an image's root file system, read-only, with what an engine and
# Kubernetes mount into it. Becomes the image's program. Started by run.sh:
# ROOT "SOURCE:TARGET:MODE ..." USER DIRECTORY COUNT COMMAND... VARIABLE...
set -euo pipefail
root=$1 mounts=$2 user=$3 directory=$4 count=$5
shift 5
command=("${@:1:count}")
shift "$count"

mount --bind "$root" "$root"
for kernel in dev proc sys; do
  mount --rbind "/$kernel" "$root/$kernel"
done
mount --bind /etc/hosts "$root/etc/hosts"
for one in $mounts; do
  IFS=: read -r source target mode <<<"$one"
  mount --bind "$source" "$root$target"
  if [[ $mode == ro ]]; then
    mount -o remount,bind,ro "$root$target"
  fi
done
mount -o remount,bind,ro "$root"

exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" \
  setpriv --no-new-privs unshare --root="$root" --wd="$directory" --setgid="$user" --setuid="$user" "${command[@]}"
