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
matching_la_SOURCES = plugins/task/matching.c plugins/task/below.h
matching_la_CPPFLAGS = $(plugin_cppflags)
matching_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += generation.la
generation_la_SOURCES = plugins/task/generation.c plugins/task/below.h
generation_la_CPPFLAGS = $(plugin_cppflags)
generation_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += classification.la
classification_la_SOURCES = plugins/task/classification.c plugins/task/below.h
classification_la_CPPFLAGS = $(plugin_cppflags)
classification_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += vqa.la
vqa_la_SOURCES = plugins/task/vqa.c plugins/task/below.h
vqa_la_CPPFLAGS = $(plugin_cppflags)
vqa_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += textvqa.la
textvqa_sources = plugins/task/textvqa_words.c plugins/task/textvqa_words.h plugins/task/textvqa_form.c \
	plugins/task/textvqa_form.h plugins/task/textvqa_decode.c plugins/task/textvqa_decode.h
textvqa_la_SOURCES = plugins/task/textvqa.c plugins/task/textvqa_splits.c plugins/task/textvqa_splits.h \
	plugins/task/textvqa_feed.c plugins/task/textvqa_feed.h plugins/task/below.h $(textvqa_sources)
textvqa_la_CPPFLAGS = $(plugin_cppflags)
textvqa_la_LDFLAGS = $(plugin_ldflags)
textvqa_la_LIBADD = -lm
# metrics
pluginlib_LTLIBRARIES += accuracy.la
accuracy_la_SOURCES = plugins/metric/accuracy.c plugins/metric/answers.h
accuracy_la_CPPFLAGS = $(plugin_cppflags)
accuracy_la_LDFLAGS = $(plugin_ldflags)
attention_sources = plugins/metric/attention_math.c plugins/metric/attention_math.h \
	plugins/metric/attention_read.c plugins/metric/attention_read.h
pluginlib_LTLIBRARIES += attention_correlation.la
attention_correlation_la_SOURCES = plugins/metric/attention_correlation.c $(attention_sources)
attention_correlation_la_CPPFLAGS = $(plugin_cppflags)
attention_correlation_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += attention_erasure.la
attention_erasure_la_SOURCES = plugins/metric/attention_erasure.c $(attention_sources)
attention_erasure_la_CPPFLAGS = $(plugin_cppflags)
attention_erasure_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += attention_agreement.la
attention_agreement_la_SOURCES = plugins/metric/attention_agreement.c $(attention_sources)
attention_agreement_la_CPPFLAGS = $(plugin_cppflags)
attention_agreement_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += attention_plausibility.la
attention_plausibility_la_SOURCES = plugins/metric/attention_plausibility.c $(attention_sources)
attention_plausibility_la_CPPFLAGS = $(plugin_cppflags)
attention_plausibility_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += attention_shape.la
attention_shape_la_SOURCES = plugins/metric/attention_shape.c $(attention_sources)
attention_shape_la_CPPFLAGS = $(plugin_cppflags)
attention_shape_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += caption_holds.la
caption_holds_la_SOURCES = plugins/metric/caption_holds.c plugins/metric/pictures_missing.h \
	plugins/metric/scene_caption.c plugins/metric/scene_caption.h plugins/scene_names.h \
	plugins/metric/scene_pixels.c plugins/metric/scene_pixels.h \
	plugins/metric/scene_holds.c plugins/metric/scene_holds.h \
	plugins/metric/scene_judged.c plugins/metric/scene_judged.h
caption_holds_la_CPPFLAGS = $(plugin_cppflags)
caption_holds_la_LDFLAGS = $(plugin_ldflags)
picture_math_sources = plugins/metric/picture_math.c plugins/metric/picture_math.h plugins/split_mix.h \
	plugins/metric/picture_network.c plugins/metric/picture_network.h \
	plugins/metric/pictures_missing.h
