exampledir = $(pkgdatadir)/examples
modelsdir = $(exampledir)/models
dist_models_DATA = \
	examples/models/scan.att \
	examples/models/scan_i2t.att \
	examples/models/scan_pixels.att \
	examples/models/vse.att \
	examples/models/vse_pixels.att
runsdir = $(exampledir)/runs
dist_runs_DATA = \
	examples/runs/flickr8k.yaml \
	examples/runs/flickr8k_sweep.yaml \
	examples/runs/quickstart.yaml
