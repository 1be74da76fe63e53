# sh symbols.sh NM PLAIN.o TUNED.o: no function of ours is shared by objects of different instruction sets, where the linker
# would keep one for both; and including clip defines nothing a second unit could collide with.
nm=$1
plain=$2
tuned=$3
status=0

# Names that speak of namespace clip (4clip when mangled), defined in the object.
ours() {
  "$nm" --defined-only "$1" | awk '$3 ~ /4clip/ {print $3}' | sort -u
}
if [ -z "$(ours "$plain")" ]; then
  echo "$plain: expected symbols of namespace clip, found none"
  exit 1
fi

shared=$({ ours "$plain"; ours "$tuned"; } | sort | uniq -d)
if [ -n "$shared" ]; then
  echo "in both objects (is it outside the inline namespace CLIP_ABI?):"
  echo "$shared" | head -n 20
  status=1
fi

# T, D, B, R, C: strong definitions visible to the linker. The unit's own function is the only one.
for object in "$plain" "$tuned"; do
  strong=$("$nm" --defined-only "$object" | awk '$2 ~ /^[TDBRC]$/ {print $3}' | grep -v -E '^_Z5(plain|tuned)v$')
  if [ -n "$strong" ]; then
    echo "$object: defined for everyone:"
    echo "$strong" | head -n 20
    status=1
  fi
done
exit "$status"
