# A classifier of torchvision is an image tower alone: it is embedded and inspected as it is.
. "$(dirname "$0")/lib.sh"
golden=$(cd "$(dirname "$0")/../golden/torchvision_resnet" && pwd)

cp "$golden/basic_alone.safetensors" resnet.safetensors
expect 0 "$clip" inspect resnet.safetensors
prints 'model    an image tower alone, for `clip embed --images`: a residual network of torchvision of width 4, basic blocks'
expect 0 "$clip" inspect resnet.safetensors --json
prints '"image_tower": "a residual network of torchvision'
expect 0 "$clip" embed --weights resnet.safetensors --images photos/0.ppm --output e.npy
grep -qaF "'shape': (1, 12)" e.npy || fail 'a row of the scores of 12 classes expected'
expect 1 "$clip" embed --weights resnet.safetensors --texts labels.txt --vocabulary bpe.txt --output no.npy
absent no.npy
expect 0 "$clip" models
prints 'experiment/ResNet-34-BERT'
prints 'chinese-clip/ViT-B-16'
finish
