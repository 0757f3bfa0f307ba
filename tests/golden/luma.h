/* SPDX-License-Identifier: Apache-2.0 */
/* Made by make_image.py: CRC-32 of Pillow's convert("L") of all 2^24 colours, red slowest. */
#define LUMA_OF_EVERY_COLOUR 0x15a2d22cu
