/* A relay runs for months on a small machine: what only its start needed does not stay in its memory. */
#include "relay/relay-internal.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

/* Has the loader written into what is not writable? Then the file does not hold it. */
static bool
has_text_relocations(const struct dl_phdr_info *object)
{
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		if (p->p_type != PT_DYNAMIC)
			continue;
		for (const ElfW(Dyn) *d = (const void *)(object->dlpi_addr + p->p_vaddr); d->d_tag != DT_NULL; d++)
			if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && d->d_un.d_val & DF_TEXTREL))
				return true;
	}
	return false;
}

/* Pages of programs and libraries that are never written: what is called again is mapped again from the file, without
 * a disk in most cases. */
static int
let_go(struct dl_phdr_info *object, size_t size, void *user)
{
	(void)size, (void)user;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	if (has_text_relocations(object))
		return 0;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		uintptr_t from = (object->dlpi_addr + p->p_vaddr) & ~(page - 1);
		uintptr_t until = (object->dlpi_addr + p->p_vaddr + p->p_memsz + page - 1) & ~(page - 1);
		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
			(void)!madvise((void *)from, until - from, MADV_DONTNEED); // NOLINT(performance-no-int-to-ptr)
	}
	return 0;
}

void
lean_after_start(void)
{
	dl_iterate_phdr(let_go, NULL);
	lean_now();
}

void
lean_now(void)
{
	malloc_trim(0);
}
