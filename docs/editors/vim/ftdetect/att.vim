autocmd BufNewFile,BufRead *.att setfiletype att
