/*
 * What a peer says to the harness, a line each way:
 *
 *   peer on start          ready
 *   > answers FILE         answers all packets, writes their verdict records   < done
 *   > round MILLISECONDS   answers packets for that long                       < NANOSECONDS PACKETS
 *   > bytes                tells what its tables take                          < BYTES
 *
 * and it ends with its input.
 */
#ifndef SERVE_H
#define SERVE_H

#include <stddef.h>
#include <stdint.h>

/* Answers `count` packets: record i of `packets` gets record i of `verdicts`. */
typedef void answer_packets(const uint32_t *packets, uint32_t *verdicts, uint32_t count);

/* Serves the packets of a file until the input ends. `bytes` is what the tables take. */
int serve(const char *packets_path, answer_packets *answer, size_t bytes);

#endif
