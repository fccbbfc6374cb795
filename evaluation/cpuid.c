/* Makes the processor seem to lack features, for libraries that ask CPUID which code to run.

   cc -shared -fPIC -o cpuid.so cpuid.c
   CPUID_WITHOUT="7:0:2:11 1:0:2:12" LD_PRELOAD=./cpuid.so program

   Each entry is leaf, subleaf, register (0 EAX, 1 EBX, 2 ECX, 3 EDX) and bit. Linux on x86-64, on
   processors whose CPUID can be made to fault (arch_prctl(2), ARCH_SET_CPUID). */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { LEAVES = 8, SUBLEAVES = 2, REGISTERS = 4 };
static unsigned without[LEAVES][SUBLEAVES][REGISTERS];

static int allow(int cpuid) { return syscall(SYS_arch_prctl, ARCH_SET_CPUID, cpuid); }

static void on_fault(int number, siginfo_t *info, void *context) {
  (void)info;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (memcmp((void *)registers[REG_RIP], "\x0f\xa2", 2) != 0) { /* a fault of the program's own */
    signal(number, SIG_DFL);
    return;
  }
  unsigned leaf = registers[REG_RAX], subleaf = registers[REG_RCX], told[REGISTERS];
  allow(1);
  __cpuid_count(leaf, subleaf, told[0], told[1], told[2], told[3]);
  allow(0);
  if (leaf < LEAVES) {
    unsigned row = leaf == 7 ? subleaf : 0; /* leaf 1 has no subleaves, and ECX may be anything */
    if (row < SUBLEAVES)
      for (int i = 0; i < REGISTERS; i++) told[i] &= ~without[leaf][row][i];
  }
  registers[REG_RAX] = told[0], registers[REG_RBX] = told[1];
  registers[REG_RCX] = told[2], registers[REG_RDX] = told[3];
  registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
  const char *list = getenv("CPUID_WITHOUT");
  unsigned leaf, subleaf, place, bit;
  int read;
  for (; list && sscanf(list, "%u:%u:%u:%u%n", &leaf, &subleaf, &place, &bit, &read) == 4; list += read)
    if (leaf < LEAVES && subleaf < SUBLEAVES && place < REGISTERS && bit < 32)
      without[leaf][subleaf][place] |= 1u << bit;
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  if (allow(0) != 0) {
    fputs("this processor's CPUID cannot be made to fault\n", stderr);
    _exit(1);
  }
}
