# Inputs as a shell passes them: - and @list, pipes, labels in the value itself; names beside rows; what help and errors
# say.
. "$(dirname "$0")/lib.sh"

given() { "$@" >out 2>err; found=$?; command=$*; [ $found = 0 ] || { fail "exit status 0 expected, $found found: $*"; sed 's/^/  /' err; }; }

# An image on standard input, and lists of images.
expect 0 "$clip" embed $tiny --images photos/3.ppm --output one.npy
given "$clip" embed $tiny --images - --output input.npy --json <photos/3.ppm
quiet
prints '"-"'
same input.npy one.npy
cat photos/3.ppm | given "$clip" embed $tiny --images - --output input.npy
same input.npy one.npy
printf 'photos\n' >list
expect 0 "$clip" embed $tiny --images @list --output listed.npy
same listed.npy images.npy
printf 'photos/1.ppm\nphotos/3.ppm\n' >list
given "$clip" embed $tiny --images @- --output listed.npy <list
expect 0 "$clip" embed $tiny --images photos/1.ppm photos/3.ppm --output two.npy
same listed.npy two.npy
given "$clip" preprocess --model tiny.json - --output pixels.npy <photos/3.ppm
expect 0 "$clip" preprocess --model tiny.json @list --output two.npy
given "$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt - <photos/3.ppm
cut -f 2- out >expected
expect 0 "$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt photos/3.ppm
cut -f 2- out >found
same found expected
expect 1 "$clip" embed $tiny --images - --output none.npy
says 'standard input: not an image: no bytes'
absent none.npy
expect 1 "$clip" embed $tiny --images @nowhere --output none.npy
says 'nowhere: no such file'
command='classify --labels - -'
"$clip" classify $tiny --vocabulary bpe.txt --labels - - >out 2>err <labels.txt
[ $? = 2 ] || fail "exit status 2 expected: $command"
says 'standard input can be read once'

# Texts.
expect 0 "$clip" embed $tiny --texts labels.txt --vocabulary bpe.txt --output texts_expected.npy
given "$clip" embed $tiny --texts - --vocabulary bpe.txt --output found.npy <labels.txt
same found.npy texts_expected.npy
expect 0 "$clip" embed $tiny --texts @labels.txt --vocabulary bpe.txt --output found.npy
same found.npy texts_expected.npy
mkfifo pipe
cat labels.txt >pipe &
expect 0 "$clip" embed $tiny --texts pipe --vocabulary bpe.txt --output found.npy
same found.npy texts_expected.npy
expect 0 "$clip" tokenize --vocabulary bpe.txt dog cat 'the band'
cp out expected
expect 0 "$clip" tokenize --vocabulary bpe.txt @labels.txt
same out expected
expect 1 "$clip" tokenize --vocabulary bpe.txt @nowhere
says '@nowhere: no such file'

# Labels in the value itself.
printf 'cat\ndog\n' >pair.txt
classify="$clip classify $tiny --vocabulary bpe.txt photos/0.ppm"
expect 0 $classify --labels pair.txt
cp out expected
for labels in 'cat,dog' 'cat, dog'; do
  expect 0 $classify --labels "$labels"
  same out expected
done
given $classify --labels - <pair.txt
same out expected
expect 1 $classify --labels 'cat,,dog'
says '"cat,,dog": entry 2: empty'
expect 1 $classify --labels cat
says 'cat: no such file'

# A name for each row; failures have none.
mkdir mixed
cp photos/0.ppm mixed/a.ppm
echo broken >mixed/b.ppm
cp photos/1.ppm mixed/c.ppm
expect 0 "$clip" embed $tiny --images mixed --names txt --output rows.npy
printf 'mixed/a.ppm\nmixed/c.ppm\n' >expected
same rows.txt expected
expect 0 "$clip" embed $tiny --texts labels.txt --vocabulary bpe.txt --names jsonl --output rows.npy
printf '{"name":"dog","row":0}\n{"name":"cat","row":1}\n{"name":"the band","row":2}\n' >expected
same rows.jsonl expected
printf '["a\\nb"]' >broken.json
expect 1 "$clip" embed $tiny --texts broken.json --vocabulary bpe.txt --names txt --output lines.npy
says '--names jsonl'
absent lines.npy
absent lines.txt

# An unreadable part of a folder is a failure, and the rest is processed.
mkdir -p locked/inner locked/names
cp photos/0.ppm locked/a.ppm
cp photos/1.ppm locked/inner/b.ppm
cp photos/2.ppm locked/names/c.ppm
chmod 0 locked/inner
chmod 444 locked/names
as_user=
if [ "$(id -u)" = 0 ]; then
  as_user='setpriv --reuid 65534 --regid 65534 --clear-groups'
  chmod -R a+rX tiny.* photos && chmod 777 . && chmod 755 locked
fi
if $as_user "$clip" --version >out 2>err; then
  expect 0 $as_user "$clip" embed $tiny --images locked --output part.npy --json
  says 'locked/inner: cannot be opened: Permission denied'
  says 'locked/names/c.ppm: cannot be opened: Permission denied'
  says '2 of 3 images could not be read'
  prints '"rows": 1'
  expect 1 $as_user "$clip" embed $tiny --images locked --output part.npy --strict
fi
chmod 755 locked/inner locked/names

# A batch that memory does not hold is cut, and gives the same rows.
large="$clip embed $tiny --threads 2 --images photos --batch 4096 --output small.npy"
if (ulimit -v 600000 2>/dev/null && "$clip" --version >out 2>err); then
  (ulimit -v 600000 && exec $large >out 2>err)
  command=$large
  says '--batch 4096: '
  same small.npy images.npy
fi

# Help marks what is required, errors keep the order, and pipes get no colours.
expect 0 "$clip" convert --help
prints 'torchvision REQUIRED'
expect 0 "$clip" bench --help
prints 'preprocess REQUIRED'
expect 0 "$clip" compare --help
prints 'int8 REQUIRED'
expect 2 "$clip" models --second first --third
says 'not expected: --second first --third'
says_one_line
expect 0 "$clip" embed $tiny --images photos mixed --output e.npy
[ "$(tr -d '\033\r' <err | cmp - err; tr -d '\033\r' <out | cmp - out)" = '' ] || fail 'control characters in a pipe'
finish
