# Makes the data of the test: data.sh ATTUNE
[ -d test/data ] || "$1" data make scenes --out test/data --count 40 --size 32 --seed 3 >test/data.log
