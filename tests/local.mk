# A unit test is one CMocka program, tests/unit/test_NAME.c. It prints TAP, and so
# do shell tests: the closing count of ./runtests adds up their lines.
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	ATTUNE='$(abs_top_builddir)/attune'; export ATTUNE; CC='$(CC)'; export CC; \
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:allocator_may_return_null=1:intercept_tls_get_addr=0; export ASAN_OPTIONS; \
	LSAN_OPTIONS=suppressions='$(abs_top_srcdir)'/tests/lsan.supp:print_suppressions=0; export LSAN_OPTIONS;

unit_tests =
unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
unit_ldadd = libcore.la $(CMOCKA_LIBS)

# UNIT test NAME: three lines each
unit_tests += test_base
test_base_SOURCES = tests/unit/test_base.c
test_base_LDADD = $(unit_ldadd)

unit_tests += test_tensor
test_tensor_SOURCES = tests/unit/test_tensor.c
test_tensor_LDADD = $(unit_ldadd)

unit_tests += test_graph
test_graph_SOURCES = tests/unit/test_graph.c
test_graph_LDADD = $(unit_ldadd)

unit_tests += test_exec
test_exec_SOURCES = tests/unit/test_exec.c
test_exec_LDADD = $(unit_ldadd)

unit_tests += test_plan
test_plan_SOURCES = tests/unit/test_plan.c bench/cases.c bench/cases.h
test_plan_LDADD = $(unit_ldadd)

unit_tests += test_ops
test_ops_SOURCES = tests/unit/test_ops.c tests/unit/op_cases_basic.c tests/unit/op_cases_axes.c tests/unit/op_cases_more.c \
  tests/unit/op_cases_choices.c tests/unit/op_cases_kernel.c tests/unit/op_cases_attention.c \
  tests/unit/op_case_make.c tests/unit/op_case_make.h tests/unit/op_cases.h
test_ops_LDADD = $(unit_ldadd)

unit_tests += test_ops_choices
test_ops_choices_SOURCES = tests/unit/test_ops_choices.c
test_ops_choices_LDADD = $(unit_ldadd)

unit_tests += test_pieces
test_pieces_SOURCES = tests/unit/test_pieces.c tests/unit/tokens_joined.h
test_pieces_LDADD = $(unit_ldadd)
unit_tests += test_vectors
test_vectors_SOURCES = tests/unit/test_vectors.c
test_vectors_LDADD = $(unit_ldadd)

unit_tests += test_ops_layers
test_ops_layers_SOURCES = tests/unit/test_ops_layers.c
test_ops_layers_LDADD = $(unit_ldadd)

unit_tests += test_pass
test_pass_SOURCES = tests/unit/test_pass.c tests/unit/graph_text.h
test_pass_LDADD = $(unit_ldadd)

unit_tests += test_bench
test_bench_SOURCES = tests/unit/test_bench.c
test_bench_LDADD = $(unit_ldadd)

unit_tests += test_sparse
test_sparse_SOURCES = tests/unit/test_sparse.c tests/unit/graph_text.h
test_sparse_LDADD = $(unit_ldadd)

unit_tests += test_recompute
test_recompute_SOURCES = tests/unit/test_recompute.c tests/unit/graph_text.h
test_recompute_LDADD = $(unit_ldadd)

unit_tests += test_bucket
test_bucket_SOURCES = tests/unit/test_bucket.c
test_bucket_LDADD = $(unit_ldadd)

unit_tests += test_strips
test_strips_SOURCES = tests/unit/test_strips.c tests/unit/graph_text.h
test_strips_LDADD = $(unit_ldadd)

unit_tests += test_rows
test_rows_SOURCES = tests/unit/test_rows.c tests/unit/graph_text.h
test_rows_LDADD = $(unit_ldadd)

unit_tests += test_attend
test_attend_SOURCES = tests/unit/test_attend.c tests/unit/graph_text.h
test_attend_LDADD = $(unit_ldadd)

unit_tests += test_winograd
test_winograd_SOURCES = tests/unit/test_winograd.c
test_winograd_LDADD = $(unit_ldadd)

