#include "relay/proxy.h"

#include "base/codec.h"
#include "os/file.h"

#include <string.h>

#define CREDENTIALS_MAX 1024

bool
proxy_with_credentials(const char *proxy, const char *file, struct buf *out, struct err *e)
{
	struct str user, password;
	BUF_AUTO text = { 0 };
	if (!file) {
		buf_add(out, str_of(proxy));
		return true;
	}
	if (!file_read(file, CREDENTIALS_MAX, &text, e))
		return false;
	struct str line = str_trim(buf_str(&text));
	if (str_find_char(line, ':') <= 0 || str_find_char(line, '\n') >= 0)
		return err_set(e, ERR_INPUT, "%s is to hold one line, user:password, for the proxy", file);
	const char *host = strstr(proxy, "://");
	host = host ? host + 3 : proxy;
	(void)str_split(line, ':', &user, &password);
	buf_add(out, host == proxy ? STR("http://") : str_sub(proxy, (size_t)(host - proxy)));
	percent_encode(out, user);
	buf_add_char(out, ':');
	percent_encode(out, password);
	buf_addf(out, "@%s", host);
	explicit_bzero(text.ptr, text.len);
	return true;
}
