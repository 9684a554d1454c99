" Vim syntax of attune's model language. Written by tools/editors.sh.
if exists('b:current_syntax')
  finish
endif
syntax keyword attStructure model module include
syntax keyword attStatement input param let instance attend output return loss repeat next if else freeze import
syntax keyword attWord to with updates from as and or not recompute
syntax keyword attConstant true false none
syntax match attType /\v:\s*\zs<(real|token)>/
syntax match attKind /\v<(batch|sequence|feature)>\ze\s*[],=]/
syntax match attClause /\v<(query|key|value|over|along|score|interact|heads|parameters|mask|refine|weigh|dropout)>\ze\s*\=[^=]/
syntax match attOperator /\v<(abs|add|argmax|avg_pool2d|batch_norm|bce|bigru|bilstm|causal|clamp|concat|contract|conv1d|conv2d|cosine|cross_entropy|detach|div|dropout|elu|embed|entmax15|exp|expand|first|flatten|gather|gelu|glu|gru|hardmax|instance_norm|kl|last|layer_norm|leaky_relu|linear|log|logsumexp|lstm|mask|matching|max|max_pool2d|mean|mean_all|mul|noise|norm|normalize|one_hot|part|position|relu|rename|resize|scale|sigmoid|silu|slice|softmax|softplus|sparsemax|split|sqrt|square|squeeze|stack|sub|sum|sum_all|tanh|topk|triplet)>\ze\s*\(/
syntax match attOperator /\v\|\>\s*\zs<(abs|add|argmax|avg_pool2d|batch_norm|bce|bigru|bilstm|causal|clamp|concat|contract|conv1d|conv2d|cosine|cross_entropy|detach|div|dropout|elu|embed|entmax15|exp|expand|first|flatten|gather|gelu|glu|gru|hardmax|instance_norm|kl|last|layer_norm|leaky_relu|linear|log|logsumexp|lstm|mask|matching|max|max_pool2d|mean|mean_all|mul|noise|norm|normalize|one_hot|part|position|relu|rename|resize|scale|sigmoid|silu|slice|softmax|softplus|sparsemax|split|sqrt|square|squeeze|stack|sub|sum|sum_all|tanh|topk|triplet)>/
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
