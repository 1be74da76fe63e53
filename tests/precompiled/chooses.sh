# sh chooses.sh PROGRAM: without CLIP_CPU the kernels run; an unknown name is an error that lists the valid names.
program=$1

CLIP_CPU='' "$program" --test-case='the kernels are*' || exit 1
if message=$(CLIP_CPU=v0 "$program" --test-case='the kernels are*' 2>&1); then
  echo "CLIP_CPU=v0: expected a refusal, found none"
  exit 1
fi
case $message in
  *'CLIP_CPU: expected '*) ;;
  *)
    echo "CLIP_CPU=v0: expected an error about CLIP_CPU, found: $message"
    exit 1
    ;;
esac
