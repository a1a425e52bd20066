# Stand-ins for the images that the Dockerfiles begin with, under their very names: no registry is asked. Each holds what matters here of
# the real one, from this machine. Sourced by run.sh, which sets $work, a folder to work in.

# All of buildah's state is in $work. Layers are mounted where the kernel lets us, and copied where it does not.
storage=vfs
if grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null; then
  storage=overlay
fi

b() { buildah --root "$work/images" --runroot "$work/buildah" --storage-driver "$storage" "$@"; }

# Image $1 of what function $2 puts into its folder, with the variables that follow.
base() {
  local image=$1 fill=$2 container folder link variable
  shift 2
  container=$(b from scratch)
  folder=$(b mount "$container")
  mkdir -p "$folder"/{app,dev,etc,proc,root,sys,tmp,usr/{bin,lib,lib64,sbin}}
  for link in bin lib lib64 sbin; do
    ln -s "usr/$link" "$folder/$link"
  done
  chmod 1777 "$folder/tmp"
  printf 'root:x:0:0::%s:/bin/sh\napp:x:1654:1654::/app:/bin/false\n' "$guest" >"$folder/etc/passwd"
  printf 'root:x:0:\napp:x:1654:\n' >"$folder/etc/group"
  # An engine puts its own in its place.
  touch "$folder/etc/hosts"
  "$fill" "$folder"
  b umount "$container" >/dev/null
  for variable in "$@"; do
    b config --env "$variable" "$container"
  done
  b commit --quiet --rm "$container" "$image" >/dev/null
}

# Where the SDK's user is at home.
guest=/root

# An SDK and a linker: folders, into which this machine's own are mounted while RUN runs. Its packages are, too, and how it reaches their
# registry.
sdk() { :; }
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
mkdir -p "$packages" "$HOME/.nuget/NuGet"
sdk_mounts=(
  --volume /usr:/usr:ro
  --volume /etc/alternatives:/etc/alternatives:ro
  --volume /etc/ssl:/etc/ssl:ro
  --volume "$packages:$guest/.nuget/packages"
  --volume "$HOME/.nuget/NuGet:$guest/.nuget/NuGet:ro"
)
mapfile -t sdk_variables < <(env | grep -E '^(NUGET_CERT|https?_proxy=|no_proxy=|DOTNET_NOLOGO=|DOTNET_CLI_TELEMETRY)')
# No server of a build outlives its RUN.
sdk_variables+=(DOTNET_GENERATE_ASPNET_CERTIFICATE=false MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false)

# The libraries of runtime-deps, chiseled, and no program. A binary that needs another one does not start here either.
libraries=(ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 libc.so.6 libdl.so.2 libgcc_s.so.1 libm.so.6 libpthread.so.0 libresolv.so.2 librt.so.1
  libstdc++.so.6 libssl.so.3 libcrypto.so.3 libnss_dns.so.2 libnss_files.so.2)
runtime_deps() {
  local library path folder
  for library in "${libraries[@]}"; do
    for path in /usr/lib64/"$library" /usr/lib/*-linux-gnu/"$library"; do
      if [[ -f $path ]]; then
        folder=$1$(dirname "$path")
        mkdir -p "$folder"
        cp -L "$path" "$folder/"
        break
      fi
    done
  done
  mkdir -p "$1/etc/ssl/certs"
  cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
}

# ASP.NET's runtime besides.
aspnet() {
  local home
  home=$(dirname "$(realpath "$(command -v dotnet)")")
  runtime_deps "$1"
  mkdir -p "$1/usr/share/dotnet"
  cp -R "$home/dotnet" "$home/host" "$home/shared" "$1/usr/share/dotnet/"
  ln -s ../share/dotnet/dotnet "$1/usr/bin/dotnet"
}