unit_tests += test_parity
test_parity_SOURCES = tests/unit/test_parity.c tests/unit/reference.c tests/unit/reference.h
test_parity_LDADD = $(unit_ldadd)

unit_tests += test_parity_models
test_parity_models_SOURCES = tests/unit/test_parity_models.c tests/unit/reference.c tests/unit/reference.h
test_parity_models_LDADD = $(unit_ldadd)

unit_tests += test_formats
test_formats_SOURCES = tests/unit/test_formats.c tests/unit/data_files.h tests/unit/tokens_joined.h
test_formats_LDADD = $(unit_ldadd)

unit_tests += test_image
test_image_SOURCES = tests/unit/test_image.c tests/unit/data_files.h
test_image_LDADD = $(unit_ldadd)

unit_tests += test_plugin
test_plugin_SOURCES = tests/unit/test_plugin.c
test_plugin_LDADD = $(unit_ldadd)

# ld puts __wrap_X in the place of X
unit_tests += test_registry
test_registry_SOURCES = tests/unit/test_registry.c
test_registry_LDFLAGS = -Wl,--wrap=at_library_open,--wrap=at_library_close,--wrap=scandir
test_registry_LDADD = $(unit_ldadd)

unit_tests += test_loader
test_loader_SOURCES = tests/unit/test_loader.c
test_loader_LDFLAGS = -Wl,--wrap=stat,--wrap=geteuid,--wrap=getpwuid,--wrap=getgrgid,--wrap=strdup,--wrap=strndup \
	-Wl,--wrap=at_map_open,--wrap=at_map_close,--wrap=at_sha256_hex \
	-Wl,--wrap=dlopen,--wrap=dlsym,--wrap=dlerror,--wrap=dlclose
test_loader_LDADD = $(unit_ldadd)

unit_tests += test_plugin_host
test_plugin_host_SOURCES = tests/unit/test_plugin_host.c
test_plugin_host_LDADD = $(unit_ldadd)

unit_tests += test_train
test_train_SOURCES = tests/unit/test_train.c
test_train_LDADD = $(unit_ldadd)

unit_tests += test_metrics
test_metrics_SOURCES = tests/unit/test_metrics.c tests/unit/metric_call.h
test_metrics_LDADD = $(unit_ldadd)

unit_tests += test_judged
test_judged_SOURCES = tests/unit/test_judged.c tests/unit/metric_call.h tests/unit/data_files.h tests/unit/data_sets.h
test_judged_LDADD = $(unit_ldadd)

unit_tests += test_pictures
test_pictures_SOURCES = tests/unit/test_pictures.c tests/unit/data_files.h tests/unit/data_sets.h
test_pictures_LDADD = $(unit_ldadd)

unit_tests += test_picture_math
test_picture_math_SOURCES = tests/unit/test_picture_math.c plugins/metric/frechet.c plugins/metric/picture_math.c plugins/metric/picture_math.h
test_picture_math_LDADD = $(unit_ldadd) $(LAPACKE_LIBS)

unit_tests += test_scene_holds
test_scene_holds_SOURCES = tests/unit/test_scene_holds.c \
	plugins/metric/scene_caption.c plugins/metric/scene_caption.h plugins/scene_names.h \
	plugins/metric/scene_pixels.c plugins/metric/scene_pixels.h \
	plugins/metric/scene_holds.c plugins/metric/scene_holds.h \
	plugins/metric/scene_judged.c plugins/metric/scene_judged.h
test_scene_holds_LDADD = $(unit_ldadd)

unit_tests += test_vqa_accuracy
test_vqa_accuracy_SOURCES = tests/unit/test_vqa_accuracy.c plugins/metric/vqa_answer.c plugins/metric/vqa_answer.h
test_vqa_accuracy_LDADD = $(unit_ldadd)

unit_tests += test_text_answers
test_text_answers_SOURCES = tests/unit/test_text_answers.c tests/unit/text_answers_cases.h tests/unit/metric_call.h \
	plugins/metric/edit_distance.c plugins/metric/edit_distance.h
test_text_answers_LDADD = $(unit_ldadd)
EXTRA_DIST += tests/tools/text_answers.py

