/* zc_crc32c: the CRC-32C (Castagnoli) of bytes, at the speed of memory.
 *
 * Snapshots check each page by it. Processors have an instruction for this one, SSE4.2's and ARMv8's, which is used where
 * it is there; elsewhere tables are. The code is our own because no library that Python or the systems bring has
 * it: zlib's is another polynomial and takes as long as reading the file.
 *
 * Ownership: none. Threads: any. Detects damage, not intent: who can change a file can repair its checksums.
 */
#ifndef ZC_CRC32C_H
#define ZC_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of what `crc` is the checksum of, followed by these bytes. 0 is that of nothing. */
uint32_t zc_crc32c(uint32_t crc, const void *bytes, size_t size);
/* The same without the instruction; and the name of what zc_crc32c uses: "sse4.2", "armv8" or "table". For tests. */
uint32_t zc_crc32c_table(uint32_t crc, const void *bytes, size_t size);
const char *zc_crc32c_method(void);

#endif
