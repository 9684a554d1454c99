libattune_la_SOURCES += \
	core/report/asked.c \
	core/report/attention.c \
	core/report/collect.c \
	core/report/export.c \
	core/report/format.c \
	core/report/group.c \
	core/report/heat.c \
	core/report/latex.c \
	core/report/page.c \
	core/report/page_style.c \
	core/report/pairs.c \
	core/report/pairs_session.c \
	core/report/panel.c \
	core/report/plot_curves.c \
	core/report/plot_dots.c \
	core/report/read_run.c \
	core/report/report.h core/report/report_impl.h \
	core/report/same.c \
	core/report/stats.c \
	core/report/steps.c \
	core/report/svg.c \
	core/report/table.c \
	core/report/write.c
