# Which model is meant: --model as a name, a configuration or weights, or not given; what the tool says where that is
# open; licences; numbers of bench that mean something.
. "$(dirname "$0")/lib.sh"

long='the dog the dog the dog the dog the dog the dog the dog the dog the dog the dog the dog the dog the dog'

# --model is what the weights state, if it is not given.
expect 0 "$clip" embed --weights tiny.safetensors --images photos --output without.npy
quiet
expect 0 "$clip" embed $tiny --images photos --output with.npy
same with.npy without.npy
expect 0 "$clip" embed --model tiny.safetensors --weights tiny.safetensors --images photos --output same.npy
same with.npy same.npy
expect 0 "$clip" preprocess --weights tiny.safetensors photos/0.ppm --output pixels.npy
expect 0 "$clip" preprocess --model tiny.json photos/0.ppm --output pixels_of_json.npy
same pixels.npy pixels_of_json.npy
expect 2 "$clip" preprocess photos/0.ppm --output none.npy
says '--model or --weights is required'
expect 0 "$clip" compare --weights tiny.safetensors --dtype bf16 --images photos
expect 0 "$clip" bench --weights tiny.safetensors --part image --seconds 0.005
expect 2 "$clip" bench --part image
says '--model or --weights is required'
says_one_line

# Folders of transformers and OpenCLIP: as weights, as --model, their configuration alone, their vocabulary.
for dialect in huggingface openclip; do
  expect 0 "$clip" convert tiny.safetensors $dialect --dialect $dialect
  cp bpe.txt $dialect/merges.txt
  config=$dialect/config.json
  [ $dialect = openclip ] && config=$dialect/open_clip_config.json
  expect 0 "$clip" embed --weights $dialect --images photos --output $dialect.npy
  quiet
  expect 0 "$clip" embed --model $config --weights $dialect --images photos --output $dialect.config.npy
  same $dialect.npy $dialect.config.npy
  cp $config alone.json
  expect 0 "$clip" embed --model alone.json --weights tiny.safetensors --images photos --output alone.npy
  same alone.npy with.npy
  mkdir $dialect.only && cp $dialect/*.json $dialect.only
  expect 0 "$clip" preprocess --model $dialect.only photos/0.ppm --output only.npy
done
cp bpe.txt openclip/bpe_simple_vocab_16e6.txt
expect 0 "$clip" classify --weights openclip --labels labels.txt photos/0.ppm
expect 0 "$clip" embed --weights openclip --texts labels.txt --output texts_of_folder.npy
expect 0 "$clip" embed $tiny --vocabulary bpe.txt --texts labels.txt --output texts_of_file.npy
same texts_of_folder.npy texts_of_file.npy
expect 2 "$clip" classify --weights tiny.safetensors --labels labels.txt photos/0.ppm
says '--labels needs --vocabulary'
says_one_line
expect 0 "$clip" tokenize --model tiny.json --vocabulary bpe.txt --truncate "$long"
says 'cut to 24 ids'

# Spellings.
expect 0 "$clip" preprocess --model vit-b/32 photos/0.ppm --output b32.npy
expect 0 "$clip" preprocess --model ViT-B-32-quickgelu photos/0.ppm --output b32_quick.npy
same b32.npy b32_quick.npy
expect 2 "$clip" preprocess --model ViT-B-32 photos/0.ppm --output no.npy
says 'expected one of ViT-B/32, laion/ViT-B-32'
says_one_line

# A model that does not fit: the tool names the one that would, in its own words.
expect 1 "$clip" embed --model residual.json --weights tiny.safetensors --images photos --output no.npy
says_one_line
absent no.npy
expect 0 "$clip" inspect tiny.safetensors
prints 'not one of `clip models`'

# A file that states nothing (no metadata): the model is required, and what it adds is said once.
python3 - tiny.safetensors bare.safetensors <<'END' || skip 'no python3'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + n])
header.pop("__metadata__")
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[2], "wb").write(struct.pack("<Q", len(text)) + text + data[8 + n:])
END
expect 1 "$clip" embed --weights bare.safetensors --images photos --output bare.npy
says_one_line
absent bare.npy
sed 's/"heads":3/"heads":2/' tiny.json >two_heads.json
expect 0 "$clip" embed --model tiny.json --weights bare.safetensors --images photos --output bare.npy
says 'bare.safetensors states less than the model does; assumed, as the model has them: image heads 3'
says_one_line
same bare.npy with.npy
expect 1 "$clip" embed --model two_heads.json --weights tiny.safetensors --images photos --output no.npy
says 'image heads: expected 2 (the model'"'"'s), found 3'
says 'without --model, the model is what the weights state'
case $(cat err) in *clip::*) fail "C++ in: $(cat err)" ;; esac
expect 1 "$clip" convert bare.safetensors bare_folder --dialect huggingface
says_one_line
case $(cat err) in *ConvertOptions*) fail "C++ in: $(cat err)" ;; esac
[ ! -e bare_folder ] || fail 'bare_folder was written'
expect 1 "$clip" convert tiny.safetensors tiny.pt --dialect openai
says '.safetensors'
absent tiny.pt

# There and back.
expect 0 "$clip" convert openclip back.safetensors --dialect openai
same back.safetensors tiny.safetensors

# Texts: too long, and not UTF-8.
expect 1 "$clip" tokenize --vocabulary bpe.txt --context 24 dog "$long"
says 'text 2 ("the dog the dog'
says 'expected at most 24, found 28 (--truncate cuts it)'
says_one_line
printf 'dog\n%s\n' "$long" >long.txt
expect 0 "$clip" embed $tiny --texts long.txt --vocabulary bpe.txt --output long.npy
says 'long.txt: line 2: ids: expected at most 24, found 28 (--truncate cuts it)'
expect 1 "$clip" classify $tiny --vocabulary bpe.txt --labels long.txt photos/0.ppm
says '(--truncate cuts it)'
expect 0 "$clip" classify $tiny --vocabulary bpe.txt --labels long.txt --truncate photos/0.ppm
expect 0 "$clip" tokenize --vocabulary bpe.txt dog "$(printf 'a\377')"
says '1 of 2 texts are not UTF-8: each byte that is not was read as U+FFFD'
expect 1 "$clip" embed $tiny --texts images.npy --vocabulary bpe.txt --output no.npy
says 'UTF-8'

# int8: said once where it is slow; a share of the peak only where the operations are those that are counted.
expect 0 "$clip" bench --model tiny.json --part image,text --dtype f32,int8 --seconds 0.005 --json
grep -c '"share_of_peak":null' out >nulls
case $(cat err) in
  '') [ "$(cat nulls)" = 2 ] || fail 'no share of the text part expected' ;;
  *) says 'int8 weights are slower'
     says_one_line
     [ "$(cat nulls)" = 3 ] || fail 'no share of text and of int8 expected' ;;
esac
awk -F 'share_of_peak":' '{ split($2, v, /[,}]/); if (v[1] != "null" && v[1] > 5) exit 1 }' out || fail 'more than the peak'

# Licences, and kinds of models that are not built.
expect 0 "$clip" models
prints 'licence'
prints 'CC-BY-NC-4.0'
prints 'not stated by its publisher'
prints 'not built: '
expect 0 "$clip" models --json
prints '"licence": "MIT"'
printf '{"embed_dim":8,"vision_cfg":{"timm_model_name":"vit_base_patch16_siglip_gap_224"},"text_cfg":{}}' >siglip.json
expect 1 "$clip" preprocess --model siglip.json photos/0.ppm --output no.npy
says 'describes a SigLIP without its pooling'
expect 1 "$clip" inspect siglip.json
says 'describes a SigLIP without its pooling'
printf '{"model_type":"siglip2"}' >config.json
expect 1 "$clip" preprocess --model config.json photos/0.ppm --output no.npy
says 'SigLIP 2 of flexible resolution is not built here'
expect 0 "$clip" models
prints 'siglip2/ViT-gopt-16-384'
prints 'Apache-2.0'
expect 0 "$clip" inspect huggingface/config.json
prints 'config   {'
finish
