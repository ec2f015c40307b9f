"""`musicctl completion`: the scripts that make a shell ask musicctl what a word may become."""

from enum import Enum
from typing import Annotated

import typer

from musicctl.cli.command import alone, command
from musicctl.cli.output import text

app = alone()

# Bash breaks words at = and @, so that it is given the line as typed; the answer's first line says whether
# files are wanted, the others are what the current word may become.
BASH = r"""_musicctl() {
    local answer
    mapfile -t answer < <(_MUSICCTL_COMPLETE=bash "$1" -- "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    if [[ ${answer[0]} == files ]]; then
        compopt -o default
    else
        COMPREPLY=("${answer[@]:1}")
        [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace
    fi
}
complete -F _musicctl musicctl
"""
ZSH = r"""#compdef musicctl
_musicctl() {
    local -a answer
    answer=("${(@f)$(_MUSICCTL_COMPLETE=zsh "${words[1]}" -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ ${answer[1]} == files ]]; then
        _files
    elif (( ${#answer} > 1 )); then
        local -a found
        found=("${(@)answer[2,-1]}")
        _describe musicctl found
    fi
}
if [[ ${funcstack[1]} == _musicctl ]]; then
    _musicctl "$@"
else
    compdef _musicctl musicctl
fi
"""
FISH = r"""function __musicctl_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (_MUSICCTL_COMPLETE=fish $before[1] -- $before[2..-1] "$current" 2>/dev/null)
    if test "$answer[1]" = files
        __fish_complete_path "$current"
    else if set -q answer[2]
        printf '%s\n' $answer[2..-1]
    end
end
complete -c musicctl -f -a '(__musicctl_complete)'
"""


class Shell(Enum):
    """The shells that there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


Chosen = Annotated[Shell, typer.Argument(metavar="SHELL", help="bash (4.4 or newer), zsh or fish.")]
SCRIPTS = {Shell.BASH: BASH, Shell.ZSH: ZSH, Shell.FISH: FISH}


@command(app, "completion")
def completion(shell: Chosen) -> None:
    """Print what makes the shell complete commands, options and their values.

    For every new shell: put the line of the first example into ~/.bashrc or ~/.zshrc.
    """
    text(SCRIPTS[shell])
