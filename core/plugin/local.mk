libcore_la_SOURCES += \
	core/plugin/host.c core/plugin/host_image.c \
	core/plugin/host_build.c \
	core/plugin/host_data.c \
	core/plugin/host_kernel.c \
	core/plugin/host_feed.c \
	core/plugin/host_network.c \
	core/plugin/host_task.c \
	core/plugin/loader.c \
	core/plugin/options.c \
	core/plugin/plugin.h core/plugin/plugin_impl.h \
	core/plugin/registry.c \
	core/plugin/results.c \
	core/plugin/scaffold.c core/plugin/scaffold.h \
	core/plugin/search.c core/plugin/search.h \
	core/plugin/sha256.c \
	core/plugin/spec.c
