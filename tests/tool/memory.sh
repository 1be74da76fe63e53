# Embedding uses little more memory than the tower in use: at most 1.3 times its weights.
. "$(dirname "$0")/lib.sh"

"$(dirname "$fixture")/clip_tool_fixture" "$scratch" wide || fail 'cannot create the wide model'
wide='--model wide.json --weights wide.safetensors'

# within KIB COMMAND…: limits the peak memory of a command.
within() {
  most=$1
  shift
  expect 0 "$peak" "$@"
  used=$(tail -n 1 err)
  [ "$used" -le "$most" ] || fail "$most KiB at most expected, $used found: $*"
}
# 25.2 million floats in the image tower, 12.6 million in the text tower.
within 128000 "$clip" embed $wide --images photos --threads 2 --output e.npy
within 65400 "$clip" embed $wide --texts labels.txt --vocabulary bpe.txt --threads 2 --output t.npy
finish