unit_tests += test_repeats
test_repeats_SOURCES = tests/unit/test_repeats.c tests/unit/graph_text.h
test_repeats_LDADD = $(unit_ldadd)
unit_tests += test_recurrent
test_recurrent_SOURCES = tests/unit/test_recurrent.c tests/unit/graph_text.h
test_recurrent_LDADD = $(unit_ldadd)
unit_tests += test_sides
test_sides_SOURCES = tests/unit/test_sides.c
test_sides_LDADD = $(unit_ldadd)

unit_tests += test_steps
test_steps_SOURCES = tests/unit/test_steps.c
test_steps_LDADD = $(unit_ldadd)

unit_tests += test_textvqa
test_textvqa_SOURCES = tests/unit/test_textvqa.c $(textvqa_sources)
test_textvqa_LDADD = $(unit_ldadd)

unit_tests += test_attention_math
test_attention_math_SOURCES = tests/unit/test_attention_math.c plugins/metric/attention_math.c plugins/metric/attention_math.h
test_attention_math_LDADD = $(unit_ldadd)

unit_tests += test_attention_metrics
test_attention_metrics_SOURCES = tests/unit/test_attention_metrics.c
test_attention_metrics_LDADD = $(unit_ldadd)

# Makes files for the tests of readers.
check_PROGRAMS += make_hdf5
make_hdf5_SOURCES = tests/tools/make_hdf5.c
make_hdf5_CPPFLAGS = $(HDF5_CFLAGS)
make_hdf5_LDADD = $(HDF5_LIBS)

unit_tests += test_clevr
test_clevr_SOURCES = tests/unit/test_clevr.c tests/unit/data_files.h tests/unit/data_sets.h
test_clevr_LDADD = $(unit_ldadd)

unit_tests += test_vqa2
test_vqa2_SOURCES = tests/unit/test_vqa2.c tests/unit/data_files.h tests/unit/data_sets.h
test_vqa2_LDADD = $(unit_ldadd)

unit_tests += test_scenes
test_scenes_SOURCES = tests/unit/test_scenes.c
test_scenes_LDADD = $(unit_ldadd)

unit_tests += test_made
test_made_SOURCES = tests/unit/test_made.c
test_made_LDADD = $(unit_ldadd)
unit_tests += test_scenes_ask
test_scenes_ask_SOURCES = tests/unit/test_scenes_ask.c
test_scenes_ask_LDADD = $(unit_ldadd)

# Plugins with one mistake each, for the loader to refuse; VARIANT says which.
broken_plugins = \
	tests/plugins/broken_major.la \
	tests/plugins/broken_small.la \
	tests/plugins/broken_name.la \
	tests/plugins/broken_callback.la \
	tests/plugins/broken_option.la \
	tests/plugins/broken_twice.la \
	tests/plugins/broken_decline.la \
	tests/plugins/broken_empty.la \
	tests/plugins/broken_layout.la \
	tests/plugins/grown.la \
	tests/plugins/liar.la \
	tests/plugins/old.la \
	tests/plugins/no_entry.la
check_LTLIBRARIES += $(broken_plugins)
broken_flags = -module -avoid-version -shared -rpath /nowhere
tests_plugins_broken_major_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken_major_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=1
tests_plugins_broken_major_la_LDFLAGS = $(broken_flags)
tests_plugins_broken_small_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken_small_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=2
tests_plugins_broken_small_la_LDFLAGS = $(broken_flags)
tests_plugins_broken_name_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken_name_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=3
tests_plugins_broken_name_la_LDFLAGS = $(broken_flags)
tests_plugins_broken_callback_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken_callback_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=4
tests_plugins_broken_callback_la_LDFLAGS = $(broken_flags)
tests_plugins_broken_option_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken_option_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=5
tests_plugins_broken_option_la_LDFLAGS = $(broken_flags)
tests_plugins_broken_twice_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken_twice_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=6
tests_plugins_broken_twice_la_LDFLAGS = $(broken_flags)
tests_plugins_broken_decline_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken_decline_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=7
tests_plugins_broken_decline_la_LDFLAGS = $(broken_flags)
tests_plugins_broken_empty_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken_empty_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=8
tests_plugins_broken_empty_la_LDFLAGS = $(broken_flags)
tests_plugins_broken_layout_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken_layout_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=9
tests_plugins_broken_layout_la_LDFLAGS = $(broken_flags)
tests_plugins_grown_la_SOURCES = tests/plugins/broken.c
tests_plugins_grown_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=10
tests_plugins_grown_la_LDFLAGS = $(broken_flags)
tests_plugins_liar_la_SOURCES = tests/plugins/broken.c
tests_plugins_liar_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=11
tests_plugins_liar_la_LDFLAGS = $(broken_flags)
tests_plugins_old_la_SOURCES = tests/plugins/broken.c
tests_plugins_old_la_CPPFLAGS = $(plugin_cppflags) -DVARIANT=12
tests_plugins_old_la_LDFLAGS = $(broken_flags)
tests_plugins_no_entry_la_SOURCES = tests/plugins/no_entry.c
tests_plugins_no_entry_la_LDFLAGS = $(broken_flags)

