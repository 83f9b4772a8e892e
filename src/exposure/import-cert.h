/* What only the certificate itself says: its alternative names. */
#ifndef MAMORI_EXPOSURE_IMPORT_CERT_H
#define MAMORI_EXPOSURE_IMPORT_CERT_H

#include "exposure/import-map.h"

/* Adds the DNS names and addresses of a PEM certificate as FIELD_SSL_CERT_NAMES, where the draft has none yet. Texts are a's. What
 * is no certificate adds nothing. */
void certificate_names(struct str pem, struct arena *a, struct draft *d);

#endif