pluginlib_LTLIBRARIES += fid.la
fid_la_SOURCES = plugins/metric/fid.c plugins/metric/frechet.c $(picture_math_sources)
fid_la_CPPFLAGS = $(plugin_cppflags)
# The BLAS behind LAPACK keeps memory and threads of its own: it is loaded once and stays.
fid_la_LDFLAGS = $(plugin_ldflags) -Wl,-z,nodelete
fid_la_LIBADD = $(LAPACKE_LIBS) -lm
pluginlib_LTLIBRARIES += inception_score.la
inception_score_la_SOURCES = plugins/metric/inception_score.c $(picture_math_sources)
inception_score_la_CPPFLAGS = $(plugin_cppflags)
inception_score_la_LDFLAGS = $(plugin_ldflags)
inception_score_la_LIBADD = -lm
pluginlib_LTLIBRARIES += r_precision.la
r_precision_la_SOURCES = plugins/metric/r_precision.c $(picture_math_sources)
r_precision_la_CPPFLAGS = $(plugin_cppflags)
r_precision_la_LDFLAGS = $(plugin_ldflags)
r_precision_la_LIBADD = -lm
pluginlib_LTLIBRARIES += marks_found.la
marks_found_la_SOURCES = plugins/metric/marks_found.c
marks_found_la_CPPFLAGS = $(plugin_cppflags)
marks_found_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += losses.la
losses_la_SOURCES = plugins/metric/losses.c
losses_la_CPPFLAGS = $(plugin_cppflags)
losses_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += recall.la
recall_la_SOURCES = plugins/metric/recall.c plugins/metric/ranks.h
recall_la_CPPFLAGS = $(plugin_cppflags)
recall_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += median_rank.la
median_rank_la_SOURCES = plugins/metric/median_rank.c plugins/metric/ranks.h
median_rank_la_CPPFLAGS = $(plugin_cppflags)
median_rank_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += judged.la
judged_la_SOURCES = plugins/metric/judged.c plugins/split_mix.h plugins/metric/attention_math.c plugins/metric/attention_math.h
judged_la_CPPFLAGS = $(plugin_cppflags)
judged_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += vqa_accuracy.la
vqa_people_sources = plugins/metric/vqa_people.c plugins/metric/vqa_people.h plugins/metric/vqa_answer.c \
	plugins/metric/vqa_answer.h
vqa_accuracy_la_SOURCES = plugins/metric/vqa_accuracy.c plugins/metric/answers.h $(vqa_people_sources)
vqa_accuracy_la_CPPFLAGS = $(plugin_cppflags)
vqa_accuracy_la_LDFLAGS = $(plugin_ldflags)
text_answers_sources = plugins/metric/text_answers.c plugins/metric/text_answers.h
pluginlib_LTLIBRARIES += textvqa_accuracy.la
textvqa_accuracy_la_SOURCES = plugins/metric/textvqa_accuracy.c $(text_answers_sources) $(vqa_people_sources)
textvqa_accuracy_la_CPPFLAGS = $(plugin_cppflags)
textvqa_accuracy_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += anls.la
anls_la_SOURCES = plugins/metric/anls.c plugins/metric/edit_distance.c plugins/metric/edit_distance.h \
	$(text_answers_sources)
anls_la_CPPFLAGS = $(plugin_cppflags)
anls_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += exact_match.la
exact_match_la_SOURCES = plugins/metric/exact_match.c $(text_answers_sources) $(vqa_people_sources)
exact_match_la_CPPFLAGS = $(plugin_cppflags)
exact_match_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += answer_words.la
answer_words_la_SOURCES = plugins/metric/answer_words.c
answer_words_la_CPPFLAGS = $(plugin_cppflags)
answer_words_la_LDFLAGS = $(plugin_ldflags)
# data readers
marks_sources = plugins/data/marks.c plugins/data/marks.h plugins/data/growing.h plugins/data/reading.h \
	plugins/data/text_file.c plugins/data/text_file.h
marks_json_sources = plugins/data/marks_json.c plugins/data/marks_json.h
asked_sources = plugins/data/asked.c plugins/data/asked.h plugins/data/npy_rows.c plugins/data/npy_rows.h \
	$(marks_sources)
