# sh symbols.sh NM PLAIN.o TUNED.o: checks that objects of different instruction sets share no function
# of the library, of which the linker would keep one for both, and that including clip defines no
# symbol that a second unit could collide with.
nm=$1
plain=$2
tuned=$3
status=0

# Defined symbols of namespace clip (4clip when mangled).
ours() {
  "$nm" --defined-only "$1" | awk '$3 ~ /4clip/ {print $3}' | sort -u
}
if [ -z "$(ours "$plain")" ]; then
  echo "$plain: expected symbols of namespace clip, found none"
  exit 1
fi

shared=$({ ours "$plain"; ours "$tuned"; } | sort | uniq -d)
if [ -n "$shared" ]; then
  echo "defined in both objects (outside the inline namespace CLIP_ABI?):"
  echo "$shared" | head -n 20
  status=1
fi

# T, D, B, R, C: strong global definitions. The unit's own function must be the only one.
for object in "$plain" "$tuned"; do
  strong=$("$nm" --defined-only "$object" | awk '$2 ~ /^[TDBRC]$/ {print $3}' | grep -v -E '^_Z5(plain|tuned)v$')
  if [ -n "$strong" ]; then
    echo "$object: unexpected global definitions:"
    echo "$strong" | head -n 20
    status=1
  fi
done
exit "$status"
