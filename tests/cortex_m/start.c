/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs an exported network's self-test on a Cortex-M under QEMU: no library starts it and none ends it. QEMU puts code and data
 * where the linker script says, so nothing is copied; semihosting takes the exit status out.
 */
#include <stdint.h>

int SELF_TEST(void);

extern uint32_t stack_top;

/* Arm's semihosting, "SYS_EXIT_EXTENDED": the status of a program that ended by itself. */
static void leave(int status)
{
    static uint32_t reason[2];
    reason[0] = 0x20026;
    reason[1] = (uint32_t)status;
    __asm__ volatile("mov r0, #0x20\n mov r1, %0\n bkpt 0xab" : : "r"(reason) : "r0", "r1", "memory");
    for (;;)
        ;
}

void reset(void);
void fault(void);

void reset(void)
{
    /* Coprocessors 10 and 11 are the floating-point unit (Armv7-M, Coprocessor Access Control Register). */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n isb");
    leave(SELF_TEST());
}

void fault(void)
{
    leave(3);
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void)) & stack_top, reset, fault, fault, fault, fault, fault,
};
