/*
 * Answers of the CPUID instruction, for the plugin beside it: JavaScript cannot execute it, and the kernel's device for
 * it needs root. Needs no privilege itself.
 *
 *   cpuid LEAF/SUBLEAF ...      both hexadecimal
 *
 * First line: "xcr0 VALUE", the register state that the operating system keeps (Intel SDM volume 1, section 13.3), 0
 * where it keeps none. Then for each argument: "LEAF/SUBLEAF EAX EBX ECX EDX". Numbers are hexadecimal. Which leaves
 * mean something, and what, is the plugin's to know.
 */
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>

enum { OSXSAVE = 1 << 27 };

static unsigned xcr0(void) {
  unsigned eax, ebx, ecx, edx;
  __cpuid(1, eax, ebx, ecx, edx);
  /* Where the operating system has not enabled it, XGETBV is an illegal instruction. */
  if (!(ecx & OSXSAVE)) return 0;
  __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
  return eax;
}

int main(int argc, char **argv) {
  printf("xcr0 %x\n", xcr0());
  for (int i = 1; i < argc; i++) {
    char *rest;
    unsigned leaf = (unsigned)strtoul(argv[i], &rest, 16);
    unsigned subleaf = *rest == '/' ? (unsigned)strtoul(rest + 1, NULL, 16) : 0;
    unsigned eax, ebx, ecx, edx;
    __cpuid_count(leaf, subleaf, eax, ebx, ecx, edx);
    printf("%x/%x %x %x %x %x\n", leaf, subleaf, eax, ebx, ecx, edx);
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
