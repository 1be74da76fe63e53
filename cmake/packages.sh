# Sourced by test.sh and demo.sh: makes sure that Debian packages are there.
#
#   require_packages PACKAGE…   returns when all are installed; installs what is missing where that is possible without asking
#                               (root, or sudo without a password); otherwise names what is missing and exits with status 1.
#
#   wish_for_packages PACKAGE…  the same for packages one can do without: what cannot be installed is named, and that is all.
#
# On a system without dpkg nothing is checked: CMake will say what it does not find.

package_missing() {
  case $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) in
    *' ok installed') return 1 ;;
  esac
  # A program that came another way (a newer compiler, CMake from its authors) serves as well.
  case $1 in
    g++ | cmake) ! command -v "$1" >/dev/null 2>&1 ;;
    clang) ! command -v clang++ >/dev/null 2>&1 ;;
    ninja-build) ! command -v ninja >/dev/null 2>&1 ;;
    *) return 0 ;;
  esac
}

missing_among() {
  missing=
  for package in "$@"; do
    if package_missing "$package"; then missing="$missing $package"; fi
  done
}

# Leaves in $missing what could not be installed.
install_packages() {
  missing=
  if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "no dpkg on this system; needed are what Debian calls: $*" >&2
    return 0
  fi
  missing_among "$@"
  if [ -z "$missing" ]; then return 0; fi

  as_root=
  if [ "$(id -u)" -ne 0 ]; then as_root='sudo -n'; fi
  if command -v apt-get >/dev/null 2>&1 && { [ -z "$as_root" ] || sudo -n true 2>/dev/null; }; then
    echo "installing:$missing" >&2
    # shellcheck disable=SC2086  # both hold several words
    { $as_root apt-get -q update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing; } >&2 ||
      echo "apt-get did not succeed" >&2
    missing_among "$@"
  fi
}

require_packages() {
  install_packages "$@"
  if [ -n "$missing" ]; then
    echo "missing packages:$missing" >&2
    echo "install them with: apt-get install$missing" >&2
    exit 1
  fi
}

wish_for_packages() {
  install_packages "$@"
  if [ -n "$missing" ]; then echo "without$missing some tests are skipped" >&2; fi
}
