/* Number formats of files that the rest of the toolkit does not compute in. */
#ifndef AT_DATA_CONVERT_H
#define AT_DATA_CONVERT_H
#include <stdint.h>

/* IEEE 754 binary16 and bfloat16 to float32; both conversions are exact, and
 * infinities, NaNs and subnormals stay what they are. */
float at_half_to_float(uint16_t h);
float at_bfloat16_to_float(uint16_t b);

/* Little-endian loads and stores from any address. */
uint16_t at_load_u16(const unsigned char *p);
uint32_t at_load_u32(const unsigned char *p);
uint64_t at_load_u64(const unsigned char *p);
void at_store_u16(unsigned char *p, uint16_t v);
void at_store_u32(unsigned char *p, uint32_t v);
void at_store_u64(unsigned char *p, uint64_t v);
#endif
