# sh pkg_config.sh SOURCE PKGCONFIG_DIR COMPILER PROGRAM: builds the program with
# the flags of pkg-config only, and runs it.
source=$1
directory=$2
compiler=$3
program=$4

if ! command -v pkg-config >/dev/null 2>&1; then
  echo "skipped: consumer_pkg_config: pkg-config is not installed"
  exit 77
fi
flags=$(PKG_CONFIG_PATH=$directory pkg-config --cflags --libs clip) || exit 1
# shellcheck disable=SC2086  # several flags
"$compiler" -std=c++20 "$source" $flags -o "$program" && "$program"