# Through the shared library alone, but for what its numbers are compared with.
unit_tests += test_embed
test_embed_SOURCES = tests/unit/test_embed.c tests/unit/embed_use.h
test_embed_LDADD = core/embed/libattune.la $(unit_ldadd)

unit_tests += test_embed_refused
test_embed_refused_SOURCES = tests/unit/test_embed_refused.c tests/unit/embed_use.h
test_embed_refused_LDADD = core/embed/libattune.la $(CMOCKA_LIBS) -lm

unit_tests += test_analyse
test_analyse_SOURCES = tests/unit/test_analyse.c
test_analyse_LDADD = $(unit_ldadd)

# A data set whose truth is known, and metrics of attention; a folder of its own, with no broken ones.
check_LTLIBRARIES += tests/plugins/alone/planted.la tests/plugins/alone/anything.la \
	tests/plugins/alone/seen.la tests/plugins/alone/boards.la
tests_plugins_alone_boards_la_SOURCES = tests/plugins/boards.c
tests_plugins_alone_boards_la_CPPFLAGS = $(plugin_cppflags)
tests_plugins_alone_boards_la_LDFLAGS = $(broken_flags)
tests_plugins_alone_seen_la_SOURCES = tests/plugins/seen.c
tests_plugins_alone_seen_la_CPPFLAGS = $(plugin_cppflags)
tests_plugins_alone_seen_la_LDFLAGS = $(broken_flags)
tests_plugins_alone_anything_la_SOURCES = tests/plugins/anything.c
tests_plugins_alone_anything_la_CPPFLAGS = $(plugin_cppflags)
tests_plugins_alone_anything_la_LDFLAGS = $(broken_flags)
tests_plugins_alone_planted_la_SOURCES = tests/plugins/planted.c
tests_plugins_alone_planted_la_CPPFLAGS = $(plugin_cppflags)
tests_plugins_alone_planted_la_LDFLAGS = $(broken_flags)

unit_tests += test_explain
test_explain_SOURCES = tests/unit/test_explain.c tests/unit/explain_planted.h
test_explain_LDADD = $(unit_ldadd)

unit_tests += test_explain_models
test_explain_models_SOURCES = tests/unit/test_explain_models.c tests/unit/explain_planted.h
test_explain_models_LDADD = $(unit_ldadd)

unit_tests += test_explain_compare
test_explain_compare_SOURCES = tests/unit/test_explain_compare.c tests/unit/explain_planted.h
test_explain_compare_LDADD = $(unit_ldadd)

unit_tests += test_explain_layers
test_explain_layers_SOURCES = tests/unit/test_explain_layers.c tests/unit/explain_planted.h
test_explain_layers_LDADD = $(unit_ldadd)

unit_tests += test_report
test_report_SOURCES = tests/unit/test_report.c tests/unit/data_files.h
test_report_LDADD = $(unit_ldadd)

unit_tests += test_report_explained
test_report_explained_SOURCES = tests/unit/test_report_explained.c tests/unit/data_files.h
test_report_explained_LDADD = $(unit_ldadd)

unit_tests += test_truth
test_truth_SOURCES = tests/unit/test_truth.c
test_truth_LDADD = $(unit_ldadd)

