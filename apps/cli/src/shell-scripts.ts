/**
 * What a shell is given so that Tab asks this command. The scripts know no command themselves: each asks
 * `lattice __complete SHELL …`, which answers from the table of commands and from the node that runs.
 */
import { COMPLETE_WORD } from "./invocation.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** A word that ends with "=" is to be gone on with at once. Where nothing is known, files are offered. */
export const SHELL_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# lattice: completion for bash.  source <(lattice completion bash)
_lattice() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <("\${COMP_WORDS[0]}" ${COMPLETE_WORD} bash "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace 2>/dev/null
  fi
  return 0
}
complete -o default -F _lattice lattice`,
  zsh: `#compdef lattice
# lattice: completion for zsh.  source <(lattice completion zsh), or as _lattice in a folder of $fpath
_lattice() {
  local -a ready readyhelp open
  local line
  for line in "\${(@f)$("\${(Q)words[1]}" ${COMPLETE_WORD} zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    if [[ \${line%%$'\\t'*} == *= ]]; then
      open+=("\${line%%$'\\t'*}")
    else
      ready+=("\${line%%$'\\t'*}")
      readyhelp+=("\${line//$'\\t'/  -- }")
    fi
  done
  if (( \${#ready} + \${#open} == 0 )); then
    _files
    return
  fi
  (( \${#ready} )) && compadd -l -d readyhelp -a ready
  (( \${#open} )) && compadd -S '' -a open
  return 0
}
if [[ \${funcstack[1]} == _lattice ]]; then
  _lattice "$@"
else
  (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit -i }
  compdef _lattice lattice
fi`,
  fish: `# lattice: completion for fish.  lattice completion fish | source
function __lattice_complete
    set -l typed (commandline -opc)
    set -l found ($typed[1] ${COMPLETE_WORD} fish $typed[2..] (commandline -ct) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c lattice -f -a '(__lattice_complete)'`,
};
