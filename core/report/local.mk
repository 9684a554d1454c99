libcore_la_SOURCES += \
	core/report/attention.c \
	core/report/plate.c core/report/plate.h \
	core/report/plate_pdf.c \
	core/report/plate_svg.c \
	core/report/collect.c \
	core/report/explained.c \
	core/report/explained.h \
	core/report/explained_agree.c \
	core/report/explained_by.c \
	core/report/explained_compare.c \
	core/report/explained_curves.c \
	core/report/explained_export.c \
	core/report/explained_grid.c \
	core/report/explained_join.c \
	core/report/explained_missing.c \
	core/report/explained_page.c \
	core/report/explained_pairs.c \
	core/report/explained_parts.c \
	core/report/explained_read.c \
	core/report/explained_stats.c \
	core/report/export.c \
	core/report/figure.c \
	core/report/format.c \
	core/report/gallery.c core/report/gallery.h \
	core/report/gallery_choose.c \
	core/report/gallery_differ.c \
	core/report/gallery_draw.c \
	core/report/gallery_files.c \
	core/report/gallery_maps.c \
	core/report/gallery_page.c \
	core/report/gallery_photo.c \
	core/report/gallery_png.c core/report/gallery_png.h \
	core/report/gallery_script.c \
	core/report/gallery_style.c \
	core/report/gallery_tools.c \
	core/report/grid.c \
	core/report/group.c \
	core/report/latex.c \
	core/report/page.c \
	core/report/page_style.c \
	core/report/pairs_session.c \
	core/report/plot_curves.c \
	core/report/plot_dots.c \
	core/report/plot_matrix.c \
	core/report/plot_removal.c \
	core/report/plot_within.c \
	core/report/read_run.c \
	core/report/report.h core/report/report_impl.h \
	core/report/same.c \
	core/report/samples.c \
	core/report/scale.c \
	core/report/stats.c \
	core/report/table.c \
	core/report/write.c