unit_tests += test_ahead
test_ahead_SOURCES = tests/unit/test_ahead.c tests/unit/data_files.h tests/unit/data_sets.h
test_ahead_LDADD = $(unit_ldadd)

unit_tests += test_marks
test_marks_SOURCES = tests/unit/test_marks.c tests/unit/data_files.h tests/unit/data_sets.h
test_marks_LDADD = $(unit_ldadd)

unit_tests += test_proposals
test_proposals_SOURCES = tests/unit/test_proposals.c plugins/data/proposals.c plugins/data/marks.c
test_proposals_LDADD = $(unit_ldadd)

unit_tests += test_ocr
test_ocr_SOURCES = tests/unit/test_ocr.c tests/unit/data_files.h plugins/data/ocr_features.c plugins/data/ocr_text.c \
	plugins/data/ocr_tokens.c plugins/data/ocr_vectors.c plugins/data/word_set.c
test_ocr_LDADD = $(unit_ldadd)

unit_tests += test_crops
test_crops_SOURCES = tests/unit/test_crops.c plugins/data/ocr_crops.c plugins/data/ocr_tokens.c \
	plugins/data/ocr_text.c
test_crops_LDADD = $(unit_ldadd)

unit_tests += test_signs
test_signs_SOURCES = tests/unit/test_signs.c
test_signs_LDADD = $(unit_ldadd)

unit_tests += test_object_files
test_object_files_SOURCES = tests/unit/test_object_files.c tests/unit/data_files.h tests/unit/pickles.h \
	plugins/data/object_files.c plugins/data/object_lmdb.c plugins/data/pickle_dict.c plugins/data/hdf5_rows.c \
	plugins/data/npz_member.c plugins/data/npy_rows.c plugins/data/region_file.c plugins/data/word_set.c
test_object_files_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(HDF5_CFLAGS) $(LMDB_CFLAGS) $(ZLIB_CFLAGS)
test_object_files_LDADD = $(unit_ldadd) $(JANSSON_LIBS) $(HDF5_LIBS) $(LMDB_LIBS) $(ZLIB_LIBS)

unit_tests += test_text_vqa
test_text_vqa_SOURCES = tests/unit/test_text_vqa.c tests/unit/data_files.h tests/unit/data_sets.h
test_text_vqa_LDADD = $(unit_ldadd)

unit_tests += test_gallery
test_gallery_SOURCES = tests/unit/test_gallery.c
test_gallery_LDADD = $(unit_ldadd)

unit_tests += test_draw
test_draw_SOURCES = tests/unit/test_draw.c
test_draw_LDADD = $(unit_ldadd)

unit_tests += test_dsl
test_dsl_SOURCES = tests/unit/test_dsl.c
test_dsl_LDADD = $(unit_ldadd)

unit_tests += test_golden
test_golden_SOURCES = tests/unit/test_golden.c
test_golden_LDADD = $(unit_ldadd)
EXTRA_DIST += tests/golden

EXTRA_DIST += tests/abi tests/embed
e2e_tests = \
	tests/e2e/abi.sh \
	tests/e2e/asked.sh \
	tests/e2e/gallery.sh \
	tests/e2e/signs.sh \
	tests/e2e/clevr.sh \
	tests/e2e/cli.sh \
	tests/e2e/data.sh \
	tests/e2e/editors.sh \
	tests/e2e/embed.sh tests/e2e/embed_abi.sh \
	tests/e2e/explain.sh tests/e2e/explain_many.sh \
	tests/e2e/fmt.sh \
	tests/e2e/format.sh \
	tests/e2e/generation.sh \
	tests/e2e/graph.sh \
	tests/e2e/hostile.sh \
	tests/e2e/instructions.sh \
	tests/e2e/bert.sh \
	tests/e2e/inception.sh \
	tests/e2e/judged.sh \
	tests/e2e/classification.sh \
	tests/e2e/losses.sh \
	tests/e2e/man.sh \
	tests/e2e/models.sh \
	tests/e2e/picture_metrics.sh \
	tests/e2e/pictures.sh \
	tests/e2e/plugin_check.sh \
	tests/e2e/plugin_new.sh \
	tests/e2e/scenes_questions.sh \
	tests/e2e/bench.sh \
	tests/e2e/show.sh \
	tests/e2e/report_explained.sh \
	tests/e2e/same.sh \
	tests/e2e/sweep.sh \
	tests/e2e/textvqa.sh \
	tests/e2e/train.sh \
	tests/e2e/vectors.sh \
	tests/e2e/vqa.sh \
	tests/e2e/vqa2.sh
