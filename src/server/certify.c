#include "server/certify.h"

#include "base/codec.h"

static const int64_t HOUR = 3600000LL;
static const int64_t CERTIFICATE_LIFE = 180 * 86400000LL;

struct str
certify_id(struct arena *a, struct str prefix)
{
	unsigned char bytes[10];
	BUF_AUTO id = { 0 };
	random_bytes(bytes, sizeof(bytes));
	buf_add(&id, prefix);
	hex_encode(&id, bytes, sizeof(bytes));
	return arena_str(a, buf_str(&id));
}

bool
certify(struct request *r, struct str csr, struct cert_request of, struct buf *pem, struct certificate *out,
	struct err *e)
{
	KEY_AUTO subject = NULL;
	struct cert_info info;
	char digest[SHA256_HEX_LEN];
	of.not_before = r->now - HOUR; /* clocks of others may be behind */
	of.not_after = r->now + CERTIFICATE_LIFE;
	if (!csr_open(csr, &subject, e) ||
	    !cert_issue(r->app->ca_key, buf_str(&r->app->ca_pem), subject, &of, pem, e) ||
	    !cert_read(buf_str(pem), &info, e) || !cert_key_digest(buf_str(pem), digest, e))
		return false;
	*out = (struct certificate){
		.serial = arena_str(&r->arena, str_of(info.serial)),
		.host = of.common_name,
		.key_digest = arena_str(&r->arena, str_of(digest)),
		.not_after = info.not_after,
		.issued_at = r->now,
	};
	return true;
}
