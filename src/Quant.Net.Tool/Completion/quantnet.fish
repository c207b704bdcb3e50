# quantnet: completion for fish. The tool itself is asked for words that fit; fish offers files as well.
function __quantnet_words
    set -l line (string replace -r '^\s*\S+\s?' '' -- (commandline -cp))
    quantnet "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
end
complete -c quantnet -a '(__quantnet_words)'
