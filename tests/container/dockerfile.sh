# Carries out a Dockerfile without Docker. Every stage is a folder, and a path of the image a path below it. The instructions are those
# that the project's Dockerfiles use, and each is read from the file itself; an instruction that is not known here is an error.
# Sourced by run.sh, which sets $root, the repository, and $work, a folder to work in.

# What .dockerignore lets through, as the build context. Its form here: everything is ignored but the paths behind '!', and of those
# the folders behind '**/'.
make_context() {
  local line kept=() dropped=()
  while IFS= read -r line; do
    case $line in
      '' | '#'* | '*') ;;
      '!'*) kept+=("${line#!}") ;;
      '**/'*) dropped+=("--exclude=${line#'**/'}") ;;
      *)
        echo ".dockerignore: a form that is not known here: $line" >&2
        return 1
        ;;
    esac
  done <"$root/.dockerignore"
  mkdir -p "$1"
  tar -C "$root" -c "${dropped[@]}" "${kept[@]}" | tar -C "$1" -x
}

# One path of COPY, below $2 where it is absolute and below $3 where it is not.
place() { [[ $1 == /* ]] && echo "$2$1" || echo "$3/$1"; }

copy() {
  local from=$context below=$context
  if [[ $1 == --from=* ]]; then
    from=$stages/${1#--from=}
    below=$from
    shift
  fi
  local sources=("${@:1:$#-1}") target source
  target=$(place "${!#}" "$stage" "$stage$workdir")
  mkdir -p "$target"
  for source in "${sources[@]}"; do
    source=$(place "$source" "$from" "$below")
    # Docker copies what is in a folder, and a file itself.
    if [[ -d $source ]]; then
      cp -R "$source/." "$target/"
    elif [[ -f $source ]]; then
      cp "$source" "$target/"
    else
      echo "COPY: missing, or kept out by .dockerignore: $source" >&2
      return 1
    fi
  done
}

run() {
  if [[ $1 =~ (^|[[:space:]=])/ ]]; then
    echo "RUN: an absolute path cannot be carried out here: $1" >&2
    return 1
  fi
  (cd "$stage$workdir" && env "${arguments[@]}" "${environment[@]}" bash -c "$1")
}

# Carries out file $1 in folder $2. Leaves what the last stage is started with: stage, workdir, environment, user, entrypoint.
build_image() {
  local line instruction rest words names=0
  stages=$2
  context=$stages/context
  make_context "$context" || return 1
  while IFS= read -r line || [[ -n $line ]]; do
    [[ -z $line || $line == '#'* ]] && continue
    instruction=${line%% *}
    rest=${line#* }
    read -ra words <<<"$rest"
    echo "  $line"
    case $instruction in
      FROM)
        names=$((names + 1))
        stage=$stages/${words[2]:-$names}
        workdir=/
        environment=()
        arguments=()
        user=0
        entrypoint=
        mkdir -p "$stage"
        ;;
      ARG) arguments+=("$rest") ;;
      ENV) environment+=("${words[@]}") ;;
      WORKDIR)
        workdir=$rest
        mkdir -p "$stage$workdir"
        ;;
      COPY) copy "${words[@]}" || return 1 ;;
      RUN) run "$rest" || return 1 ;;
      USER) user=$rest ;;
      EXPOSE) ;;
      ENTRYPOINT) entrypoint=$rest ;;
      *)
        echo "An instruction that is not known here: $line" >&2
        return 1
        ;;
    esac
  done <"$1"
}
