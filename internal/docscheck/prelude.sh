# The shell of one document. It reads "MODE FILE" lines from descriptor 3 and answers on descriptor 4.
set -E
trap 'echo "$LINENO $BASH_COMMAND" >"$DOCSCHECK_FAILED"' ERR

# Targets that CI runs anyway take minutes. Here it is enough that they exist.
make() {
  case " $DOCSCHECK_TARGETS " in
  *" ${1:-} "*) command make -n "$@" >/dev/null && echo "make $1: CI runs this target" ;;
  *) command make "$@" ;;
  esac
}

while IFS=' ' read -r docscheck_mode docscheck_file <&3; do
  case "$docscheck_mode" in
  run)
    set -e
    . "$docscheck_file" </dev/null 3<&- 4>&-
    set +e
    echo "ended 0" >&4
    ;;
  exit)
    (
      set -e
      . "$docscheck_file"
    ) </dev/null 3<&- 4>&-
    echo "ended $?" >&4
    ;;
  serve)
    set -m # a process group for the command
    (
      set -e
      . "$docscheck_file"
    ) </dev/null >"$docscheck_file.log" 2>&1 3<&- 4>&- &
    set +m
    echo "started $!" >&4
    ;;
  esac
done
