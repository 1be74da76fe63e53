# Small inputs that ask for much: each is one line of error, at once.
. "$(dirname "$0")/lib.sh"

head -c 100000000 /dev/zero | gzip >zeros.txt.gz
expect 1 "$clip" tokenize --vocabulary zeros.txt.gz dog
says 'zeros.txt.gz: its inflated content takes more than 67108864 bytes, the budget of a file of this size (--max-memory-per-file)'
says_one_line

# The budget is an option, also for files that other options name.
expect 1 "$clip" tokenize --max-memory-per-file 1MiB --vocabulary zeros.txt.gz dog
says 'takes more than 1048576 bytes'
gzip -c bpe.txt >bpe.txt.gz
expect 0 "$clip" tokenize --max-memory-per-file 1MiB --vocabulary bpe.txt.gz dog
cp out plain
expect 1 "$clip" tokenize --max-memory-per-file 20 --vocabulary bpe.txt.gz dog
says '(--max-memory-per-file)'
expect 1 "$clip" inspect --max-memory-per-file 100 tiny.safetensors
says 'takes more than 100 bytes'
expect 1 "$clip" embed --model tiny.json --max-memory-per-file 10 --weights tiny.safetensors --images photos --output e.npy
says 'tiny.json: its JSON takes more than 10 bytes'
expect 2 "$clip" inspect --max-memory-per-file lots tiny.safetensors
says --max-memory-per-file
expect 0 "$clip" tokenize --vocabulary bpe.txt.gz dog
same out plain

# A file of torch.save whose storage inflates to 400 MB: inspect reads the directory, embed refuses.
if command -v python3 >/dev/null; then
  python3 - <<'PYTHON'
import struct, zipfile
text = lambda t: b'X' + struct.pack('<I', len(t)) + t
number = lambda n: b'J' + struct.pack('<i', n)
count = 100_000_000
tensor = (b'ctorch._utils\n_rebuild_tensor_v2\n((' + text(b'storage') + b'ctorch\nFloatStorage\n' + text(b'0') +
          text(b'cpu') + number(count) + b'tQ' + number(0) + number(count) + b'\x85' + number(1) + b'\x85' + b'\x89' +
          b'ccollections\nOrderedDict\n)RtR')
with zipfile.ZipFile('zeros.pt', 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.writestr('x/data.pkl', b'\x80\2}' + text(b'visual.proj') + tensor + b's.')
    with archive.open('x/data/0', 'w') as storage:
        for _ in range(100):
            storage.write(bytes(4 * count // 100))
PYTHON
  expect 0 "$peak" "$clip" inspect zeros.pt
  [ "$(tail -1 err)" -lt 65536 ] || fail "inspect of zeros.pt takes $(tail -1 err) KiB"
  prints 'visual.proj  F32  (100000000)'
  expect 1 "$clip" embed --model tiny.json --weights zeros.pt --images photos --output e.npy
  says 'zeros.pt: the inflated content up to x/data/0 takes more than'
  says '(--max-memory-per-file)'
  says_one_line
  absent e.npy
fi

# changed KEY VALUE: tiny.json with another value for every such key.
changed() { sed "s/\"$1\": *[0-9]*/\"$1\": $2/g" tiny.json >changed.json; }
for sizes in 'layers 1099511627776 4096' 'image_size 1000000 32768' 'width 9223372036854775807 16777216'; do
  set -- $sizes
  changed "$1" "$2"
  expect 1 "$clip" embed --model changed.json --weights tiny.safetensors --images photos --output e.npy
  says "$1: expected at most $3, found $2"
  says_one_line
  absent e.npy
done

# npy SHAPE: an array without values.
npy() {
  header=$(printf "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }" "$1")
  printf '\223NUMPY\001\000\166\000%-117s\n' "$header" >rows.npy
}
for shape in '(4, 0)' '(9223372036854775807, 0)'; do
  npy "$shape"
  expect 1 "$clip" retrieve --images rows.npy --texts rows.npy --captions-per-image 1
  says 'rows.npy: width of the rows: expected 1 or more, found 0'
done

name=$(printf 'n%.0s' $(seq 251)).npy
expect 0 "$clip" embed $tiny --images photos --output "$name"
[ -s "$name" ] || fail "$name is missing"
rm "$name"

expect 1 "$clip" inspect "$(printf 'no\033[2Jfile\n')"
says 'no\x1B[2Jfile'
says_one_line
finish
