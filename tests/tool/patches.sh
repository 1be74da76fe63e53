# convert --patch-size: the kernel of patches and the positions of a vision transformer, resized.
. "$(dirname "$0")/lib.sh"

expect 0 "$clip" inspect --json tiny.safetensors
size=$(sed -n 's/.*"image_size": \([0-9]*\).*/\1/p' out | head -1)
patch=$(sed -n 's/.*"patch_size": \([0-9]*\).*/\1/p' out | head -1)
[ -n "$size" ] && [ -n "$patch" ] || fail 'inspect states no sizes'

expect 0 "$clip" convert tiny.safetensors coarse.safetensors --dialect openai --patch-size "$size"
quiet
expect 0 "$clip" inspect --json coarse.safetensors
prints "\"patch_size\": $size"
prints "\"image_size\": $size"
expect 0 "$clip" embed --weights coarse.safetensors --images photos --output coarse.npy

# A kernel that is resized as an image gives other features; the same size gives the same bytes.
expect 0 "$clip" convert tiny.safetensors plain.safetensors --dialect openai --patch-size "$size" --patches bilinear --positions huggingface
expect 0 "$clip" embed --weights plain.safetensors --images photos --output plain.npy
cmp -s plain.npy coarse.npy && fail 'the method of the resize changes nothing'
expect 0 "$clip" convert tiny.safetensors same.safetensors --dialect openai --patch-size "$patch"
expect 0 "$clip" embed --weights same.safetensors --images photos --output same.npy
expect 0 "$clip" embed --weights tiny.safetensors --images photos --output tiny.npy
same same.npy tiny.npy

# What cannot be: one line, and no file.
expect 1 "$clip" convert tiny.safetensors none.safetensors --dialect openai --patch-size $((size - 1))
says_one_line
says 'patch_size must divide image_size'
expect 1 "$clip" convert mobile.safetensors none.safetensors --dialect openai --patch-size 8
says_one_line
says 'patch size: expected a vision transformer with a kernel of patches'
expect 2 "$clip" convert tiny.safetensors none.safetensors --dialect openai --patches bilinear
says '--patch-size'
[ -e none.safetensors ] && fail 'a file was written after an error'
finish
