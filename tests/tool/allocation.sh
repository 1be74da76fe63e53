# Under any limit of memory a command does its work, or ends with status 1 and one line that says why.
. "$(dirname "$0")/lib.sh"

# limited KIB COMMAND…: runs the command with so much address space.
limited() {
  kib=$1
  shift
  command="within $kib KiB: $*"
  (ulimit -v "$kib" && exec "$@") >out 2>err </dev/null
  found=$?
  case $found in
    0) worked=1 ;;
    1)
      refused=1
      # An image that cannot be decoded has a line of its own, and the command goes on.
      grep -v '^clip: photos/.*not enough memory' err >lines
      if grep -qv '^clip: ' err || [ ! -s err ] || [ "$(wc -l <lines)" -gt 1 ]; then
        fail "one line that says why expected on standard error of: $command"
        sed 's/^/  /' err
      fi
      ;;
    *) fail "exit status $found: $command"; sed 's/^/  /' err ;;
  esac
}
# sweep COMMAND…: from what the program itself takes to what is enough.
sweep() {
  worked=0 refused=0 limit=$least
  while [ "$worked" = 0 ] && [ "$limit" -lt 4000000 ]; do
    limited "$limit" "$@"
    limit=$((limit + limit / 40))
  done
  [ "$worked" = 1 ] || fail "no limit was enough for: $*"
  [ "$refused" = 1 ] || fail "no limit was refused by: $*"
}

(ulimit -v 4000000) 2>/dev/null || skip 'no limit of address space here'
# starts KIB: the system can load the program within so much address space. Below that its loader is killed.
starts() { sh -c 'ulimit -v "$1" && exec "$2" --version' sh "$1" "$clip"; }
least=4000
until starts "$least" >out 2>&1 || [ "$least" -gt 1000000 ]; do
  least=$((least + least / 40))
done
sweep "$clip" embed $tiny --batch 1 --threads 2 --images photos --output i.npy
sweep "$clip" embed $tiny --threads 1 --texts labels.txt --vocabulary bpe.txt --output t.npy
sweep "$clip" classify $tiny --threads 2 --labels labels.txt --vocabulary bpe.txt photos
sweep "$clip" convert --dialect openclip --dtype f16 tiny.safetensors out.safetensors
finish
