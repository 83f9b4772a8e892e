/* The dashboard's own files, under a Content-Security-Policy that lets nothing else in. */
#include "server/assets.h"
#include "server/route.h"

#include <zlib.h>

#define POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';" \
	" connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

static const struct asset *
asset_find(struct str path)
{
	if (str_eq(path, STR("/")))
		path = STR("/index.html");
	for (size_t i = 0; i < asset_count; i++)
		if (str_eq(path, str_of(assets[i].path)))
			return &assets[i];
	return NULL;
}

/* For the rare client that does not take gzip. */
static bool
inflate_into(const struct asset *a, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)a->gzip, .avail_in = (uInt)a->gzip_len };
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return false;
	z.next_out = (Bytef *)buf_reserve(out, a->len);
	z.avail_out = (uInt)a->len;
	bool ok = inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == a->len;
	inflateEnd(&z);
	if (ok)
		out->len += a->len;
	return ok;
}

bool
asset_serve(struct request *r)
{
	const struct asset *a = asset_find(r->path);
	if (!a || r->door != DOOR_DASHBOARD || (!str_eq(r->method, STR("GET")) && !str_eq(r->method, STR("HEAD"))))
		return false;
	bool versioned = str_starts(str_of(a->path), STR("/assets/"));
	r->raw = true;
	request_header(r, "Content-Type", a->content_type);
	request_header(r, "Content-Security-Policy", POLICY);
	request_header(r, "ETag", a->etag);
	request_header(r, "Vary", "Accept-Encoding");
	request_header(r, "Cache-Control", versioned ? "public, max-age=31536000, immutable" : "no-cache");
	if (str_eq(r->headers.if_none_match, str_of(a->etag))) {
		r->status = 304;
		return true;
	}
	if (str_contains(r->headers.encoding, STR("gzip"))) {
		request_header(r, "Content-Encoding", "gzip");
		buf_add(&r->out, str_sub((const char *)a->gzip, a->gzip_len));
		return true;
	}
	if (!inflate_into(a, &r->out))
		request_error(r, 500, "bug", str_of(tr("a file of the dashboard is damaged: install mamori again")));
	return true;
}
