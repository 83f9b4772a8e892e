/* From an answer to facts: one reader for each form. None fails: what cannot be read is counted in facts.bad, and the rest
 * counts. Strangers wrote every byte: sizes, depths and counts are capped before anything is allocated. */
#ifndef MAMORI_SURFACE_READ_H
#define MAMORI_SURFACE_READ_H

#include "surface/fact.h"

/* An answer of DNS to a question "TYPE name": A AAAA CNAME MX NS SOA TXT (SPF of RFC 7208, DMARC of RFC 7489, DKIM of RFC 6376,
 * verification tokens) SRV CAA PTR. */
void read_dns(struct facts *f, struct str what, struct str message);
/* WHOIS and RDAP: struct registration (whois.h, rdap.h) as facts. */
void read_whois(struct facts *f, struct str what, struct str answer);
void read_rdap(struct facts *f, struct str what, struct str body, int http_status);
/* What a registry's search finds: each domain as read_rdap() has it; one whose owner is not told stands beside the name that was
 * asked for. */
void read_rdap_search(struct facts *f, struct str what, struct str body);
/* crt.sh's JSON: an array, or objects one behind the other; name_value with line feeds, e-mail addresses among them. */
void read_crtsh(struct facts *f, struct str what, struct str body);
/* What Shodan's InternetDB, Shodan (host, domain, search) and Censys (host, search) answer. */
void read_internetdb(struct facts *f, struct str what, struct str body);
void read_shodan(struct facts *f, struct str what, struct str body);
void read_censys(struct facts *f, struct str what, struct str body);
/* What a look at a host of ours brought: its certificate, its headers, its title. */
void read_confirm(struct facts *f, struct str what, struct str body);
/* Links of an HTML page at this address to other domains. */
void read_page(struct facts *f, struct str url, struct str html);
/* A saved page of search results (HTML, or a list of URLs, or CSV with a column of them) for an organisation's name. */
void read_search_results(struct facts *f, struct str organisation, struct str file);
/* One certificate (DER) as facts. precert: its poison is no fault. ERR-less: bad is raised where it is none. */
void read_certificate(struct facts *f, struct str der);

#endif
