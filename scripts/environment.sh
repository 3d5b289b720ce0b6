# Sourced by scripts/serve, scripts/python, scripts/notebook, scripts/check and scripts/test, for
# `prepare`: it makes .venv and fills it. POSIX sh, for macOS and BusyBox too: `readlink` has no -f on
# older macOS, so one link to a command is followed, by its whole path.
# Every file that decides what gets installed is remembered as it was, so that nothing is
# installed twice and a change is noticed.

cd "$(dirname "$(readlink "$0" || echo "$0")")/.." || exit 1
python=.venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "$*" >&2; }

fail() { say "$*"; exit 1; }

# The first Python that is new enough and can make a virtual environment.
find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null
        then
            echo "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed, with its venv module."
    say "  found: $(python3 --version 2>&1 || echo 'no python3')"
    fail "  on Debian and Ubuntu: apt install python3 python3-venv; or set PYTHON to one elsewhere."
}

make_venv() {
    "$python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null && return
    base=$(find_python) || exit 1
    say "Making .venv with $("$base" --version) …"
    "$base" -m venv --clear .venv || fail "Could not make .venv in $PWD."
}

# up_to_date NAME FILE…: was NAME installed from these very files?
up_to_date() {
    name=$1; shift
    cat "$@" | cmp -s - ".venv/$name.installed"
}

remember() {
    name=$1; shift
    cat "$@" > ".venv/$name.installed"
}

# A user's pip may be set to install elsewhere (`user = true`, `target = …`); here it is .venv all the
# same. All other settings of pip stay as they are, such as a company's index. They are handed on as
# variables, because pip starts itself anew when it builds something, and then knows no options.
keep_pip_in_venv() {
    pip_settings=$("$python" - <<'PY'
import ast, os, shlex, subprocess, sys

shown = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
places = ("USER", "TARGET", "PREFIX", "ROOT")
print("unset", *(f"PIP_{place}" for place in places))
print("export", f"PIP_CONFIG_FILE={os.devnull}")
for line in sorted(shown.stdout.splitlines()):  # `global.…` before `install.…`, which has priority
    name, _, value = line.partition("=")
    section, _, key = name.rpartition(".")
    variable = key.upper().replace("-", "_")
    if section in ("global", "install") and variable not in places:
        if f"PIP_{variable}" not in os.environ:
            print("export", f"PIP_{variable}={shlex.quote(str(ast.literal_eval(value)))}")
PY
    ) && eval "$pip_settings"
}

pip_install() {
    keep_pip_in_venv
    "$python" -m pip install -qq "$@"
}

# works MODULE…: can they be imported?
works() {
    for module; do
        "$python" -c "import $module" || fail "$module was installed into .venv, but cannot be imported."
    done
}

# The runtime packages: the exact ones, by hash. Where those do not exist for this machine, the
# newest that requirements.txt allows; but never a file that differs from what was locked.
install_runtime() {
    up_to_date runtime requirements.lock && return
    say "Installing NumPy, Flask, Pillow, gunicorn and requests into .venv (once) …"
    if ! pip_install --require-hashes -r requirements.lock 2> .venv/install.log; then
        if grep -q 'DO NOT MATCH THE HASHES' .venv/install.log; then
            cat .venv/install.log >&2
            fail "A package is not the one that requirements.lock names; nothing was installed."
        fi
        say "The exact versions of requirements.lock could not be installed (see .venv/install.log);"
        say "taking the newest that requirements.txt allows."
        pip_install -r requirements.txt || fail "Could not install the packages: is there a network?"
    fi
    works numpy flask PIL gunicorn requests
    remember runtime requirements.lock
}

# The files that decide what an extra is.
files_of() {
    case $1 in
    test) echo requirements.lock requirements-dev.lock pyproject.toml ;;
    *) echo requirements.lock pyproject.toml ;;
    esac
}

# install_extra NAME: the extra of that name in pyproject.toml. What tests need is the exact
# packages, by hash, where those exist for this machine.
install_extra() {
    files=$(files_of "$1")
    # shellcheck disable=SC2086 # several names
    up_to_date "$1" $files && return
    say "Installing the extra '$1' of pyproject.toml into .venv (once) …"
    if [ "$1" = test ] && ! pip_install --require-hashes -r requirements-dev.lock 2> .venv/install.log
    then
        if grep -q 'DO NOT MATCH THE HASHES' .venv/install.log; then
            cat .venv/install.log >&2
            fail "A package is not the one that requirements-dev.lock names; nothing was installed."
        fi
        say "The exact versions of requirements-dev.lock could not be installed (see .venv/install.log);"
        say "taking the newest that pyproject.toml allows."
    fi
    pip_install --editable ".[$1]" || fail "Could not install the extra '$1'."
    # shellcheck disable=SC2086
    remember "$1" $files
}

# prepare [EXTRA…]: the environment with the runtime packages and these extras. Two that start at
# once take turns.
prepare() {
    {
        if command -v flock > /dev/null; then flock 9; fi
        make_venv
        install_runtime
        for extra; do install_extra "$extra"; done
    } 9< requirements.lock
}
