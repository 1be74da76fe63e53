# sh symbols.sh NM OBJECT…: each object of kernels shows one symbol; everything else in it, the standard library's inline functions
# above all, is out of the linker's sight.
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
