/* make_hdf5 FILE SET float32|float64|int32 D0 [D1 ...]: an array whose elements count from 0. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  hsize_t dims[8];
  size_t count = 1;
  int ndim = argc - 4;
  if (ndim < 1 || ndim > 8) {
    fprintf(stderr, "usage: make_hdf5 FILE SET float32|float64|int32 D0 [D1 ...]\n");
    return 2;
  }
  for (int i = 0; i < ndim; i++) count *= dims[i] = strtoul(argv[4 + i], NULL, 10);
  float *v = malloc(count * sizeof *v + 1);
  for (size_t i = 0; v && i < count; i++) v[i] = (float)i;
  hid_t type = !strcmp(argv[3], "int32")     ? H5T_STD_I32LE
               : !strcmp(argv[3], "float64") ? H5T_IEEE_F64LE
                                             : H5T_IEEE_F32LE;
  hid_t file = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
        space = H5Screate_simple(ndim, dims, NULL),
        set = H5Dcreate2(file, argv[2], type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  herr_t rc = v ? H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, v) : -1;
  H5Dclose(set);
  H5Sclose(space);
  if (H5Fclose(file) < 0) rc = -1;
  free(v);
  return rc < 0;
}
