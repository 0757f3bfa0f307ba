/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/pretrained_table.h"

#include <stddef.h>

/* Normalisations, of values 0..255. */
#define IMAGENET                                                                                             \
    {0.485f * 255, 0.456f * 255, 0.406f * 255},                                                              \
    {                                                                                                        \
        0.229f * 255, 0.224f * 255, 0.225f * 255                                                             \
    }
#define HALVES                                                                                               \
    {127.5f, 127.5f, 127.5f},                                                                                \
    {                                                                                                        \
        127.5f, 127.5f, 127.5f                                                                               \
    }
#define UNIT                                                                                                 \
    {0, 0, 0},                                                                                               \
    {                                                                                                        \
        255, 255, 255                                                                                        \
    }

/* torchvision's files and its own accuracies; the shorter side becomes RESIZED pixels. SUM begins the SHA-256. */
#define TORCHVISION(NETWORK, TAG, FILE, SUM, TOP1, SIDE, RESIZED, INTERPOLATION)                             \
    {                                                                                                        \
        NETWORK "." TAG, NETWORK, "imagenet1k", "torchvision", "BSD-3-Clause",                               \
            "https://download.pytorch.org/models/" FILE "-" SUM ".pth", SUM, TOP1, SIDE, IMAGENET,           \
            (float)(SIDE) / (RESIZED), INTERPOLATION                                                         \
    }

/* timm's files, from where its code was released, or (without a checksum) from the Hugging Face hub; accuracies of its results. */
#define TIMM_RELEASE(NETWORK, TAG, RELEASE, FILE, SUM, TOP1, SIDE, CROP, NORMALISATION, INTERPOLATION)       \
    {                                                                                                        \
        NETWORK "." TAG, NETWORK, "imagenet1k", "timm", "Apache-2.0",                                        \
            "https://github.com/huggingface/pytorch-image-models/releases/download/" RELEASE "/" FILE        \
            "-" SUM ".pth",                                                                                  \
            SUM, TOP1, SIDE, NORMALISATION, CROP, INTERPOLATION                                              \
    }
#define TIMM_HUB(NETWORK, TAG, NAME, TOP1, SIDE, CROP, NORMALISATION)                                        \
    {                                                                                                        \
        NETWORK "." TAG, NETWORK, "imagenet1k", "timm", "Apache-2.0",                                        \
            "https://huggingface.co/timm/" NAME "." TAG "/resolve/main/model.safetensors", "", TOP1, SIDE,   \
            NORMALISATION, CROP, FV_BICUBIC                                                                  \
    }

/* DeiT's from its authors. */
#define DEIT(NETWORK, SUM, TOP1)                                                                             \
    {                                                                                                        \
        NETWORK ".fb_in1k", NETWORK, "imagenet1k", "facebookresearch/deit", "Apache-2.0",                    \
            "https://dl.fbaipublicfiles.com/deit/" NETWORK "-" SUM ".pth", SUM, TOP1, 224, IMAGENET, 0.9f,   \
            FV_BICUBIC                                                                                       \
    }

/* Idelbayev's residual networks, which have all of ImageNet's normalisation. */
#define CIFAR(NETWORK, SUM, SHA256, TOP1)                                                                    \
    {                                                                                                        \
        NETWORK ".cifar10", NETWORK, "cifar10", "akamaster/pytorch_resnet_cifar10", "BSD-2-Clause",          \
            "https://github.com/akamaster/pytorch_resnet_cifar10/raw/master/pretrained_models/" NETWORK      \
            "-" SUM ".th",                                                                                   \
            SUM SHA256, TOP1, 32, IMAGENET, 1, FV_BILINEAR                                                   \
    }

