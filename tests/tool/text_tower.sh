# A text tower alone, in a folder of sentence-transformers, is embedded and inspected as it is.
. "$(dirname "$0")/lib.sh"
golden=$(cd "$(dirname "$0")/../golden/bert" && pwd)

mkdir -p tower/1_Pooling tower/2_Dense
cp "$golden/small_distilbert.safetensors" tower/model.safetensors
cp "$golden/small_dense.safetensors" tower/2_Dense/model.safetensors
cat >tower/config.json <<'EOF'
{"model_type": "distilbert", "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 40, "vocab_size": 50,
 "max_position_embeddings": 10, "activation": "gelu", "pad_token_id": 0}
EOF
cat >tower/modules.json <<'EOF'
[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
 {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
 {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}]
EOF
echo '{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}' >tower/1_Pooling/config.json
echo '{"bias": false, "activation_function": "torch.nn.modules.linear.Identity"}' >tower/2_Dense/config.json
{
  printf '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ncat\ndog\n##s\n'
  for i in $(seq 10 50); do echo "word$i"; done
} >tower/vocab.txt
printf 'a cat\ndogs\na cat a cat a cat a cat a cat\n' >texts.txt

expect 0 "$clip" tokenize --vocabulary tower 'a cat' 'Dogs!'
printf '[2, 5, 6, 3]\n[2, 7, 8, 1, 3]\n' >expected
same out expected
expect 0 "$clip" embed --weights tower --texts texts.txt --truncate --output e.npy
[ "$(od -v -An -tu1 -N 118 e.npy | wc -w)" = 118 ] || fail 'a .npy file expected'
grep -qaF "'shape': (3, 12)" e.npy || fail 'three rows of the dense layer expected'
says '1 of 3 texts were cut to 10 ids'
expect 1 "$clip" embed --weights tower --images photos/0.ppm --output no.npy
absent no.npy
expect 0 "$clip" inspect tower
prints 'model    a text tower alone, for `clip embed --texts`: context 10, vocabulary 50, width 16'
prints 'vocabulary tower/vocab.txt, 50 ids, WordPiece'
expect 0 "$clip" inspect tower --json
prints '"text_tower": "context 10'
expect 1 "$clip" embed --weights tower --texts texts.txt --cleaning lower --output no.npy
says 'cleaning of texts for a WordPiece vocabulary: expected none, found lower'
echo '{"pooling_mode_max_tokens": true}' >tower/1_Pooling/config.json
expect 1 "$clip" embed --weights tower --texts texts.txt --output no.npy
says 'pooling.pooling_mode: expected cls_token or mean_tokens, found "max_tokens"'
absent no.npy

expect 0 "$clip" models
prints 'sentence-transformers/all-MiniLM-L6-v2'
expect 0 "$clip" models --json
prints '"parameters": 22713216'
finish
