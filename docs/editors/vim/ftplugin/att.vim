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
