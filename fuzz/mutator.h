/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats whose parts are counted or summed up: what is mutated is mended, or hardly any mutation would get past the first check.
 * A target defines `mend` and then includes this file; without libFuzzer there is nothing of it.
 */
#ifdef FUZZ_MUTATES
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed)
{
    size = LLVMFuzzerMutate(bytes, size, most);
    if (seed % 8 != 0) /* some wrong ones remain */
        mend(bytes, size);
    return size;
}
#endif