dist_check_SCRIPTS += $(e2e_tests)
TESTS += $(e2e_tests)
EXTRA_DIST += tests/plugins/faulty_score.c tests/plugins/faulty_other.c
EXTRA_DIST += tests/e2e/lib.sh tests/aarch64.sh tests/valgrind.sh tests/valgrind.supp

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

# Harnesses of tests/fuzz over known files; tests/fuzz/run.sh searches for more.
replays =
replays += replay_check
replay_check_SOURCES = tests/fuzz/fuzz_check.c tests/fuzz/replay.c tests/fuzz/fuzz.h tests/fuzz/fuzz_file.h
replay_check_CPPFLAGS = $(AM_CPPFLAGS) -DHARNESS='"check"' -DFOLDERS='"examples/models,tests/golden/good,tests/golden/bad"'
replay_check_LDADD = libcore.la
replays += replay_run
replay_run_SOURCES = tests/fuzz/fuzz_run.c tests/fuzz/replay.c tests/fuzz/fuzz.h tests/fuzz/fuzz_file.h
replay_run_CPPFLAGS = $(AM_CPPFLAGS) -DHARNESS='"run"' -DFOLDERS='"examples/models,tests/golden/good"'
replay_run_LDADD = libcore.la
replays += replay_value
replay_value_SOURCES = tests/fuzz/fuzz_value.c tests/fuzz/replay.c tests/fuzz/fuzz.h tests/fuzz/fuzz_file.h
replay_value_CPPFLAGS = $(AM_CPPFLAGS) -DHARNESS='"value"' -DFOLDERS='""'
replay_value_LDADD = libcore.la
replays += replay_runfile
replay_runfile_SOURCES = tests/fuzz/fuzz_runfile.c tests/fuzz/replay.c tests/fuzz/fuzz.h tests/fuzz/fuzz_file.h
replay_runfile_CPPFLAGS = $(AM_CPPFLAGS) -DHARNESS='"runfile"' -DFOLDERS='"examples/runs"'
replay_runfile_LDADD = libcore.la
replays += replay_npz
replay_npz_SOURCES = tests/fuzz/fuzz_npz.c tests/fuzz/replay.c tests/fuzz/fuzz.h tests/fuzz/fuzz_file.h
replay_npz_CPPFLAGS = $(AM_CPPFLAGS) -DHARNESS='"npz"' -DFOLDERS='""'
replay_npz_LDADD = libcore.la
replays += replay_safetensors
replay_safetensors_SOURCES = tests/fuzz/fuzz_safetensors.c tests/fuzz/replay.c tests/fuzz/fuzz.h tests/fuzz/fuzz_file.h
replay_safetensors_CPPFLAGS = $(AM_CPPFLAGS) -DHARNESS='"safetensors"' -DFOLDERS='""'
replay_safetensors_LDADD = libcore.la
replays += replay_fmt
replay_fmt_SOURCES = tests/fuzz/fuzz_fmt.c tests/fuzz/replay.c tests/fuzz/fuzz.h
replay_fmt_CPPFLAGS = $(AM_CPPFLAGS) -DHARNESS='"fmt"' -DFOLDERS='"examples/models,tests/golden/good,tests/golden/bad,tests/fuzz/corpus/check,tests/fuzz/corpus/run"'
replay_fmt_LDADD = libcore.la
check_PROGRAMS += $(replays)
TESTS += $(replays)
EXTRA_DIST += tests/fuzz/run.sh tests/fuzz/dictionary.sh tests/fuzz/corpus

EXTRA_DIST += tests/tools/bert.py tests/tools/safetensors_file.py tests/tools/inception_v3.py tests/tools/picture_metrics.py
EXTRA_DIST += tests/lsan.supp tests/unit/cm.h tests/unit/graph_ops.h
