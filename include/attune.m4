# ATTUNE_PLUGIN([ACTION-IF-FOUND], [ACTION-IF-NOT-FOUND])
# -------------------------------------------------------
# For plugins built with autotools: finds <attune/plugin.h> by pkg-config. Sets and substitutes
# ATTUNE_CFLAGS, ATTUNE_PLUGINDIR (where plugins go) and ATTUNE (the program; empty: not found).
#
#     ATTUNE_PLUGIN
#     LT_INIT([disable-static])
#
# and in Makefile.am
#
#     plugindir = $(ATTUNE_PLUGINDIR)
#     plugin_LTLIBRARIES = mine.la
#     mine_la_SOURCES = mine.c
#     mine_la_CFLAGS = $(ATTUNE_CFLAGS) -fvisibility=hidden
#     mine_la_LDFLAGS = -module -avoid-version -shared
#     check-local: mine.la
#     	$(ATTUNE) plugin check .libs/mine.so
AC_DEFUN([ATTUNE_PLUGIN], [
  AC_REQUIRE([PKG_PROG_PKG_CONFIG])
  AC_PATH_PROG([ATTUNE], [attune])
  PKG_CHECK_MODULES([ATTUNE], [attune], [
    PKG_CHECK_VAR([ATTUNE_PLUGINDIR], [attune], [plugindir])
    m4_default([$1], [:])
  ], [m4_default([$2], [AC_MSG_ERROR([attune is needed: its attune.pc was not found by pkg-config])])])
])
