/* Words for HTTP's status codes (RFC 9110). */
#ifndef MAMORI_NET_STATUS_H
#define MAMORI_NET_STATUS_H

/* "Not Found"; "Answer" for a code that is not ours. */
const char *http_status_text(int status);

#endif
