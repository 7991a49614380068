# Runs one block of a document, the file $1. It begins with the state of the shell that the last block left in
# $DOCSCHECK_STATE: variables, functions and the working directory. Its own is left in $1.state, unless it fails.
set -E
trap 'echo "$LINENO $BASH_COMMAND" >"$1.failed"' ERR

# Targets that CI runs anyway take minutes. Here it is enough that they exist.
make() {
  case " $DOCSCHECK_TARGETS " in
  *" ${1:-} "*) command make -n "$@" >/dev/null && echo "make $1: CI runs this target" ;;
  *) command make "$@" ;;
  esac
}

[ ! -e "$DOCSCHECK_STATE" ] || . "$DOCSCHECK_STATE"
set -e
. "$1"
set +e
{
  declare -p | grep -v '^declare -[A-Za-z]*r' # the shell's own constants
  declare -f
  printf 'cd %q\n' "$PWD"
} >"$1.state"