pluginlib_LTLIBRARIES += photos.la
photos_la_SOURCES = plugins/data/photos.c plugins/data/judgments.c plugins/data/judgments.h \
	plugins/data/captioned.c plugins/data/captioned.h $(marks_sources)
photos_la_CPPFLAGS = $(plugin_cppflags)
photos_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
photos_la_LDFLAGS = $(plugin_ldflags)
photos_la_LIBADD = $(JANSSON_LIBS)
pluginlib_LTLIBRARIES += emoji.la
emoji_la_SOURCES = plugins/data/emoji.c plugins/data/name_hash.h plugins/data/captioned.c plugins/data/captioned.h $(marks_sources)
emoji_la_CPPFLAGS = $(plugin_cppflags)
emoji_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += attngan.la
attngan_la_SOURCES = plugins/data/attngan.c plugins/data/bird_boxes.c plugins/data/bird_boxes.h \
	plugins/data/name_hash.h plugins/data/captioned.c plugins/data/captioned.h $(marks_sources)
attngan_la_CPPFLAGS = $(plugin_cppflags)
attngan_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
attngan_la_LDFLAGS = $(plugin_ldflags)
attngan_la_LIBADD = $(JANSSON_LIBS)
pluginlib_LTLIBRARIES += scenes.la
scenes_la_SOURCES = plugins/data/scenes.c plugins/scene_names.h plugins/data/proposals.c plugins/data/proposals.h plugins/data/name_hash.h \
	plugins/split_mix.h plugins/data/captioned.c plugins/data/captioned.h $(asked_sources) $(marks_json_sources)
scenes_la_CPPFLAGS = $(plugin_cppflags)
scenes_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
scenes_la_LDFLAGS = $(plugin_ldflags)
scenes_la_LIBADD = $(JANSSON_LIBS)
pluginlib_LTLIBRARIES += scan_precomp.la
scan_precomp_la_SOURCES = plugins/data/scan_precomp.c plugins/data/captioned.c plugins/data/captioned.h $(marks_sources)
scan_precomp_la_CPPFLAGS = $(plugin_cppflags)
scan_precomp_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
scan_precomp_la_LDFLAGS = $(plugin_ldflags)
pluginlib_LTLIBRARIES += easy_vqa.la
easy_vqa_la_SOURCES = plugins/data/easy_vqa.c $(asked_sources)
easy_vqa_la_CPPFLAGS = $(plugin_cppflags)
easy_vqa_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
easy_vqa_la_LDFLAGS = $(plugin_ldflags)
easy_vqa_la_LIBADD = $(JANSSON_LIBS)
pluginlib_LTLIBRARIES += nlvr.la
nlvr_la_SOURCES = plugins/data/nlvr.c $(asked_sources)
nlvr_la_CPPFLAGS = $(plugin_cppflags)
nlvr_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
nlvr_la_LDFLAGS = $(plugin_ldflags)
nlvr_la_LIBADD = $(JANSSON_LIBS)
pluginlib_LTLIBRARIES += shapes.la
shapes_la_SOURCES = plugins/data/shapes.c $(asked_sources)
shapes_la_CPPFLAGS = $(plugin_cppflags)
shapes_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
shapes_la_LDFLAGS = $(plugin_ldflags)
shapes_la_LIBADD = $(JANSSON_LIBS)
pluginlib_LTLIBRARIES += questions.la
questions_la_SOURCES = plugins/data/questions.c $(asked_sources) $(marks_json_sources)
questions_la_CPPFLAGS = $(plugin_cppflags)
questions_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
questions_la_LDFLAGS = $(plugin_ldflags)
questions_la_LIBADD = $(JANSSON_LIBS)
ocr_sources = plugins/data/ocr.c plugins/data/ocr.h plugins/data/ocr_jsonl.c plugins/data/ocr_jsonl.h plugins/data/ocr_crops.c plugins/data/ocr_crops.h plugins/data/ocr_features.c plugins/data/ocr_features.h \
	plugins/data/ocr_text.c plugins/data/ocr_text.h plugins/data/ocr_tokens.c plugins/data/ocr_tokens.h \
	plugins/data/ocr_vectors.c plugins/data/ocr_vectors.h plugins/data/name_hash.h plugins/data/word_set.c \
	plugins/data/word_set.h $(asked_sources)
