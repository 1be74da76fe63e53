# Small inputs that ask for much: each is one line of error, at once. $peak N COMMAND… fails above N MiB where it is given.
. "$(dirname "$0")/lib.sh"

head -c 100000000 /dev/zero | gzip >zeros.txt.gz
expect 1 "$clip" tokenize --vocabulary zeros.txt.gz dog
says 'zeros.txt.gz: its inflated content takes more than 67108864 bytes, the budget of a file of this size'
says_one_line

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
