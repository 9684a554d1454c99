# Plugins see include/attune alone: never the rooms of core/.
pluginlibdir = $(pkglibdir)/plugins
pluginlib_LTLIBRARIES =
plugin_cppflags = -I$(top_srcdir)/include
plugin_ldflags = -module -avoid-version -shared -export-symbols-regex '^attune_plugin_entry$$'

# scores
pluginlib_LTLIBRARIES += dot.la
dot_la_SOURCES = plugins/score/dot.c
dot_la_CPPFLAGS = $(plugin_cppflags)
dot_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += scaled_dot.la
scaled_dot_la_SOURCES = plugins/score/scaled_dot.c
scaled_dot_la_CPPFLAGS = $(plugin_cppflags)
scaled_dot_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += cosine.la
cosine_la_SOURCES = plugins/score/cosine.c
cosine_la_CPPFLAGS = $(plugin_cppflags)
cosine_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += general.la
general_la_SOURCES = plugins/score/general.c plugins/score/projected.h
general_la_CPPFLAGS = $(plugin_cppflags)
general_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += biased_general.la
biased_general_la_SOURCES = plugins/score/biased_general.c plugins/score/projected.h
biased_general_la_CPPFLAGS = $(plugin_cppflags)
biased_general_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += activated_general.la
activated_general_la_SOURCES = plugins/score/activated_general.c plugins/score/projected.h
activated_general_la_CPPFLAGS = $(plugin_cppflags)
activated_general_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += additive.la
additive_la_SOURCES = plugins/score/additive.c
additive_la_CPPFLAGS = $(plugin_cppflags)
additive_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += concat.la
concat_la_SOURCES = plugins/score/concat.c
concat_la_CPPFLAGS = $(plugin_cppflags)
concat_la_LDFLAGS = $(plugin_ldflags)
# tasks
pluginlib_LTLIBRARIES += matching.la
matching_la_SOURCES = plugins/task/matching.c
matching_la_CPPFLAGS = $(plugin_cppflags)
matching_la_LDFLAGS = $(plugin_ldflags)
# metrics
pluginlib_LTLIBRARIES += recall.la
recall_la_SOURCES = plugins/metric/recall.c plugins/metric/ranks.h
recall_la_CPPFLAGS = $(plugin_cppflags)
recall_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += median_rank.la
median_rank_la_SOURCES = plugins/metric/median_rank.c plugins/metric/ranks.h
median_rank_la_CPPFLAGS = $(plugin_cppflags)
median_rank_la_LDFLAGS = $(plugin_ldflags)
