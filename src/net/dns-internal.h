/* What the files of the DNS codec share. */
#ifndef MAMORI_NET_DNS_INTERNAL_H
#define MAMORI_NET_DNS_INTERNAL_H

#include "net/dns.h"

static inline uint16_t
dns_get16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
dns_get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Reads the name at *at, whose own octets end before end, and moves *at behind it. */
enum dns_fault dns_name_read(const struct dns_message *m, size_t *at, size_t end, struct dns_name *out);

#endif
