exampledir = $(pkgdatadir)/examples
modelsdir = $(exampledir)/models
dist_models_DATA = \
	examples/models/attngan.att \
	examples/models/damsm.att \
	examples/models/emoji_judge.att \
	examples/models/bert.att \
	examples/models/hops.att \
	examples/models/inception_v3.att \
	examples/models/hops_regions.att \
	examples/models/m4c.att \
	examples/models/mac.att \
	examples/models/mac_cells.att \
	examples/models/mac_pixels.att \
	examples/models/mac_regions.att \
	examples/models/relation.att \
	examples/models/maps.att \
	examples/models/san.att \
	examples/models/scan.att \
	examples/models/scan_i2t.att \
	examples/models/scan_pixels.att \
	examples/models/scene_judge.att \
	examples/models/transformer.att \
	examples/models/vse.att \
	examples/models/vse_pixels.att
runsdir = $(exampledir)/runs
dist_runs_DATA = \
	examples/runs/easy_vqa.yaml \
	examples/runs/easy_vqa_hops.yaml \
	examples/runs/emoji_judge.yaml \
	examples/runs/flickr8k.yaml \
	examples/runs/flickr8k_study.yaml \
	examples/runs/flickr8k_sweep.yaml \
	examples/runs/nlvr_hops.yaml \
	examples/runs/quickstart.yaml \
	examples/runs/scene_judge.yaml \
	examples/runs/scenes_damsm.yaml \
	examples/runs/scenes_gan.yaml \
	examples/runs/scenes_gan_scores.yaml \
	examples/runs/sroie_scores.yaml \
	examples/runs/emoji_damsm.yaml \
	examples/runs/emoji_gan.yaml \
	examples/runs/scenes_study_matching.yaml \
	examples/runs/scenes_study_vqa.yaml \
	examples/runs/scenes_vqa.yaml \
	examples/runs/shapes.yaml \
	examples/runs/shapes_maps.yaml \
	examples/runs/shapes_study.yaml \
	examples/runs/sort_of_clevr.yaml \
	examples/runs/sort_of_clevr_hops.yaml \
	examples/runs/sort_of_clevr_scores.yaml \
	examples/runs/signs.yaml \
	examples/runs/signs_read.yaml \
	examples/runs/sroie.yaml
# What `attune plugin new` copies.
skeletondir = $(pkgdatadir)
nobase_dist_skeleton_DATA = \
	examples/skeleton/common/Makefile \
	examples/skeleton/common/NAME.7 \
	examples/skeleton/common/README.md \
	examples/skeleton/common/gitignore \
	examples/skeleton/common/test/data.sh \
	examples/skeleton/common/test/model.att \
	examples/skeleton/data/NAME.c \
	examples/skeleton/data/test/check.args \
	examples/skeleton/data/test/data.sh \
	examples/skeleton/data/test/model.att \
	examples/skeleton/data/test/pairs.tsv \
	examples/skeleton/data/test/run.yaml \
	examples/skeleton/data/test/sweep.yaml \
	examples/skeleton/licenses/0BSD \
	examples/skeleton/licenses/Apache-2.0 \
	examples/skeleton/licenses/MIT \
	examples/skeleton/metric/NAME.c \
	examples/skeleton/metric/test/run.yaml \
	examples/skeleton/metric/test/sweep.yaml \
	examples/skeleton/score/NAME.c \
	examples/skeleton/score/test/run.yaml \
	examples/skeleton/score/test/sweep.yaml \
	examples/skeleton/task/NAME.c \
	examples/skeleton/task/test/run.yaml \
	examples/skeleton/task/test/sweep.yaml
# Plugins as others write them: built by the tests, against the installed headers.
thirddir = $(exampledir)/plugins
dist_third_DATA = \
	examples/plugins/Makefile \
	examples/plugins/gated.c \
	examples/plugins/gaussian.c \
	examples/plugins/lowrank.c \
	examples/plugins/mlp.c \
	examples/plugins/poly.c \
	examples/plugins/relu_squared.c
# A program with libattune in it: built by the tests, against an installed copy.
embeddir = $(exampledir)/embed
dist_embed_DATA = \
	examples/embed/Makefile \
	examples/embed/attend.c \
	examples/embed/named.att
