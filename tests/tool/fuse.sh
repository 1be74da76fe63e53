# convert --fuse: the branches of a MobileCLIP become one convolution each; convert --dialect apple.
. "$(dirname "$0")/lib.sh"

expect 0 "$clip" convert mobile.safetensors fused.safetensors --dialect openclip --fuse
quiet
expect 0 "$clip" inspect fused.safetensors
prints ', fused'
prints 'visual.trunk.stem.0.reparam_conv.weight'
expect 0 "$clip" inspect mobile.safetensors
grep -qF ', fused' out && fail 'a model with branches is called fused'
expect 0 "$clip" inspect --json fused.safetensors
prints '"fused": true'

# The features are those that the library computes with the fused model, to the last bit.
expect 0 "$clip" embed --weights fused.safetensors --images photos --output fused.npy
same fused.npy mobile.fused.npy
# --model names the model with branches, also for fused weights.
expect 0 "$clip" embed --model mobile.safetensors --weights fused.safetensors --images photos --output named.npy
same named.npy fused.npy

# Apple's names, with branches and fused, and back with the same bytes.
expect 0 "$clip" convert mobile.safetensors apple.safetensors --dialect apple
expect 0 "$clip" inspect apple.safetensors
prints 'names of apple'
prints 'image_encoder.model.patch_embed.0.rbr_conv.0.conv.weight'
expect 0 "$clip" convert apple.safetensors back.safetensors --dialect openai
expect 0 "$clip" embed --weights back.safetensors --images photos --output back.npy
expect 0 "$clip" embed --weights mobile.safetensors --images photos --output branches.npy
same back.npy branches.npy
expect 0 "$clip" convert apple.safetensors apple.fused.safetensors --dialect apple --fuse
expect 0 "$clip" inspect apple.fused.safetensors
prints ', fused'
prints 'image_encoder.model.network.1.proj.0.lkb_reparam.weight'
expect 0 "$clip" embed --weights apple.fused.safetensors --images photos --output apple.npy
same apple.npy fused.npy
expect 0 "$clip" convert mobile.safetensors half.safetensors --dialect openai --fuse --dtype f16
expect 0 "$clip" inspect half.safetensors
prints 'F16'

# Nothing to fuse, nothing left to fuse, no such names: one line, and no file.
expect 1 "$clip" convert tiny.safetensors none.safetensors --dialect openai --fuse
says_one_line
says 'tiny.safetensors: model to fuse: expected one with branches of training'
says 'there is nothing to fuse'
expect 1 "$clip" convert fused.safetensors none.safetensors --dialect openai --fuse
says 'found a fused one'
expect 1 "$clip" convert tiny.safetensors none.safetensors --dialect apple
says "for a model that is none of Apple's MobileCLIP"
[ -e none.safetensors ] && fail 'a file was written after an error'
finish
