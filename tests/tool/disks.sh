# A full disk is a reported error, and no partial file remains.
. "$(dirname "$0")/lib.sh"

if [ -w /dev/full ]; then
  for command in 'models' 'models --help' 'inspect tiny.safetensors' 'tokenize --vocabulary bpe.txt dog' \
    'retrieve --images images.npy --texts images.npy --captions-per-image 1'; do
    "$clip" $command >/dev/full 2>err
    found=$?
    [ $found = 1 ] || fail "exit status 1 expected, $found found: $command >/dev/full"
    says 'standard output: cannot be written: No space left on device'
    says_one_line
  done
else
  echo 'skipped: /dev/full'
fi

# small COMMAND…: limits files to 4 KiB (8 blocks of 512 bytes).
small() { (ulimit -f 8 && "$@"); }
expect 1 small "$clip" preprocess --model tiny.json photos --output p.npy
says 'p.npy: writing failed: File too large'
says_one_line
absent p.npy
expect 1 small "$clip" convert tiny.safetensors c.safetensors --dialect openai
says c.safetensors
absent c.safetensors
# An existing file is kept.
cp images.npy p.npy
expect 1 small "$clip" preprocess --model tiny.json photos --output p.npy
same p.npy images.npy
finish
