/* Installed kernels, the running one, and whether a restart is due because of them (private to the room). */
#ifndef MAMORI_PLAN_KERNEL_H
#define MAMORI_PLAN_KERNEL_H

#include "plan/inventory.h"

/* Fills inv->kernels from inv->packages and inv->running_kernel. */
void kernels_find(struct inventory *inv, struct arena *a);
/* Adds to inv->reboot_signals; proc_version: /proc/version, empty when unknown. */
void kernel_reboot_signals(struct inventory *inv, struct str proc_version, struct arena *a);

#endif
