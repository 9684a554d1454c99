dist_man_MANS += \
	man/attune-bench.1 \
	man/attune-check.1 \
	man/attune-data.1 \
	man/attune-eval.1 \
	man/attune-explain.1 \
	man/attune-fmt.1 \
	man/attune-generate.1 \
	man/attune-graph.1 \
	man/attune-help.1 \
	man/attune-model.5 \
	man/attune-ops.1 \
	man/attune-plugin.1 \
	man/attune-plugin.3 \
	man/attune-report.1 \
	man/attune-run.1 \
	man/attune-run.5 \
	man/attune-show.1 \
	man/attune-sweep.1 \
	man/attune-train.1 \
	man/attune.1 \
	man/attune.3
