# sh symbols.sh NM OBJECT…: checks that each object of kernels exports one symbol, its table. Everything else in it, in
# particular inline functions of the standard library, must be hidden from the linker.
nm=$1
shift
status=0
for object in "$@"; do
  shown=$("$nm" --defined-only "$object" | awk '$2 ~ /^[A-Zuvw]$/ {print $3}')
  case $shown in
    *[!a-z0-9_]* | '' | [!c]*)
      echo "$object: expected its table only, found:"
      echo "$shown" | head -n 20
      status=1
      ;;
  esac
done
exit $status
