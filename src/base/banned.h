/* Included before everything else: functions that cannot be used safely do not compile. */
#ifndef MAMORI_BASE_BANNED_H
#define MAMORI_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* A macro in the headers of libxlsxwriter names one of them: who builds with that library has them before they are banned. */
#ifdef MAMORI_XLSXWRITER
#include <xlsxwriter.h>
#endif

/* With clang, glibc's checked sprintf is a macro; a macro cannot be poisoned without a warning. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets strncpy strncat stpcpy

#endif
