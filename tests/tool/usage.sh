# A wrong command line gives exit status 2 and one error message; help gives exit status 0 and goes to standard output.
. "$(dirname "$0")/lib.sh"

expect 0 "$clip" --help
for name in models inspect tokenize preprocess embed classify retrieve convert compare attention similarity probe evaluate \
  fewshot train prompt bench; do
  prints "$name"
  expect 0 "$clip" "$name" --help
  prints --json
  quiet
  expect 0 "$clip" --help
done
expect 0 "$clip" --version
prints 'clip '

expect 2 "$clip"
prints_nothing
expect 2 "$clip" nonsense
says nonsense
says_one_line
expect 2 "$clip" models --nonsense
says --nonsense
expect 2 "$clip" models surplus
expect 2 "$clip" inspect
says FILE
expect 2 "$clip" tokenize dog
says --vocabulary
expect 2 "$clip" tokenize --vocabulary bpe.txt --context 1 dog
expect 2 "$clip" embed $tiny --output e.npy
says --images
expect 2 "$clip" embed $tiny --images photos --texts labels.txt --vocabulary bpe.txt --output e.npy
expect 2 "$clip" embed $tiny --texts labels.txt --output e.npy
says --vocabulary
expect 2 "$clip" embed $tiny --images photos --batch 0 --output e.npy
expect 2 "$clip" embed $tiny --images photos --batch many --output e.npy
expect 2 "$clip" embed $tiny --images photos --threads -3 --output e.npy
expect 2 "$clip" embed $tiny --images photos --dtype f8 --output e.npy
says f8
expect 2 "$clip" embed $tiny --images photos --device tpu --output e.npy
says 'expected cpu, cuda or cuda:N, found tpu'
says_one_line
expect 2 "$clip" embed $tiny --images photos --device cuda:x --output e.npy
says cuda:x
# Without CUDA, a driver or that many devices: one sentence, and nothing is computed elsewhere.
expect 1 "$clip" embed $tiny --images photos --device cuda:9999 --output e.npy
says_one_line
absent e.npy
expect 0 "$clip" embed $tiny --images photos --device cpu --output e.npy
rm e.npy
expect 2 "$clip" embed --model ViT-Z/99 --weights tiny.safetensors --images photos --output e.npy
says ViT-Z/99
says ViT-B/32
says_one_line
expect 2 "$clip" convert tiny.safetensors out.safetensors --dialect latin
says latin
expect 2 "$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt --top 0 photos/0.ppm
expect 2 "$clip" retrieve --images images.npy
absent e.npy
absent out.safetensors

expect 0 "$clip" models
quiet
prints '  224    512    151277313  not stated'
prints '  224   1024    102007137  not stated'
prints 'laion/ViT-B-32'
expect 0 "$clip" models --json
prints '"name": "ViT-L/14@336px"'
prints '"parameters": 427944193'
finish
