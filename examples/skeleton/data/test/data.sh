# The data of the test lie beside it: test/pairs.tsv.
