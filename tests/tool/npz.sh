# convert --dialect big_vision: a SigLIP as numpy's .npz under big_vision's names, from each other naming and back.
. "$(dirname "$0")/lib.sh"

golden=$(cd "$(dirname "$0")/../golden/siglip" && pwd)/siglip_big_vision.npz
expect 0 "$clip" embed --weights "$golden" --images photos --output expected.npy
for dialect in huggingface openclip openai; do
  expect 0 "$clip" convert "$golden" $dialect.safetensors --dialect $dialect
  expect 0 "$clip" inspect $dialect.safetensors
  prints 'safetensors, names of '
  expect 0 "$clip" convert $dialect.safetensors $dialect.npz --dialect big_vision
  quiet
  expect 0 "$clip" inspect $dialect.npz
  prints 'npz, names of big_vision'
  prints 'tensors  92, 16874 values, F16, F32'  # as the file it began with
  expect 0 "$clip" embed --weights $dialect.npz --images photos --output found.npy
  same found.npy expected.npy
  # The same bytes when written again.
  expect 0 "$clip" convert $dialect.npz again.safetensors --dialect $dialect
  expect 0 "$clip" convert again.safetensors again.npz --dialect big_vision
  same again.npz $dialect.npz
done
expect 0 "$clip" convert "$golden" single.npz --dialect big_vision --dtype f32
expect 0 "$clip" inspect single.npz
prints 'tensors  92, 16874 values, F32'

# Names and file must agree, and the model must have such names: one line, and no file.
expect 1 "$clip" convert "$golden" none.safetensors --dialect big_vision
says_one_line
says 'expected one that ends in .npz, found none.safetensors'
expect 1 "$clip" convert "$golden" none.npz --dialect openclip
says 'dialect of a file of arrays: expected big_vision, found openclip'
expect 1 "$clip" convert tiny.safetensors none.npz --dialect big_vision
says_one_line
absent none.npz
absent none.safetensors
finish
