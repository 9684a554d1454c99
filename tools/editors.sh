#!/usr/bin/env bash
# tools/editors.sh ATTUNE [DIR]: writes the syntax files of Vim and VS Code into DIR (docs/editors),
# from dsl/keywords.txt and the operators that the program knows.
set -eu
cd "$(dirname "$0")/.."
attune=$1 dir=${2:-docs/editors}
words() { sed -n "s/^\([a-z]*\) $1\$/\1/p" dsl/keywords.txt; }
line() { xargs; }
bar() { paste -sd'|' -; }
operators() { "$attune" ops | sed -n 's/^  \([a-z_0-9]*\) .*/\1/p' | LC_ALL=C sort; }
mkdir -p "$dir/vim/syntax" "$dir/vim/ftdetect" "$dir/vim/ftplugin" "$dir/vscode/syntaxes"

cat >"$dir/vim/syntax/att.vim" <<VIM
" Vim syntax of attune's model language. Written by tools/editors.sh.
if exists('b:current_syntax')
  finish
endif
syntax keyword attStructure $(words structure | line)
syntax keyword attStatement $(words statement | line)
syntax keyword attWord $(words word | line)
syntax keyword attConstant $(words constant | line)
syntax match attType /\v:\s*\zs<($(words type | bar))>/
syntax match attKind /\v<($(words kind | bar))>\ze\s*[],=]/
syntax match attClause /\v<($(words clause | bar))>\ze\s*\=[^=]/
syntax match attOperator /\v<($(operators | bar))>\ze\s*\(/
syntax match attOperator /\v\|\>\s*\zs<($(operators | bar))>/
syntax match attScope /@[A-Za-z_][A-Za-z0-9_.]*/
syntax match attNumber /\v<\d+(\.\d+)?([eE][-+]?\d+)?>/
syntax match attPipe /|>\|->\|\.\.\./
syntax region attString start=/"/ end=/"/ oneline
syntax match attComment /#.*/ contains=@Spell
highlight default link attStructure Structure
highlight default link attStatement Statement
highlight default link attWord Keyword
highlight default link attConstant Constant
highlight default link attType Type
highlight default link attKind StorageClass
highlight default link attClause Identifier
highlight default link attOperator Function
highlight default link attScope Tag
highlight default link attNumber Number
highlight default link attPipe Operator
highlight default link attString String
highlight default link attComment Comment
let b:current_syntax = 'att'
VIM
cat >"$dir/vim/ftdetect/att.vim" <<'VIM'
autocmd BufNewFile,BufRead *.att setfiletype att
VIM
cat >"$dir/vim/ftplugin/att.vim" <<'VIM'
" attune's model language: `:make` lists mistakes, `gq` formats.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1
setlocal commentstring=#\ %s comments=:# shiftwidth=2 expandtab textwidth=100
setlocal formatprg=attune\ fmt
setlocal makeprg=attune\ check\ %
setlocal errorformat=%f:%l:%c:\ %trror:\ %m,%f:%l:%c:\ %tarning:\ %m,%-G%.%#
let b:undo_ftplugin = 'setlocal commentstring< comments< shiftwidth< expandtab< textwidth<'
      \ . ' formatprg< makeprg< errorformat<'
VIM
cat >"$dir/vscode/package.json" <<JSON
{
  "name": "attune-att",
  "displayName": "attune models",
  "description": "Syntax of attune's model language",
  "version": "0.1.0",
  "publisher": "attune",
  "license": "Apache-2.0",
  "engines": { "vscode": "^1.60.0" },
  "categories": ["Programming Languages"],
  "contributes": {
    "languages": [
      {
        "id": "att",
        "aliases": ["attune model"],
        "extensions": [".att"],
        "configuration": "./language-configuration.json"
      }
    ],
    "grammars": [
      { "language": "att", "scopeName": "source.att", "path": "./syntaxes/att.tmLanguage.json" }
    ]
  }
}
JSON
cat >"$dir/vscode/language-configuration.json" <<'JSON'
{
  "comments": { "lineComment": "#" },
  "brackets": [["{", "}"], ["[", "]"], ["(", ")"]],
  "autoClosingPairs": [["{", "}"], ["[", "]"], ["(", ")"], ["\"", "\""]],
  "surroundingPairs": [["{", "}"], ["[", "]"], ["(", ")"], ["\"", "\""]],
  "indentationRules": { "increaseIndentPattern": "\\{\\s*(#.*)?$", "decreaseIndentPattern": "^\\s*\\}" }
}
JSON
rule() { printf '    { "name": "%s.att", "match": "%s" }' "$1" "$2"; }
{
  printf '{\n  "scopeName": "source.att",\n  "name": "attune model",\n  "patterns": [\n'
  rule comment.line.number-sign '#.*$' && echo ,
  rule string.quoted.double '\"[^\"]*\"' && echo ,
  rule entity.name.tag '@[A-Za-z_][A-Za-z0-9_.]*' && echo ,
  rule keyword.declaration "\\\\b($(words structure | bar))\\\\b" && echo ,
  rule keyword.control "\\\\b($(words statement | bar))\\\\b" && echo ,
  rule keyword.other "\\\\b($(words word | bar))\\\\b" && echo ,
  rule constant.language "\\\\b($(words constant | bar))\\\\b" && echo ,
  rule storage.type "(?<=:)\\\\s*($(words type | bar))\\\\b" && echo ,
  rule storage.modifier "\\\\b($(words kind | bar))\\\\b(?=\\\\s*[\\\\],=])" && echo ,
  rule variable.parameter "\\\\b($(words clause | bar))\\\\b(?=\\\\s*=[^=])" && echo ,
  rule support.function "\\\\b($(operators | bar))\\\\b(?=\\\\s*\\\\()" && echo ,
  rule support.function "(?<=\\\\|>)\\\\s*($(operators | bar))\\\\b" && echo ,
  rule constant.numeric '\\b[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?\\b' && echo ,
  rule keyword.operator '\\|>|->|\\.\\.\\.|==|!=|<=|>=|[-+*/=<>]' && echo
  printf '  ]\n}\n'
} >"$dir/vscode/syntaxes/att.tmLanguage.json"
