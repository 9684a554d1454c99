# Builds for aarch64 on a Debian system of another processor; sourced by runtests.

AARCH64_TRIPLE=aarch64-linux-gnu
AARCH64_LIBRARIES=(
  libc6-dev libblis-dev libyaml-dev libjansson-dev libpng-dev libjpeg-dev libcairo2-dev libpango1.0-dev
  zlib1g-dev libhdf5-dev liblmdb-dev liblapacke-dev libgraphviz-dev libcmocka-dev
)
# Where another processor may show: arithmetic, its fitting to vectors, memory, threads, plugins, chars.
AARCH64_TESTS=(
  test_base test_tensor test_ops test_ops_choices test_ops_layers test_winograd test_exec test_plan test_pass
  test_rows test_strips test_attend test_recompute test_vectors test_train test_dsl test_golden test_loader
  test_plugin test_parity test_parity_models
)

# aarch64_root DIR: Debian's libraries for arm64, unpacked in DIR. Nothing is installed, and apt keeps all
# that it knows of arm64 beside DIR, so that the system stays as it is and root is not needed. Where
# something is not to be had, prints what.
aarch64_root() {
  local dir=$1 tool deb state=$1.apt
  for tool in $AARCH64_TRIPLE-gcc qemu-aarch64 apt-get dpkg; do
    command -v $tool >/dev/null 2>&1 || { echo "$tool is not here"; return 1; }
  done
  [ ! -d "$dir" ] || return 0
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  state=$(cd "$state" && pwd)
  local apt=(apt-get -qq -y --no-install-recommends -o APT::Architecture=arm64 -o APT::Architectures::=arm64
    -o Dir::State="$state" -o Dir::State::status=/dev/null -o Dir::Cache="$state/cache")
  "${apt[@]}" update >"$state/log" 2>&1 # a source of packages without arm64 may be among the others
  "${apt[@]}" install --download-only "${AARCH64_LIBRARIES[@]}" >>"$state/log" 2>&1 || {
    echo "the libraries for arm64 are not to be had: $(tail -n 1 "$state/log")"
    return 1
  }
  rm -rf "$dir.new"
  for deb in "$state"/cache/archives/*.deb; do
    dpkg -x "$deb" "$dir.new" || { echo "$deb cannot be unpacked"; return 1; }
  done
  mv "$dir.new" "$dir" && rm -r "$state"
}

# aarch64_options DIR: sets AARCH64_OPTIONS, for configure.
aarch64_options() {
  local root lib
  root=$(cd "$1" && pwd)
  lib=$root/usr/lib/$AARCH64_TRIPLE
  # The links through which an installed system finds BLIS and LAPACK are not made by unpacking.
  AARCH64_OPTIONS=(
    --host=$AARCH64_TRIPLE CC="$AARCH64_TRIPLE-gcc --sysroot=$root"
    PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="$lib/pkgconfig:$root/usr/share/pkgconfig"
    CPPFLAGS="-isystem $root/usr/include/$AARCH64_TRIPLE/blis-openmp"
    LDFLAGS="-L$lib/blis-openmp -L$lib/lapack -Wl,-rpath-link,$lib:$root/lib/$AARCH64_TRIPLE:$lib/blis-openmp:$lib/lapack:$lib/hdf5/serial"
  )
}
