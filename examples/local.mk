exampledir = $(pkgdatadir)/examples
modelsdir = $(exampledir)/models
dist_models_DATA = \
	examples/models/scan.att \
	examples/models/scan_i2t.att \
	examples/models/scan_pixels.att \
	examples/models/vse.att \
	examples/models/vse_pixels.att
