# The Debian packages that attune is built from; sourced by the root scripts.

AT_PACKAGES=(
  build-essential pkg-config autoconf automake libtool flex bison
  libblis-dev libyaml-dev libjansson-dev libpng-dev libjpeg-dev libcairo2-dev libpango1.0-dev
  zlib1g-dev libhdf5-dev liblmdb-dev liblapacke-dev libgraphviz-dev libcmocka-dev mandoc
)

# Installs what is missing, as root on a Debian system; elsewhere names it and
# goes on, for the libraries may well have come another way.
install_packages() {
  command -v dpkg-query >/dev/null 2>&1 || {
    echo "not a Debian system; these are needed: ${AT_PACKAGES[*]} $*" >&2
    return 0
  }
  local missing=() p
  for p in "${AT_PACKAGES[@]}" "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing: ${missing[*]}" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "missing packages: ${missing[*]}" >&2
    echo "install them with: sudo apt-get install ${missing[*]}" >&2
  fi
}

# build_attune DIR [configure options]: an out-of-tree build, made or brought up to date.
build_attune() {
  local dir=$1
  shift
  [ -x configure ] && [ configure -nt configure.ac ] || ./autogen.sh >build-autogen.log 2>&1 ||
    { cat build-autogen.log >&2; return 1; }
  rm -f build-autogen.log
  mkdir -p "$dir"
  local top
  top=$(pwd)
  ( cd "$dir"
    [ -f Makefile ] && [ Makefile -nt "$top/configure" ] ||
      "$top/configure" -q "$@" >configure.log 2>&1 || { cat configure.log >&2; exit 1; }
    make -s -j"$(nproc)" >make.log 2>&1 || { tail -n 60 make.log >&2; exit 1; } )
}
