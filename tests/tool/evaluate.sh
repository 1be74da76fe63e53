# Evaluation: metrics of classification and retrieval, from features and from images; pseudo-labels; the choice of C.
. "$(dirname "$0")/lib.sh"

# npy TYPE SHAPE: the header of an array; its bytes follow.
npy() { printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"; }
one='\000\000\200\077' zero='\000\000\000\000' half='\000\000\000\077'
label0='\000\000\000\000\000\000\000\000' label1='\001\000\000\000\000\000\000\000' label2='\002\000\000\000\000\000\000\000'

# Four images of three classes: the last one is nearest to the wrong class.
{ npy '<f4' '(4, 3)'; printf "$one$zero$zero$zero$one$zero$zero$zero$one$zero$one$half"; } >images4.npy
{ npy '<f4' '(3, 3)'; printf "$one$zero$zero$zero$one$zero$zero$zero$one"; } >classes.npy
{ npy '<i8' '(4,)'; printf "$label0$label1$label2$label2"; } >truth.npy

expect 0 "$clip" evaluate --image-features images4.npy --text-features classes.npy --labels truth.npy
quiet
printf 'acc1 0.7500\nacc5 none\nmean_per_class_recall 0.8333\n' >expected
same out expected
expect 0 "$clip" evaluate --image-features images4.npy --text-features classes.npy --labels truth.npy --json
prints '"acc1": 0.75'
prints '"acc5": null'
prints '"task": "zeroshot_classification"'
{ npy '|u1' '(4, 3)'; printf '\001\000\000\000\001\000\000\000\001\000\000\001'; } >several.npy
expect 0 "$clip" evaluate --image-features images4.npy --text-features classes.npy --labels several.npy
echo 'mean_average_precision 1.0000' >expected
same out expected

# Three captions of the first image, none of the last.
{ npy '<i8' '(3,)'; printf "$label0$label0$label0"; } >image_of.npy
expect 0 "$clip" evaluate --image-features images4.npy --text-features classes.npy --image-of-text image_of.npy --recall-k 1,4
printf '%s\n' 'image_retrieval_recall@1 0.3333' 'image_retrieval_recall@4 1.0000' 'text_retrieval_recall@1 0.2500' \
  'text_retrieval_recall@4 0.2500' >expected
same out expected

# Pseudo-labels, as a table.
expect 0 "$clip" evaluate --image-features images4.npy --text-features classes.npy --labels truth.npy --pseudo-labels 1 \
  --output pseudo.csv
prints 'threshold 0.0: 4 images, accuracy 0.7500'
head -n 1 pseudo.csv | grep -qx 'image,label,class,confidence' || fail "header of pseudo.csv"
[ "$(wc -l <pseudo.csv)" = 4 ] || fail "three pseudo-labels expected"
grep -q '^1,1,,1.0' pseudo.csv || fail "image 1 expected for class 1"

# From images: a folder per class.
mkdir -p set/dog set/the_band && cp photos/0.ppm photos/1.ppm set/dog && cp photos/2.ppm set/the_band
expect 0 "$clip" evaluate $tiny --vocabulary bpe.txt --dataset set --pseudo-labels 2 --output pseudo.csv --json
prints '"images": 3'
prints '"mean_per_class_recall"'
grep -q '^set/' pseudo.csv || fail "paths expected in pseudo.csv"
cp out by_names
expect 0 "$clip" evaluate $tiny --vocabulary bpe.txt --dataset set --classes 'dog,the band' --pseudo-labels 2 --json
same out by_names
printf '{"dog": ["a dog", "dogs"], "the band": ["they play"]}' >prompts.json
expect 0 "$clip" evaluate $tiny --vocabulary bpe.txt --dataset set --classes prompts.json
prints 'acc1 '

# From a table of captions.
printf 'path,caption\nphotos/0.ppm,dog\nphotos/0.ppm,the dog\nphotos/1.ppm,the band\n' >captions.csv
expect 0 "$clip" evaluate $tiny --vocabulary bpe.txt --captions captions.csv --path-column path --caption-column caption --json
prints '"texts": 3'
prints '"images": 2'
prints '"image_retrieval_recall@5": 1.0'

# The choice of C.
{ npy '<f4' '(4, 2)'; printf "$one$zero$one$half$zero$one$half$one"; } >train.npy
{ npy '<i8' '(4,)'; printf "$label1$label1$label0$label0"; } >train_labels.npy
for sweep in clip coop benchmark; do
  expect 0 "$clip" probe --features train.npy --labels train_labels.npy --sweep $sweep --validation-features train.npy \
    --validation-labels train_labels.npy --test-features train.npy --test-labels train_labels.npy
  prints 'validation_accuracy 1.0000'
  prints 'train_accuracy 1.0000'
done
prints 'weight_decay '
expect 0 "$clip" probe --features train.npy --labels train_labels.npy --sweep coop --validation-features train.npy \
  --validation-labels train_labels.npy --normalize --json
prints '"trials"'
prints '"C"'

# What cannot be.
{ npy '<f4' '(4, 2)'; printf "$one$zero$one$half$zero$one$zero$zero"; } >zero.npy
expect 1 "$clip" probe --features zero.npy --labels train_labels.npy --normalize
says 'zero.npy: row 3: expected a length above 0, found 0'
expect 2 "$clip" evaluate
expect 2 "$clip" evaluate --image-features images4.npy
expect 2 "$clip" evaluate --dataset set
expect 2 "$clip" evaluate --image-features images4.npy --text-features classes.npy
says 'one of --labels and --image-of-text is required'
expect 2 "$clip" probe --features train.npy --labels train_labels.npy --sweep clip
expect 2 "$clip" probe --features train.npy --labels train_labels.npy --sweep clip --C 1 --validation-features train.npy \
  --validation-labels train_labels.npy
expect 1 "$clip" evaluate --image-features images4.npy --text-features classes.npy --labels image_of.npy
says 'image_of.npy: labels: expected 4, found 3'
expect 1 "$clip" evaluate --image-features images4.npy --text-features classes.npy --image-of-text truth.npy
says 'truth.npy: labels: expected 3, found 4'
expect 1 "$clip" evaluate --image-features images4.npy --text-features train.npy --labels truth.npy
says 'train.npy: width of the rows: expected 3, found 2'
expect 1 "$clip" evaluate $tiny --vocabulary bpe.txt --dataset set --classes 'dog,cat,the band'
says 'classes of set: expected 2, found 3'
echo 'no image' >set/dog/bad.ppm
expect 1 "$clip" evaluate $tiny --vocabulary bpe.txt --dataset set --pseudo-labels 2 --output none.csv
says 'bad.ppm'
absent none.csv
finish
