# Labels, templates and texts from lines, tables and JSON.
. "$(dirname "$0")/lib.sh"

classify="$clip classify $tiny --vocabulary bpe.txt photos/0.ppm"

# The same labels in every form give the same output.
printf 'cat\ndog\n' >lines.txt
expect 0 $classify --labels lines.txt
cp out expected
printf '["cat",\n"dog"]\n' >array.json
printf '{"1": "dog", "0": "cat"}\n' >ids.json
printf '{"0": ["n01440764", "cat"], "1": ["n01443537", "dog"]}\n' >index.json
printf '\357\273\277cat\r\ndog\r\n' >marked.txt
printf 'name\n"cat"\ndog\n' >names.csv
for labels in array.json ids.json index.json marked.txt names.csv; do
  expect 0 $classify --labels $labels
  quiet
  same out expected
done
printf 'id,name\r\n0,"cat"\r\n1,dog\r\n' >table
expect 0 $classify --labels table --column name
same out expected
expect 0 $classify --labels table:name
same out expected
printf 'id\tname\n0\tcat\n1\tdog\n' >tabs
expect 0 $classify --labels tabs --column name
same out expected

# Prompts of each class, with the labels or with the templates.
printf '{"cat": ["a photo of a cat."], "dog": ["a photo of a {}."]}\n' >prompts.json
expect 0 $classify --labels prompts.json
same out expected
expect 0 $classify --labels lines.txt --templates prompts.json
same out expected
printf 'a photo of a {label}.\n' >label.txt
expect 0 $classify --labels lines.txt --templates label.txt
same out expected
printf 'name\n"a photo of a {c}."\n' >templates.csv
expect 0 $classify --labels lines.txt --templates templates.csv
same out expected

# Errors are one line.
wrong() {
  message=$1
  shift
  expect 1 $classify "$@"
  says "$message"
  says_one_line
  prints_nothing
}
wrong 'prompts.json: templates for labels with prompts' --labels prompts.json --templates label.txt
printf '{"cat": ["a cat"]}\n' >one.json
wrong 'one.json: prompts of "dog": expected a list, found none' --labels lines.txt --templates one.json
wrong 'table: a table: expected the name of a column' --labels table
wrong 'table: column: expected "title", found the columns "id", "name"' --labels table --column title
printf '["cat", "dog"' >broken
wrong 'broken: not valid JSON at byte' --labels broken
printf 'cat\ndo\000g\n' >zero
wrong 'zero: line 2: expected UTF-8 text, found a zero byte' --labels zero
printf 'cat\n\377\n' >latin
wrong 'latin: line 2: expected UTF-8 text, found the byte FF' --labels latin
wrong 'expected UTF-8 text' --labels images.npy
expect 2 "$clip" embed $tiny --images photos --column name --output e.npy

# Texts to embed.
printf 'a photo of a cat.\na photo of a dog.\n' >texts.txt
expect 0 "$clip" embed $tiny --texts texts.txt --vocabulary bpe.txt --output lines.npy
printf '{"cat": ["a photo of a cat."], "dog": ["a photo of a dog."]}\n' >texts.json
expect 0 "$clip" embed $tiny --texts texts.json --vocabulary bpe.txt --output json.npy
same json.npy lines.npy
printf 'id,title\n0,a photo of a cat.\n1,a photo of a dog.\n' >texts.csv
expect 0 "$clip" embed $tiny --texts texts.csv --column title --vocabulary bpe.txt --output csv.npy
same csv.npy lines.npy
# Lines that look like a table are texts with --lines, and the error for them says so.
printf 'cat,black\ndog,brown\n' >commas
expect 1 "$clip" embed $tiny --texts commas --vocabulary bpe.txt --output l.npy
says '--lines'
expect 0 "$clip" embed $tiny --texts commas --lines --vocabulary bpe.txt --output l.npy
printf '["cat,black", "dog,brown"]' >commas.json
expect 0 "$clip" embed $tiny --texts commas.json --vocabulary bpe.txt --output j.npy
same l.npy j.npy
expect 0 $classify --labels commas --lines
prints 'cat,black'
expect 2 "$clip" embed $tiny --texts commas --lines --column cat --vocabulary bpe.txt --output l.npy
finish
