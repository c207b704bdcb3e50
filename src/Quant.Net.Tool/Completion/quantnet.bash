# quantnet: completion for bash. The tool itself is asked for words that fit.
_quantnet() {
  local line=${COMP_LINE#"${COMP_WORDS[0]}"} current=${COMP_WORDS[COMP_CWORD]} word
  line=${line# }
  local position=$((COMP_POINT - ${#COMP_LINE} + ${#line}))
  COMPREPLY=()
  while IFS= read -r word; do
    [[ $word == "$current"* ]] && COMPREPLY+=("$word")
  done < <("${COMP_WORDS[0]}" "[suggest:$position]" "$line" 2>/dev/null)

  # Behind the command, what is no option may be a file.
  if ((COMP_CWORD > 1)) && [[ $current != -* ]]; then
    while IFS= read -r word; do
      COMPREPLY+=("$word")
    done < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _quantnet quantnet