pluginlib_LTLIBRARIES += sroie.la
sroie_la_SOURCES = plugins/data/sroie.c $(ocr_sources)
sroie_la_CPPFLAGS = $(plugin_cppflags)
sroie_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
sroie_la_LDFLAGS = $(plugin_ldflags)
sroie_la_LIBADD = $(JANSSON_LIBS) -lm
pluginlib_LTLIBRARIES += signs.la
signs_la_SOURCES = plugins/data/signs.c plugins/split_mix.h $(ocr_sources) $(marks_json_sources)
signs_la_CPPFLAGS = $(plugin_cppflags)
signs_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
signs_la_LDFLAGS = $(plugin_ldflags)
signs_la_LIBADD = $(JANSSON_LIBS) -lm
pluginlib_LTLIBRARIES += scene_text.la
scene_text_la_SOURCES = plugins/data/scene_text.c plugins/data/object_files.c plugins/data/object_files.h \
	plugins/data/object_lmdb.c plugins/data/pickle_dict.c plugins/data/pickle_dict.h \
	plugins/data/hdf5_rows.c plugins/data/hdf5_rows.h plugins/data/json_records.c plugins/data/json_records.h \
	plugins/data/npz_member.c plugins/data/npz_member.h plugins/data/region_file.c plugins/data/region_file.h \
	$(ocr_sources)
scene_text_la_CPPFLAGS = $(plugin_cppflags)
scene_text_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(HDF5_CFLAGS) $(LMDB_CFLAGS) $(ZLIB_CFLAGS)
# HDF5 and the libraries that it brings are not made to be unloaded.
scene_text_la_LDFLAGS = $(plugin_ldflags) -Wl,-z,nodelete
scene_text_la_LIBADD = $(JANSSON_LIBS) $(HDF5_LIBS) $(LMDB_LIBS) $(ZLIB_LIBS) -lm
pluginlib_LTLIBRARIES += clevr.la
clevr_la_SOURCES = plugins/data/clevr.c plugins/data/clevr_program.c plugins/data/clevr_program.h plugins/data/growing.h \
	plugins/data/hdf5_rows.c plugins/data/hdf5_rows.h plugins/data/id_list.c plugins/data/id_list.h \
	plugins/data/json_records.c plugins/data/json_records.h plugins/data/reading.h plugins/data/text_file.h \
	plugins/data/name_hash.h plugins/data/word_set.c plugins/data/word_set.h
clevr_la_CPPFLAGS = $(plugin_cppflags)
clevr_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(HDF5_CFLAGS)
# HDF5 and the libraries that it brings are not made to be unloaded.
clevr_la_LDFLAGS = $(plugin_ldflags) -Wl,-z,nodelete
clevr_la_LIBADD = $(JANSSON_LIBS) $(HDF5_LIBS)
pluginlib_LTLIBRARIES += vqa2.la
vqa2_la_SOURCES = plugins/data/vqa2.c plugins/data/id_list.c plugins/data/id_list.h \
	plugins/data/json_records.c plugins/data/json_records.h plugins/data/npy_rows.c plugins/data/npy_rows.h \
	plugins/data/reading.h plugins/data/npz_member.c plugins/data/npz_member.h plugins/data/region_file.c plugins/data/region_file.h \
	plugins/data/regions.c plugins/data/regions.h plugins/data/name_hash.h plugins/data/word_set.c plugins/data/word_set.h
vqa2_la_CPPFLAGS = $(plugin_cppflags)
vqa2_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(ZLIB_CFLAGS)
vqa2_la_LDFLAGS = $(plugin_ldflags)
vqa2_la_LIBADD = $(JANSSON_LIBS) $(ZLIB_LIBS)
