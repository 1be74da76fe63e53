# Functions that install Debian packages; test.sh and demo.sh source this file.
#
#   require_packages PACKAGE…   returns when all packages are installed. Installs missing ones if it needs no password
#                               (root or passwordless sudo); otherwise lists them and exits with status 1.
#
#   wish_for_packages PACKAGE…  the same for optional packages: lists those that it cannot install and continues.
#
# Without dpkg nothing is checked: CMake reports what it does not find. Where another program holds apt's locks, as a fresh
# machine's automatic upgrades do, both wait for it and say so: for CLIP_APT_WAIT seconds, 600 by default.

package_missing() {
  case $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) in
    *' ok installed') return 1 ;;
  esac
  # A program from another source (a newer compiler, CMake from Kitware) counts as well.
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

# apt-get with these arguments. apt itself waits for dpkg's lock and says so; for its other locks (lists, archives) it does
# not: the call is repeated.
apt_get() {
  seconds_left=${CLIP_APT_WAIT:-600}
  deadline=$(($(date +%s) + seconds_left))
  said=
  while :; do
    status=0
    {
      errors=$($as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o "DPkg::Lock::Timeout=$seconds_left" "$@" 2>&1 >&3) || status=$?
    } 3>&1
    seconds_left=$((deadline - $(date +%s)))
    case $status:$errors in
      0:*) ;;
      *'Could not get lock'*)
        if [ "$seconds_left" -gt 0 ]; then
          if [ -z "$said" ]; then
            echo "another program uses apt; waiting up to $seconds_left s for it:" >&2
            printf '%s\n' "$errors" | sed -n 's/^E: \(Could not get lock.*\)/  \1/p' >&2
            said=1
          fi
          sleep 1
          continue
        fi
        ;;
    esac
    if [ -n "$errors" ]; then printf '%s\n' "$errors" >&2; fi
    return "$status"
  done
}

# Sets $missing to the packages that could not be installed.
install_packages() {
  missing=
  if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "this system has no dpkg; install the equivalents of these Debian packages: $*" >&2
    return 0
  fi
  missing_among "$@"
  if [ -z "$missing" ]; then return 0; fi

  as_root=
  if [ "$(id -u)" -ne 0 ]; then as_root='sudo -n'; fi
  if command -v apt-get >/dev/null 2>&1 && { [ -z "$as_root" ] || sudo -n true 2>/dev/null; }; then
    echo "installing:$missing" >&2
    # shellcheck disable=SC2086  # a list of words
    { apt_get update && apt_get install -y --no-install-recommends $missing; } >&2 ||
      echo "apt-get failed" >&2
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
  if [ -n "$missing" ]; then echo "packages not installed:$missing; some tests are skipped" >&2; fi
}
