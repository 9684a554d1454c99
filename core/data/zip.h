/* Record layouts of the zip format (APPNOTE 6.3) that the .npz reader and
 * writer share.  All numbers are little-endian. */
#ifndef AT_DATA_ZIP_H
#define AT_DATA_ZIP_H

#define ZIP_LOCAL     0x04034b50u
#define ZIP_CENTRAL   0x02014b50u
#define ZIP_END       0x06054b50u
#define ZIP64_END     0x06064b50u
#define ZIP64_LOCATOR 0x07064b50u

enum {
  ZIP_LOCAL_BYTES = 30,
  ZIP_CENTRAL_BYTES = 46,
  ZIP_END_BYTES = 22,
  ZIP64_END_BYTES = 56,
  ZIP64_LOCATOR_BYTES = 20,
  ZIP_STORED = 0,
  ZIP_DEFLATED = 8,
  ZIP64_EXTRA = 1,
  ZIP_ENCRYPTED = 1,  /* flag bit */
  ZIP_UTF8 = 1 << 11, /* flag bit: the name is UTF-8 */
  ZIP_EPOCH = 0x21    /* 1980-01-01 as a DOS date */
};
#define ZIP_FULL 0xffffffffu /* the number stands in the zip64 record */
#endif