/* clang-format off */
const fv_pretrained pretrained_table[] = {
    CIFAR("resnet20", "12fca82f", "0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8", 91.73f),
    CIFAR("resnet32", "d509ac18", "20d7f25398913559d7e81a13229b1e7adc5648e3bfa5e22dc137f850", 92.63f),
    CIFAR("resnet44", "014dd654", "1728a1c700b1642ab640e211dc6eb8ed507d70697458dc8f8a0ae2e4", 93.10f),
    CIFAR("resnet56", "4bfd9763", "1478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367", 93.39f),

    TORCHVISION("resnet18", "tv_in1k", "resnet18", "f37072fd", 69.758f, 224, 256, FV_BILINEAR),
    TIMM_RELEASE("resnet18", "a1_in1k", "v0.1-rsb-weights", "resnet18_a1_0", "d63eafa0", 71.504f, 224, 0.95f, IMAGENET, FV_BICUBIC),
    TORCHVISION("resnet34", "tv_in1k", "resnet34", "b627a593", 73.314f, 224, 256, FV_BILINEAR),
    TIMM_RELEASE("resnet34", "a1_in1k", "v0.1-rsb-weights", "resnet34_a1_0", "46f8f793", 76.420f, 224, 0.95f, IMAGENET, FV_BICUBIC),
    TORCHVISION("resnet50", "tv2_in1k", "resnet50", "11ad3fa6", 80.858f, 224, 232, FV_BILINEAR),
    TORCHVISION("resnet50", "tv_in1k", "resnet50", "0676ba61", 76.130f, 224, 256, FV_BILINEAR),
    TIMM_RELEASE("resnet50", "a1_in1k", "v0.1-rsb-weights", "resnet50_a1_0", "14fe96d1", 80.382f, 224, 0.95f, IMAGENET, FV_BICUBIC),
    TORCHVISION("resnet101", "tv2_in1k", "resnet101", "cd907fc2", 81.886f, 224, 232, FV_BILINEAR),
    TORCHVISION("resnet101", "tv_in1k", "resnet101", "63fe2227", 77.374f, 224, 256, FV_BILINEAR),
    TIMM_RELEASE("resnet101", "a1h_in1k", "v0.1-rsb-weights", "resnet101_a1h", "36d3f2aa", 81.950f, 224, 0.95f, IMAGENET, FV_BICUBIC),

    TORCHVISION("densenet121", "tv_in1k", "densenet121", "a639ec97", 74.434f, 224, 256, FV_BILINEAR),
    TIMM_HUB("densenet121", "ra_in1k", "densenet121", 75.574f, 224, 0.875f, IMAGENET),
    TORCHVISION("vgg11", "tv_in1k", "vgg11", "8a719046", 69.020f, 224, 256, FV_BILINEAR),
    TORCHVISION("vgg11_bn", "tv_in1k", "vgg11_bn", "6002323d", 70.370f, 224, 256, FV_BILINEAR),
    TORCHVISION("vgg16", "tv_in1k", "vgg16", "397923af", 71.592f, 224, 256, FV_BILINEAR),
    TORCHVISION("vgg16_bn", "tv_in1k", "vgg16_bn", "6c64b313", 73.360f, 224, 256, FV_BILINEAR),
    TORCHVISION("squeezenet1_1", "tv_in1k", "squeezenet1_1", "b8a52dc0", 58.178f, 224, 256, FV_BILINEAR),

    TIMM_HUB("mobilenet_v1", "ra4_e3600_r224_in1k", "mobilenetv1_100", 75.388f, 224, 0.875f, HALVES),
    TIMM_HUB("mobilenet_v1_125", "ra4_e3600_r224_in1k", "mobilenetv1_125", 76.920f, 224, 0.9f, HALVES),
    TORCHVISION("mobilenet_v2", "tv2_in1k", "mobilenet_v2", "7ebf99e0", 72.154f, 224, 232, FV_BILINEAR),
    TORCHVISION("mobilenet_v2", "tv_in1k", "mobilenet_v2", "b0353104", 71.878f, 224, 256, FV_BILINEAR),
    TIMM_RELEASE("mobilenet_v2", "ra_in1k", "v0.1-weights", "mobilenetv2_100_ra", "b33bc2c4", 72.910f, 224, 0.875f, IMAGENET, FV_BICUBIC),
    TIMM_RELEASE("mobilenet_v2_140", "ra_in1k", "v0.1-weights", "mobilenetv2_140_ra", "21a4e913", 76.528f, 224, 0.875f, IMAGENET, FV_BICUBIC),
    TIMM_RELEASE("mobilenet_v2_050", "lamb_in1k", "v0.1-weights", "mobilenetv2_050", "3d30d450", 65.928f, 224, 0.875f, IMAGENET, FV_BICUBIC),
    TORCHVISION("mobilenet_v3_small", "tv_in1k", "mobilenet_v3_small", "047dcff4", 67.668f, 224, 256, FV_BILINEAR),
    TIMM_RELEASE("mobilenet_v3_small", "lamb_in1k", "v0.1-weights", "mobilenetv3_small_100_lamb", "266a294c", 67.636f, 224, 0.875f, IMAGENET, FV_BICUBIC),
    TORCHVISION("mobilenet_v3_large", "tv2_in1k", "mobilenet_v3_large", "5c1a4163", 75.274f, 224, 232, FV_BILINEAR),
    TORCHVISION("mobilenet_v3_large", "tv_in1k", "mobilenet_v3_large", "8738ca79", 74.042f, 224, 256, FV_BILINEAR),
    TIMM_RELEASE("mobilenet_v3_large", "ra_in1k", "v0.1-weights", "mobilenetv3_large_100_ra", "f55367f5", 75.784f, 224, 0.875f, IMAGENET, FV_BICUBIC),
    TIMM_RELEASE("mobilenet_v3_large", "miil_in21k_ft_in1k", "v0.1-tresnet", "mobilenetv3_large_100_1k_miil_78_0", "66471c13", 77.920f, 224, 0.875f, UNIT, FV_BILINEAR),
    TIMM_HUB("mobilenetv4_conv_small", "e2400_r224_in1k", "mobilenetv4_conv_small", 73.756f, 224, 0.875f, IMAGENET),
    TIMM_HUB("mobilenetv4_conv_small", "e1200_r224_in1k", "mobilenetv4_conv_small", 73.450f, 224, 0.875f, IMAGENET),

    TORCHVISION("efficientnet_b0", "tv_in1k", "efficientnet_b0_rwightman", "7f5810bc", 77.692f, 224, 256, FV_BICUBIC),
    TIMM_HUB("efficientnet_b0", "ra4_e3600_r224_in1k", "efficientnet_b0", 78.568f, 224, 0.9f, HALVES),
    TORCHVISION("efficientnet_b1", "tv2_in1k", "efficientnet_b1", "c27df63c", 79.838f, 240, 255, FV_BILINEAR),
    TORCHVISION("efficientnet_b1", "tv_in1k", "efficientnet_b1_rwightman", "bac287d4", 78.642f, 240, 256, FV_BICUBIC),
    TIMM_HUB("efficientnet_b1", "ra4_e3600_r240_in1k", "efficientnet_b1", 80.404f, 240, 0.9f, HALVES),
    TORCHVISION("efficientnet_b2", "tv_in1k", "efficientnet_b2_rwightman", "c35c1473", 80.608f, 288, 288, FV_BICUBIC),
    TORCHVISION("efficientnet_b3", "tv_in1k", "efficientnet_b3_rwightman", "b3899882", 82.008f, 300, 320, FV_BICUBIC),
    TORCHVISION("regnet_y_400mf", "tv2_in1k", "regnet_y_400mf", "e6988f5f", 75.804f, 224, 232, FV_BILINEAR),
    TORCHVISION("regnet_y_400mf", "tv_in1k", "regnet_y_400mf", "c65dace8", 74.046f, 224, 256, FV_BILINEAR),
    TORCHVISION("convnext_tiny", "tv_in1k", "convnext_tiny", "983f1562", 82.520f, 224, 236, FV_BILINEAR),
    TIMM_HUB("convnext_tiny", "in12k_ft_in1k", "convnext_tiny", 84.192f, 224, 0.95f, IMAGENET),
    TIMM_HUB("convnext_tiny", "fb_in22k_ft_in1k", "convnext_tiny", 82.900f, 224, 0.875f, IMAGENET),

    TIMM_HUB("vit_tiny_patch16_224", "augreg_in21k_ft_in1k", "vit_tiny_patch16_224", 75.452f, 224, 0.9f, HALVES),
    TIMM_HUB("vit_small_patch16_224", "augreg_in21k_ft_in1k", "vit_small_patch16_224", 81.402f, 224, 0.9f, HALVES),
    TIMM_HUB("vit_small_patch16_224", "augreg_in1k", "vit_small_patch16_224", 78.842f, 224, 0.9f, HALVES),
    DEIT("deit_tiny_patch16_224", "a1311bcf", 72.190f),
    DEIT("deit_small_patch16_224", "cd65a155", 79.856f),
    DEIT("deit_tiny_distilled_patch16_224", "b40b3cf7", 74.538f),
    DEIT("deit_small_distilled_patch16_224", "649709d9", 81.204f),
    {.name = NULL},
};
