exampledir = $(pkgdatadir)/examples
modelsdir = $(exampledir)/models
dist_models_DATA = \
	examples/models/attngan.att \
	examples/models/damsm.att \
	examples/models/emoji_judge.att \
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
	examples/runs/scenes_study_matching.yaml \
	examples/runs/scenes_study_vqa.yaml \
	examples/runs/scenes_vqa.yaml \
	examples/runs/shapes.yaml \
	examples/runs/shapes_maps.yaml \
	examples/runs/shapes_study.yaml \
	examples/runs/sort_of_clevr.yaml \
	examples/runs/sort_of_clevr_hops.yaml \
	examples/runs/sort_of_clevr_scores.yaml \
	examples/runs/sroie.yaml
