/* DICOM answers in a stranger's banner: what is told fits into the text it came from. */
#include "evidence/dicom-answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct dicom_answer out;

	dicom_answer_read(&a, str_sub((const char *)data, size), &out);
	if (out.manner >= DICOM_MANNERS || out.implementation.len > 64 || out.version.len > 64 ||
	    !str_is_utf8(out.implementation) || !str_is_utf8(out.version))
		abort();
	return 0;
}
