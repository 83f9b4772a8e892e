#include "surface/seed-internal.h"

#include "base/tr.h"

#include <arpa/inet.h>

struct prefix {
	unsigned char bytes[16];
	unsigned bits, width; /* width: 32 or 128 */
};

/* Of canonical texts and those of the tables here. */
static bool
prefix_read(struct str s, struct prefix *out)
{
	char text[INET6_ADDRSTRLEN];
	struct str base, bits;
	uint64_t n;
	*out = (struct prefix){ .width = 32 };
	if (!str_split(s, '/', &base, &bits) || base.len >= sizeof(text) || !str_to_u64(bits, &n))
		return false;
	memcpy(text, base.ptr, base.len);
	text[base.len] = '\0';
	if (inet_pton(AF_INET, text, out->bytes) != 1) {
		out->width = 128;
		if (inet_pton(AF_INET6, text, out->bytes) != 1)
			return false;
	}
	out->bits = (unsigned)n;
	return n <= out->width;
}

/* Whether one of them is inside the other. */
static bool
overlap(const struct prefix *a, const struct prefix *b)
{
	unsigned bits = a->bits < b->bits ? a->bits : b->bits;
	if (a->width != b->width)
		return false;
	for (unsigned i = 0; i < bits; i++)
		if ((a->bytes[i / 8] ^ b->bytes[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

struct range {
	const char *prefixes; /* with blanks between */
	const char *what;
	bool cloud; /* one address alone may be a customer's own */
};

static const char *
range_of(struct str network, const struct range *ranges, size_t count)
{
	struct prefix asked, one;
	struct str word;
	if (!prefix_read(network, &asked))
		return NULL;
	for (size_t i = 0; i < count; i++)
		for (struct str rest = str_of(ranges[i].prefixes); str_word(&rest, &word);)
			if (prefix_read(word, &one) && overlap(&asked, &one))
				return ranges[i].cloud && asked.bits == asked.width ? NULL : ranges[i].what;
	return NULL;
}

/* Without the documentation ranges (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32, 3fff::/20): see seed.h. */
static const struct range special[] = {
	{ "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7", "private addresses" },
	{ "100.64.0.0/10", "addresses of carriers' own networks" },
	{ "127.0.0.0/8 ::1/128", "addresses of the machine itself" },
	{ "169.254.0.0/16 fe80::/10 fec0::/10", "addresses of one link" },
	{ "224.0.0.0/4 ff00::/8", "multicast addresses" },
	{ "0.0.0.0/8 192.0.0.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.175.48.0/24 198.18.0.0/15 "
	  "240.0.0.0/4 ::/3 4000::/2 8000::/1 2001::/23 2002::/16",
	  "addresses set aside for special purposes" },
};

const char *
seed_special_network(struct str network)
{
	const char *what = range_of(network, special, COUNT(special));
	return what ? tr(what) : NULL;
}

/* IANA's special-purpose AS numbers; 64496–64511 and 65536–65551 are documentation. */
static const struct {
	uint32_t first, last;
	const char *what;
} special_as[] = {
	{ 0, 0, "no AS at all" },
	{ 112, 112, "shared by many (AS112)" },
	{ 23456, 23456, "a stand-in for other numbers" },
	{ 64512, 65534, "a private number" },
	{ 65535, 65535, "a reserved number" },
	{ 65552, 131071, "a reserved number" },
	{ 4200000000u, 4294967294u, "a private number" },
	{ 4294967295u, 4294967295u, "a reserved number" },
};

const char *
seed_special_as(uint32_t number)
{
	for (size_t i = 0; i < COUNT(special_as); i++)
		if (number >= special_as[i].first && number <= special_as[i].last)
			return tr(special_as[i].what);
	return NULL;
}

/* The best known, of which people copy an address out of DNS and take it for their own: not all there are. What is not
 * here shows itself when its registrant is asked for. */
static const struct range providers[] = {
	{ "103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 104.16.0.0/13 104.24.0.0/14 108.162.192.0/18 131.0.72.0/22 "
	  "141.101.64.0/18 162.158.0.0/15 172.64.0.0/13 173.245.48.0/20 188.114.96.0/20 190.93.240.0/20 "
	  "197.234.240.0/22 "
	  "198.41.128.0/17 1.1.1.0/24 1.0.0.0/24 2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 "
	  "2405:8100::/32 2a06:98c0::/29 2c0f:f248::/32",
	  "Cloudflare" },
	{ "23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 104.156.80.0/20 140.248.64.0/18 "
	  "140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 172.111.64.0/18 185.31.16.0/22 "
	  "199.27.72.0/21 199.232.0.0/16 2a04:4e40::/32 2a04:4e42::/32",
	  "Fastly" },
	{ "2.16.0.0/13 23.0.0.0/12 23.32.0.0/11 23.64.0.0/14 23.72.0.0/13 23.192.0.0/11 72.246.0.0/15 88.221.0.0/16 "
	  "92.122.0.0/15 95.100.0.0/15 96.6.0.0/15 96.16.0.0/15 104.64.0.0/10 184.24.0.0/13 184.50.0.0/15 "
	  "184.84.0.0/14",
	  "Akamai" },
	{ "3.0.0.0/9 3.128.0.0/9 13.32.0.0/15 13.35.0.0/16 13.112.0.0/14 18.128.0.0/9 34.192.0.0/10 35.72.0.0/13 "
	  "44.192.0.0/10 52.0.0.0/10 52.64.0.0/12 52.84.0.0/14 52.192.0.0/11 54.64.0.0/11 54.160.0.0/11 54.192.0.0/12 "
	  "54.208.0.0/13 54.216.0.0/14 54.220.0.0/15 54.224.0.0/11 99.84.0.0/16 143.204.0.0/16 205.251.192.0/19 "
	  "2600:1f00::/24 2406:da00::/24 2a05:d000::/25",
	  "Amazon", true },
	{ "13.64.0.0/11 13.96.0.0/13 13.104.0.0/14 20.0.0.0/9 20.128.0.0/16 20.184.0.0/13 40.64.0.0/10 51.104.0.0/15 "
	  "51.140.0.0/14 52.96.0.0/12 52.112.0.0/14 52.136.0.0/13 52.145.0.0/16 52.152.0.0/13 52.160.0.0/11 "
	  "52.224.0.0/11 "
	  "104.40.0.0/13 104.208.0.0/13 168.61.0.0/16 168.62.0.0/15 2603:1000::/24 2a01:110::/31",
	  "Microsoft", true },
	{ "8.8.4.0/24 8.8.8.0/24 34.64.0.0/10 35.184.0.0/13 35.192.0.0/12 35.208.0.0/12 35.224.0.0/12 35.240.0.0/13 "
	  "64.233.160.0/19 66.102.0.0/20 66.249.64.0/19 72.14.192.0/18 74.125.0.0/16 104.154.0.0/15 104.196.0.0/14 "
	  "108.177.0.0/17 142.250.0.0/15 172.217.0.0/16 172.253.0.0/16 173.194.0.0/16 209.85.128.0/17 216.58.192.0/19 "
	  "216.239.32.0/19 2001:4860::/32 2404:6800::/32 2607:f8b0::/32 2a00:1450::/32",
	  "Google", true },
	{ "9.9.9.0/24 149.112.112.0/24 2620:fe::/48", "Quad9" },
};

const char *
seed_provider_of_network(struct str network)
{
	return range_of(network, providers, COUNT(providers));
}

static const struct {
	uint32_t number;
	const char *what;
} provider_as[] = {
	{ 13335, "Cloudflare" },
	{ 54113, "Fastly" },
	{ 16625, "Akamai" },
	{ 20940, "Akamai" },
	{ 14618, "Amazon" },
	{ 16509, "Amazon" },
	{ 8075, "Microsoft" },
	{ 15169, "Google" },
	{ 396982, "Google" },
	{ 14061, "DigitalOcean" },
	{ 16276, "OVH" },
	{ 24940, "Hetzner" },
	{ 20473, "Vultr" },
	{ 63949, "Linode" },
	{ 31898, "Oracle" },
	{ 45102, "Alibaba" },
	{ 174, "Cogent" },
	{ 1299, "Arelion" },
	{ 2914, "NTT" },
	{ 3257, "GTT" },
	{ 3320, "Deutsche Telekom" },
	{ 3356, "Lumen" },
	{ 6939, "Hurricane Electric" },
	{ 7018, "AT&T" },
	{ 7922, "Comcast" },
	{ 4713, "NTT (OCN)" },
	{ 2497, "IIJ" },
	{ 2516, "KDDI" },
	{ 17676, "SoftBank" },
	{ 4725, "SoftBank" },
	{ 9605, "NTT DOCOMO" },
	{ 2518, "BIGLOBE" },
	{ 2527, "Sony Network Communications" },
	{ 2519, "ARTERIA Networks" },
	{ 4685, "Asahi Net" },
	{ 17511, "OPTAGE" },
	{ 18126, "Chubu Telecommunications" },
	{ 7679, "QTnet" },
	{ 7506, "GMO Internet" },
	{ 9370, "Sakura Internet" },
	{ 9371, "Sakura Internet" },
	{ 7684, "Sakura Internet" },
	{ 131965, "Xserver" },
	{ 2907, "SINET" },
	{ 2500, "WIDE" },
};

const char *
seed_provider_of_as(uint32_t number)
{
	for (size_t i = 0; i < COUNT(provider_as); i++)
		if (provider_as[i].number == number)
			return provider_as[i].what;
	return NULL;
}

/* Where anybody has a mailbox, a web space or a machine below; what has a public suffix of its own needs no place here. */
static const struct {
	const char *domains, *what;
} provider_domains[] = {
	{ "amazonaws.com cloudfront.net awsglobalaccelerator.com elasticbeanstalk.com", "Amazon" },
	{ "azure.com azurewebsites.net azureedge.net azurefd.net cloudapp.net trafficmanager.net windows.net "
	  "onmicrosoft.com sharepoint.com office.com outlook.com hotmail.com live.com microsoftonline.com",
	  "Microsoft" },
	{ "gmail.com googlemail.com googleapis.com googleusercontent.com appspot.com googlehosted.com 1e100.net "
	  "firebaseapp.com",
	  "Google" },
	{ "cloudflare.com cloudflare.net cloudflaressl.com", "Cloudflare" },
	{ "fastly.net fastlylb.net", "Fastly" },
	{ "akamai.net akamaiedge.net akadns.net edgekey.net edgesuite.net akamaized.net", "Akamai" },
	{ "sakura.ne.jp rs-cloud.jp", "Sakura Internet" },
	{ "xserver.jp xsrv.jp wpx.jp", "Xserver" },
	{ "lolipop.jp heteml.jp heteml.net gmoserver.jp onamae.ne.jp gmo-hosting.com value-domain.com",
	  "GMO Internet" },
	{ "kagoya.net cpi.ad.jp secure.ne.jp", "a hosting company" },
	{ "wix.com wixsite.com squarespace.com jimdo.com jimdofree.com wordpress.com shopify.com hubspot.com "
	  "weebly.com",
	  "a maker of web sites" },
	{ "yahoo.com yahoo.co.jp ymail.ne.jp icloud.com me.com mac.com aol.com qq.com 163.com 126.com mail.ru gmx.de "
	  "web.de protonmail.com",
	  "a mail service" },
	{ "docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp ocn.ne.jp nifty.com nifty.ne.jp biglobe.ne.jp "
	  "so-net.ne.jp "
	  "plala.or.jp dion.ne.jp asahi-net.or.jp eonet.ne.jp ctc.jp infoweb.ne.jp bbtec.net comcast.net",
	  "an access provider" },
	{ "facebook.com instagram.com twitter.com x.com youtube.com linkedin.com line.me github.com note.com",
	  "a platform" },
};

const char *
seed_provider_of_domain(struct str domain)
{
	struct str word;
	for (size_t i = 0; i < COUNT(provider_domains); i++)
		for (struct str rest = str_of(provider_domains[i].domains); str_word(&rest, &word);)
			if (str_eq(word, domain))
				return tr(provider_domains[i].what);
	return NULL;
}
