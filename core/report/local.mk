libattune_la_SOURCES += \
	core/report/collect.c \
	core/report/html.c \
	core/report/html_pairs.c \
	core/report/plot.c \
	core/report/report.h core/report/report_impl.h \
	core/report/table.c
