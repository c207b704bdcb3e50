# quantnet: completion for zsh. The tool itself is asked for words that fit; files are always offered behind the command.
_quantnet() {
  local line="${BUFFER#* }"
  local -a words_found
  words_found=("${(@f)$(${words[1]} "[suggest:$((CURSOR - ${#BUFFER} + ${#line}))]" "$line" 2>/dev/null)}")
  compadd -a words_found
  ((CURRENT > 2)) && _files
}
compdef _quantnet quantnet
