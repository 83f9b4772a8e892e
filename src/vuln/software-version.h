/* The version in what an inventory says of one: a firmware's full title, a number that an installer writes in its own way. */
#ifndef MAMORI_VULN_SOFTWARE_VERSION_H
#define MAMORI_VULN_SOFTWARE_VERSION_H

#include "base/arena.h"

/* "FortiGate-60F v7.2.4,build1396 (GA)" gives "7.2.4", "DSM 7.2.1-69057 Update 5" "7.2.1-69057 Update 5". Empty when no
 * word of it is surely a version: a model's "60F" is none. A view of the text. */
struct str software_version(struct str text);
/* "7-Zip 23.01 (x64)", "Java 8 Update 401 (64-bit)": a name says its version where an installer forgot to. */
struct str software_version_in_name(struct str name);
/* As the records of a product write it; form is the column of that name in data/software.csv, text what the inventory says
 * of the version. Empty when that is not known. */
struct str software_version_form(struct str form, struct str text, struct str name, struct arena *a);
/* No form of that name: a mistake in the table. */
bool software_form_known(struct str form);

#endif
