#!/usr/bin/env bash
# The words of the language and of its operators, as a dictionary for libFuzzer.
cd "$(dirname "$0")/../.."
{
  sed -n 's/^    {"\([a-z]*\)", [A-Z]*}.*/\1/p' dsl/lexer.l
  sed -n '/%token/s/.*`\([a-z]*\)`.*/\1/p' dsl/parser.y
  grep -ho '\.name = "[a-z_0-9]*"' core/graph/op_*.c | cut -d'"' -f2
  grep -ho 'UNARY([a-z_]*\|REDUCE([a-z_]*\|BINARY([a-z_]*' core/graph/op_*.c | cut -d'(' -f2
  grep -ho '{"[a-z_]*", AT_ARG_' core/graph/op_*.c | cut -d'"' -f2
  printf '%s\n' model module instance input let attend output return loss updates recompute repeat to with \
    next if else include import freeze from as param and or not real token batch sequence feature \
    query key value over along score interact heads mask refine weigh dropout none causal softmax \
    '->' '|>' '...' '==' '!=' '<=' '>=' '@' ': real [' '= 1' '{' '}' '->[' 'normal(' 'true' 'false'
} | awk 'length && !seen[$0]++ { gsub(/[\\"]/, "\\\\&"); printf "\"%s\"\n", $0 }'
