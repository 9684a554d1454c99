# Plugins see include/attune alone: never the rooms of core/.
pluginlibdir = $(pkglibdir)/plugins
pluginlib_LTLIBRARIES =
plugin_cppflags = -I$(top_srcdir)/include
plugin_ldflags = -module -avoid-version -shared -export-symbols-regex '^attune_plugin_entry$$'
