/* SPDX-License-Identifier: Apache-2.0 */
/* Gaussian blur, as torchvision's gaussian_blur: a sampled and normalised kernel of odd size, the picture mirrored at its edges. */
#ifndef IMAGE_BLUR_H
#define IMAGE_BLUR_H

#include "image/image.h"

/* The size that holds three standard deviations to either side. */
int64_t blur_size(double sigma);

/* `size`: of the kernel, odd. In place; `space` is memory to use again (spare[1]). */
fv_status blur_image(image *im, int64_t size, double sigma, image_space *space);

/* The same for a plane of numbers, whose standard deviations along x and y may differ. `scratch`: blur_scratch(...) numbers. */
void blur_plane(float *values, int64_t height, int64_t width, int64_t size, const double sigma[2],
                float *scratch);
size_t blur_scratch(int64_t height, int64_t width, int64_t channels, int64_t size);

#endif
