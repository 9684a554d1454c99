numeric_sources += \
	core/graph/again.c \
	core/graph/attend_axes.c core/graph/attend_axes.h \
	core/graph/axes.c \
	core/graph/bind.c \
	core/graph/broadcast.c core/graph/broadcast.h \
	core/graph/exec.c core/graph/exec.h core/graph/exec_impl.h \
	core/graph/exec_view.c \
	core/graph/few.c core/graph/few.h \
	core/graph/flops.c \
	core/graph/graph.c core/graph/graph.h \
	core/graph/halving.c core/graph/halving.h \
	core/graph/narrow.c core/graph/narrow.h \
	core/graph/op_attended_cosine.c \
	core/graph/op_attention.c \
	core/graph/op_binary.c \
	core/graph/op_common.c core/graph/op_common.h \
	core/graph/op_contract.c \
	core/graph/op_conv.c \
	core/graph/op_conv1d.c \
	core/graph/op_instance_norm.c \
	core/graph/op_dropout.c \
	core/graph/op_gru.c \
	core/graph/op_kernel.c core/graph/kernel.h \
	core/graph/op_linear.c \
	core/graph/op_linear_part.c \
	core/graph/op_lstm.c \
	core/graph/op_pairwise.c \
	core/graph/op_pool.c \
	core/graph/op_reduce.c \
	core/graph/op_shape.c \
	core/graph/op_join.c \
	core/graph/op_arrange.c \
	core/graph/op_learned.c \
	core/graph/op_mask.c core/graph/causal.h \
	core/graph/op_noise.c \
	core/graph/op_index.c \
	core/graph/op_bce.c \
	core/graph/op_glu.c \
	core/graph/op_resize.c \
	core/graph/op_norm.c \
	core/graph/op_loss.c \
	core/graph/op_expand.c \
	core/graph/op_softmax.c \
	core/graph/op_triplet.c \
	core/graph/op_unary.c \
	core/graph/op_weight.c core/graph/weight.h \
	core/graph/op_weigh.c \
	core/graph/optable.c core/graph/ops.h \
	core/graph/params.c \
	core/graph/pass.c core/graph/pass.h core/graph/pass_gram.c core/graph/pass_impl.h \
	core/graph/pass_attend.c core/graph/pass_rows.c core/graph/pass_split.c core/graph/pass_training.c \
	core/graph/place.c \
	core/graph/plan.c \
	core/graph/remake.c core/graph/rows.c \
	core/graph/product.c core/graph/product.h \
	core/graph/quarters.c core/graph/quarters.h \
	core/graph/recurrent.c core/graph/recurrent.h \
	core/graph/repeats.c core/graph/repeats.h \
	core/graph/sides.c core/graph/sides.h \
	core/graph/steps.c core/graph/steps.h \
	core/graph/doubled.c core/graph/doubled.h core/graph/op_conv_doubled.c core/graph/pass_doubled.c \
	core/graph/strips.c core/graph/strips.h core/graph/strips_layout.c core/graph/strips_run.c \
	core/graph/tile.c core/graph/tile.h core/graph/tiled.c \
	core/graph/winograd.c core/graph/winograd.h core/graph/winograd_impl.h \
	core/graph/winograd_two.c core/graph/winograd_four.c core/graph/square.h \
	core/graph/cost.c
